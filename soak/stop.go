package soak

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// stop stops processes until it is ended. One that is gone by then needs nothing.
func stop(pids []int) (end, error) {
	var stopped []int
	goOn := func() error {
		var errs []error
		for _, pid := range stopped {
			if err := syscall.Kill(pid, syscall.SIGCONT); err != nil && !errors.Is(err, syscall.ESRCH) {
				errs = append(errs, fmt.Errorf("let process %d go on: %w", pid, err))
			}
		}
		return errors.Join(errs...)
	}
	for _, pid := range pids {
		err := syscall.Kill(pid, syscall.SIGSTOP)
		if err == nil {
			stopped = append(stopped, pid)
		} else if !errors.Is(err, syscall.ESRCH) {
			return nil, errors.Join(fmt.Errorf("stop process %d: %w", pid, err), goOn())
		}
	}
	if len(stopped) == 0 {
		return nil, errors.New("there was no process to stop")
	}
	return goOn, nil
}

// stopPostgres stops every process of a Postgres that the run has started.
func stopPostgres(pid int) (end, error) {
	all, err := descendants(pid)
	if err != nil {
		return nil, err
	}
	var postgres []int
	for _, p := range all {
		if p.name == "postgres" {
			postgres = append(postgres, p.pid)
		}
	}
	if len(postgres) == 0 {
		return nil, errors.New("the run has no Postgres of its own")
	}
	return stop(postgres)
}

// process is one line of the process table.
type process struct {
	pid, parent int
	name        string
}

// descendants are the processes that come of one, parents before children.
func descendants(pid int) ([]process, error) {
	table, err := processes()
	if err != nil {
		return nil, err
	}
	children := map[int][]process{}
	for _, p := range table {
		children[p.parent] = append(children[p.parent], p)
	}
	var all []process
	for next := children[pid]; len(next) > 0; next = next[1:] {
		all = append(all, next[0])
		next = append(next, children[next[0].pid]...)
	}
	return all, nil
}

func processes() ([]process, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var all []process
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		if p, ok := parseStat(string(text)); ok {
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("the process table cannot be read here")
	}
	return all, nil
}

// parseStat reads "PID (NAME) STATE PARENT …"; the name may have anything in it.
func parseStat(text string) (process, bool) {
	open, shut := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || shut < open {
		return process{}, false
	}
	rest := strings.Fields(text[shut+1:])
	if len(rest) < 2 {
		return process{}, false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(text[:open]))
	parent, err2 := strconv.Atoi(rest[1])
	return process{pid, parent, text[open+1 : shut]}, err == nil && err2 == nil
}

// treesKnown says why it is not known here which process comes of which.
func treesKnown() error {
	_, err := processes()
	return err
}
