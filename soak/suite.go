package soak

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// LogName is the file in a soak's directory that has its records.
const LogName = "soak.jsonl"

// Suite is a soak: which suite is run how often, and what disturbs it.
type Suite struct {
	// Program is started with Args, then --json, --seed and --out of a run.
	Program string
	Args    []string
	// Scenarios is how many the suite has, Runs how often it is run, Seed that of
	// the first run; each further one has the next.
	Scenarios int
	Runs      int
	Seed      uint64
	// Kinds are the disturbances to draw from; none leaves the runs alone.
	Kinds []Kind
	// Draw says what disturbs a run. Defaults to [Draw].
	Draw func(seed uint64, scenarios int, kinds []Kind) []Disturbance
	// Dir is where the log and, of runs that did not pass, the results are kept.
	Dir string
	// Done are the records of runs that need not be done again.
	Done []Record
	// Observe is told what happens, a line at a time. Defaults to nobody.
	Observe func(line string)
}

// Run runs the suite over and over and returns the records, those of earlier runs
// among them. When ctx is over the run under way is ended in order and not kept.
func (s Suite) Run(ctx context.Context) ([]Record, error) {
	if s.Observe == nil {
		s.Observe = func(string) {}
	}
	if s.Draw == nil {
		s.Draw = Draw
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return nil, err
	}
	sweepGroups()
	// What disturbs is kept by this process: it must not hold itself up.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.NumCPU() + 4))
	all := s.Done
	done := map[int]bool{}
	for _, r := range s.Done {
		done[r.Run] = true
	}
	for n := 1; n <= s.Runs; n++ {
		if done[n] {
			continue
		}
		r := s.one(ctx, n)
		if ctx.Err() != nil {
			return all, context.Cause(ctx)
		}
		if err := r.appendTo(filepath.Join(s.Dir, LogName)); err != nil {
			return all, err
		}
		all = append(all, r)
		s.Observe(fmt.Sprintf("run %d of %d: %s", n, s.Runs, r))
	}
	return all, nil
}

// one is one run of the suite.
func (s Suite) one(ctx context.Context, n int) Record {
	r := Record{Run: n, Seed: s.Seed + uint64(n) - 1, Started: time.Now().UTC()}
	began := time.Now()
	now := func() time.Duration { return time.Since(began) }
	out := filepath.Join(s.Dir, strconv.Itoa(n))
	group, removeGroup, groupErr := newGroup(fmt.Sprintf("holdfast-soak-%d", os.Getpid()))
	cmd := exec.CommandContext(ctx, s.Program, append(append([]string{}, s.Args...), "--json", "--seed", strconv.FormatUint(r.Seed, 10), "--out", out)...)
	cmd.SysProcAttr = ofItsOwn()
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error {
		return errors.Join(cmd.Process.Signal(syscall.SIGCONT), cmd.Process.Signal(os.Interrupt))
	}
	cmd.WaitDelay = time.Minute
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		r.Error = err.Error()
		return r
	}
	if groupErr == nil && join(group, cmd.Process.Pid) != nil {
		group = ""
	}
	disturbing, stopDisturbing := context.WithCancel(ctx)
	d := disturber{ctx: disturbing, victim: victim{cmd.Process.Pid, group, s.Dir}, now: now, plan: s.Draw(r.Seed, s.Scenarios, s.Kinds), observe: s.Observe}
	r.Scenarios = follow(stdout, now, d.scenarioStarted)
	stopDisturbing()
	r.Happened = d.wait()
	err = cmd.Wait()
	if groupErr == nil {
		_ = removeGroup() // one that is not empty is left: somebody of the run still ends
	}
	if exit := new(exec.ExitError); err != nil && !(errors.As(err, &exit) && ofVerdict(exit.ExitCode())) {
		r.Error = err.Error()
	}
	return s.keep(r, out)
}

// ofVerdict reports whether an exit code is that of a run which was judged.
func ofVerdict(code int) bool {
	return slices.ContainsFunc([]result.Verdict{result.Fail, result.Inconclusive, result.NotExercised}, func(v result.Verdict) bool { return v.ExitCode() == code })
}

// keep adds to a record which checks did not pass, and removes the results of a
// run in which all did.
func (s Suite) keep(r Record, out string) Record {
	f, err := os.Open(filepath.Join(out, "run.json"))
	if err != nil {
		return r
	}
	run, err := result.Read(f)
	if err = errors.Join(err, f.Close()); err != nil {
		r.Error = errors.Join(errors.New(r.Error), err).Error()
		return r
	}
	passed := true
	for i, seen := range r.Scenarios {
		if seen.Verdict == result.Pass {
			continue
		}
		passed = false
		for _, s := range run.Scenarios {
			if s.Name == seen.Name {
				r.Scenarios[i].Failed = notPassed(s)
			}
		}
	}
	if passed {
		_ = os.RemoveAll(out)
	}
	return r
}

// notPassed are the checks of a scenario that did not pass, with their reasons.
func notPassed(s result.Scenario) []string {
	var all []string
	for _, checks := range [][]result.Check{s.Checks, s.Evidence} {
		for _, c := range checks {
			if c.Verdict != result.Pass {
				all = append(all, fmt.Sprintf("%s %s: %s", c.Verdict, c.Name, c.Reason))
			}
		}
	}
	return all
}

// follow reads the events of a run, in which several scenarios may go on at the same
// time, and returns what each came to in the end. started is told of each that begins.
func follow(events io.Reader, now func() time.Duration, started func(n int)) []Seen {
	var all []Seen
	begun, from := 0, map[string]time.Duration{}
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e struct {
			Kind, Scenario string
			Verdict        result.Verdict
			Reason         string
		}
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue
		}
		switch e.Kind {
		case "scenario-started":
			from[e.Scenario] = now()
			started(begun)
			begun++
		case "scenario-ended":
			seen := Seen{Name: e.Scenario, From: from[e.Scenario], To: now(), Verdict: e.Verdict, Reason: e.Reason}
			if i := slices.IndexFunc(all, func(s Seen) bool { return s.Name == e.Scenario }); i >= 0 {
				earlier := all[i]
				earlier.Tries = nil
				seen.Tries = append(all[i].Tries, earlier)
				all[i] = seen
			} else {
				all = append(all, seen)
			}
		}
	}
	return all
}

// disturber carries out what was drawn for a run, each when its scenario has come.
type disturber struct {
	ctx     context.Context
	victim  victim
	now     func() time.Duration
	plan    []Disturbance
	observe func(string)

	going sync.WaitGroup
	mu    sync.Mutex // guards happened
	seen  []Happened
}

// scenarioStarted begins the disturbances of scenario n.
func (d *disturber) scenarioStarted(n int) {
	for _, planned := range d.plan {
		if planned.Scenario != n {
			continue
		}
		d.going.Go(func() {
			select {
			case <-time.After(planned.After):
			case <-d.ctx.Done():
				return
			}
			h := planned.hold(d.ctx, d.victim, d.now)
			d.mu.Lock()
			defer d.mu.Unlock()
			d.seen = append(d.seen, h)
			if h.Error != "" {
				d.observe(fmt.Sprintf("  %s: %s", planned, h.Error))
			}
		})
	}
}

// wait waits for all of them and returns what took place.
func (d *disturber) wait() []Happened {
	d.going.Wait()
	return d.seen
}
