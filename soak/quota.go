package soak

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The places of control groups for processors, version 1 and 2.
const (
	groupsOne = "/sys/fs/cgroup/cpu"
	groupsTwo = "/sys/fs/cgroup"
)

// period is over which a quota is counted, in microseconds.
const period = 100_000

// newGroup makes a control group that a run can be put into; remove takes it away
// once nobody is in it.
func newGroup(name string) (dir string, remove func() error, err error) {
	for _, place := range []string{groupsOne, groupsTwo} {
		dir = filepath.Join(place, name)
		if err = os.Mkdir(dir, 0o755); err != nil {
			continue
		}
		if _, _, err = quotaFile(dir, 1); err == nil {
			return dir, func() error { return os.Remove(dir) }, nil
		}
		err = errors.Join(err, os.Remove(dir))
	}
	return "", nil, fmt.Errorf("make a control group: %w", err)
}

// quotaFile is the file in a group that has its quota, and what to write for so
// many processors.
func quotaFile(dir string, cores float64) (file, text string, err error) {
	micros := strconv.Itoa(int(cores * period))
	for file, text := range map[string]string{"cpu.cfs_quota_us": micros, "cpu.max": micros + " " + strconv.Itoa(period)} {
		file = filepath.Join(dir, file)
		if _, err := os.Stat(file); err == nil {
			return file, text, nil
		}
	}
	return "", "", errors.New("it has no quota of processors")
}

// join puts a process into a group; what it starts from then on is in it, too.
func join(dir string, pid int) error {
	return os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0)
}

// limitTo gives a group no more than that many processors.
func limitTo(dir string, cores float64) (end, error) {
	if dir == "" {
		return nil, errors.New("the run is in no control group of its own")
	}
	file, text, err := quotaFile(dir, cores)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, []byte(text), 0); err != nil {
		return nil, fmt.Errorf("limit the processors: %w", err)
	}
	none := "-1"
	if filepath.Base(file) == "cpu.max" {
		none = "max"
	}
	return func() error { return os.WriteFile(file, []byte(none), 0) }, nil
}

// quotaAllowed says why no quota can be set here.
func quotaAllowed() error {
	_, remove, err := newGroup(fmt.Sprintf("holdfast-soak-try-%d", os.Getpid()))
	if err != nil {
		return err
	}
	return remove()
}

// sweepGroups removes the groups of soaks that were killed.
func sweepGroups() {
	for _, place := range []string{groupsOne, groupsTwo} {
		left, _ := filepath.Glob(filepath.Join(place, "holdfast-soak-*")) // the pattern is one
		for _, dir := range left {
			pid := strings.TrimPrefix(filepath.Base(dir), "holdfast-soak-")
			if _, err := os.Stat(filepath.Join("/proc", pid)); os.IsNotExist(err) {
				_ = os.Remove(dir) // one that is not empty stays
			}
		}
	}
}
