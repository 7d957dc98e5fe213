package harness

import (
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// resultFile is run.json while it grows: replaced whole at each step, so that a
// run that is killed leaves what it knew until then. A scenario is encoded once for
// each time that it changed: to encode those that are over anew would take time from
// the load of those that go on.
type resultFile struct {
	path     string // empty: nowhere
	coverage func([]result.Scenario) *result.Coverage

	mu      sync.Mutex // held while the run changes
	run     *result.Run
	encoded []result.Encoded // the run's scenarios as they stand in the file; nil where one has changed
	places  []int            // of the run's scenarios in the plan: some may be missing yet
	free    time.Time        // until then what goes on is not written: that takes time from its load
}

// newResultFile is a file for a run of this configuration and variant, in that
// directory; no directory is nowhere.
func newResultFile(cfg Config, v Variant, dir, command string) *resultFile {
	launch := v.launch(cfg.Target)
	f := &resultFile{coverage: cfg.Coverage, run: &result.Run{
		Schema: result.Schema, ID: cfg.ID, Started: time.Now().UTC(), Seed: cfg.Seed, Profile: cfg.Profile,
		Command: command, Environment: environmentOf(cfg, launch), Scenarios: []result.Scenario{},
	}}
	if dir != "" {
		f.path = filepath.Join(dir, "run.json")
	}
	return f
}

// environmentOf is where a run takes place, as far as it is known at the start.
func environmentOf(cfg Config, launch Launch) result.Environment {
	env := result.Environment{
		Go: runtime.Version(), OS: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(),
		Target: string(launch.Kind), Versions: map[string]string{},
	}
	if launch.MemoryLimit > 0 {
		env.Target += ", memory limit " + result.Bytes(float64(launch.MemoryLimit))
	}
	for k, v := range cfg.Versions {
		env.Versions[k] = v
	}
	return env
}

// put enters the scenario that is the i-th of the plan, behind those before it. One that
// goes on, and has no verdict, is written at once or with the next, so that writing
// takes no more than a share of the time.
func (f *resultFile) put(i int, s result.Scenario) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at, there := slices.BinarySearch(f.places, i)
	if !there {
		f.places = slices.Insert(f.places, at, i)
		f.run.Scenarios = slices.Insert(f.run.Scenarios, at, result.Scenario{})
		f.encoded = slices.Insert(f.encoded, at, nil)
	}
	f.run.Scenarios[at], f.encoded[at] = s, nil
	if s.Verdict != "" || time.Now().After(f.free) {
		f.settle()
	}
}

// update changes the run and writes it. A change of its scenarios is another list of
// them.
func (f *resultFile) update(change func(*result.Run)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.run.Scenarios
	change(f.run)
	if after := f.run.Scenarios; len(before) != len(after) || len(after) > 0 && &before[0] != &after[0] {
		f.encoded = make([]result.Encoded, len(after))
	}
	f.settle()
}

// writingPause is how many times as long as the last writing of the file nothing is
// written of what goes on.
const writingPause = 20

// settle writes the run as it is now.
func (f *resultFile) settle() {
	f.cover()
	began := time.Now()
	_ = f.write(result.WriteFileSoFar) // the last write, in finish, reports what is wrong with the directory
	f.free = time.Now().Add(writingPause * time.Since(began))
}

// cover enters what the scenarios have touched so far.
func (f *resultFile) cover() {
	if f.coverage != nil {
		f.run.Coverage = f.coverage(f.run.Scenarios)
	}
}

func (f *resultFile) write(to func(string, *result.Run, []result.Encoded) error) error {
	f.run.DurationS = time.Since(f.run.Started).Seconds()
	if f.path == "" {
		return nil
	}
	for i, encoded := range f.encoded {
		if encoded != nil {
			continue
		}
		var err error
		if f.encoded[i], err = result.Encode(&f.run.Scenarios[i]); err != nil {
			return err
		}
	}
	return to(f.path, f.run, f.encoded)
}

// finish gives the run its verdict and returns it as it was written, without
// credentials. cause is why it ended early, or nil.
func (f *resultFile) finish(cause error) (*result.Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.run.Complete = true
	if interrupted := new(Interrupted); errors.As(cause, &interrupted) {
		f.run.Interrupted = interrupted.Signal.String()
	}
	f.run.Verdict, f.run.Reason = verdict.OfRun(f.run)
	f.cover()
	return result.Redacted(f.run), f.write(result.WriteFileEncoded)
}
