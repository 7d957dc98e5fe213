package chaos

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// identify reads which life of the process runs now.
func identify(pid int32) (identity, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return identity{}, fmt.Errorf("identify process %d: %w", pid, err)
	}
	_, started, err := readStat(filepath.Join("/proc", strconv.Itoa(int(pid)), "stat"))
	if err != nil {
		return identity{}, fmt.Errorf("identify process %d: %w", pid, err)
	}
	return identity{pid: pid, started: started, boot: strings.TrimSpace(string(boot))}, nil
}

// threads reads the state of this life of the process.
func (id identity) threads() (threads, error) {
	now, err := identify(id.pid)
	if absent(err) {
		return threads{}, nil
	}
	if err != nil {
		return threads{}, err
	}
	if now != id {
		return threads{}, nil
	}
	return readThreads(filepath.Join("/proc", strconv.Itoa(int(id.pid)), "task"))
}

func readThreads(dir string) (threads, error) {
	tasks, err := os.ReadDir(dir)
	if absent(err) {
		return threads{}, nil
	}
	if err != nil {
		return threads{}, fmt.Errorf("read threads: %w", err)
	}
	var t threads
	for _, task := range tasks {
		letter, _, err := readStat(filepath.Join(dir, task.Name(), "stat"))
		switch {
		case absent(err), letter == "Z", letter == "X": // ended
		case err != nil:
			return threads{}, fmt.Errorf("read threads: %w", err)
		case letter == "T":
			t.halted++
			t.alive++
		default:
			t.alive++
		}
	}
	return t, nil
}

// absent reports whether err says that there is no such process or thread.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}

// parent is the id of the process that started it, or that has it since that is gone;
// 0 where it is gone itself.
func (id identity) parent() int32 {
	fields, err := statFields(filepath.Join("/proc", strconv.Itoa(int(id.pid)), "stat"))
	if err != nil {
		return 0
	}
	const parentField = 1 // 4 in proc(5)
	parent, _ := strconv.ParseInt(fields[parentField], 10, 32)
	return int32(parent)
}

// readStat reads the state's letter and the start time from a stat file of /proc.
func readStat(path string) (letter, started string, err error) {
	fields, err := statFields(path)
	if err != nil {
		return "", "", err
	}
	const stateField, startField = 0, 19 // 3 and 22 in proc(5), which counts from 1 and the first two too
	return fields[stateField], fields[startField], nil
}

// statFields are those of a stat file of /proc from the third on, at least twenty. The
// name, second field, is in parentheses and may contain anything.
func statFields(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	text := string(data)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 {
		return nil, fmt.Errorf("%s has %d fields", path, len(fields))
	}
	return fields, nil
}
