package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/safefile"
)

// found is one result file of a folder.
type found struct {
	path string
	run  *result.Run // nil: it can't be read
	err  error
}

// findRuns reads the file at path, or every run.json under the folder there,
// oldest first. What can't be read is among them with its error. The same run
// found twice (a copy) is one. In a folder a run that was judged again by other
// limits is none of its own: it was measured once, and judged by its own limits.
func findRuns(path string) ([]found, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		run, err := readRun(path)
		return []found{{path, run, err}}, nil
	}
	var all []found
	seen := map[string]bool{}
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || d.Name() != "run.json" {
			return nil
		}
		run, err := readRun(p)
		if run != nil && (seen[run.ID] || run.Reevaluated != nil) {
			return nil
		}
		if run != nil {
			seen[run.ID] = true
		}
		all = append(all, found{p, run, err})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no run.json under %s (one that was judged again is no run of its own: name the file to read it)", path)
	}
	slices.SortStableFunc(all, func(a, b found) int {
		if a.run == nil || b.run == nil {
			return 0
		}
		return a.run.Started.Compare(b.run.Started)
	})
	return all, nil
}

// readRun reads one file. Another program may have written it, or a version that
// hid no credentials: they are hidden here.
func readRun(path string) (*result.Run, error) {
	f, err := safefile.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	run, err := result.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return result.Redacted(run), nil
}

// allRuns is [findRuns] where each file must be readable.
func allRuns(path string) ([]*result.Run, error) {
	files, err := findRuns(path)
	if err != nil {
		return nil, err
	}
	var runs []*result.Run
	var errs []error
	for _, f := range files {
		errs = append(errs, f.err)
		if f.run != nil {
			runs = append(runs, f.run)
		}
	}
	return runs, errors.Join(errs...)
}

// readRunOrRest is [readRun] that also shows what is left of a file that was cut
// off, and says so: cut is true.
func readRunOrRest(path string) (run *result.Run, cut bool, err error) {
	if run, err = readRun(path); err == nil {
		return run, false, nil
	}
	data, unreadable := readFile(path)
	if unreadable != nil {
		return nil, false, unreadable
	}
	if !result.Cut(data) {
		return nil, false, err
	}
	if run, err = result.Salvage(bytes.NewReader(data)); err != nil {
		return nil, true, fmt.Errorf("%s: %w", path, err)
	}
	return result.Redacted(run), true, nil
}
