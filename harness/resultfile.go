package harness

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// resultFile is run.json while it grows: replaced whole at each step, so that a
// run that is killed leaves what it knew until then.
type resultFile struct {
	path string // empty: nowhere

	mu  sync.Mutex // held while the run changes
	run *result.Run
}

// newResultFile is a file for a run of this configuration and variant, in that
// directory; no directory is nowhere.
func newResultFile(cfg Config, v Variant, dir, command string) *resultFile {
	launch := v.launch(cfg.Target)
	f := &resultFile{run: &result.Run{
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

// put enters a scenario in its place; one that is the next is added.
func (f *resultFile) put(i int, s result.Scenario) {
	f.update(func(run *result.Run) {
		if i == len(run.Scenarios) {
			run.Scenarios = append(run.Scenarios, s)
		} else {
			run.Scenarios[i] = s
		}
	})
}

// update changes the run and writes it.
func (f *resultFile) update(change func(*result.Run)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f.run)
	_ = f.write() // the last write, in finish, reports what is wrong with the directory
}

func (f *resultFile) write() error {
	f.run.DurationS = time.Since(f.run.Started).Seconds()
	if f.path == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return result.WriteFile(f.path, f.run)
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
	return result.Redacted(f.run), f.write()
}
