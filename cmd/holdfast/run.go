package main

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database/providers"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/scrapes"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/nearest"
	"holdfast.dev/holdfast/reports/live"
	"holdfast.dev/holdfast/scenarios"
)

// runFlags are the flags of holdfast run, as typed.
type runFlags struct {
	all, headline  bool
	json, quiet    bool
	profile        string
	without        []string
	standingOff    []string
	target, memory string
	database       string
	seed           uint64
	out, serve     string
	metrics        string
	trace          float64
	results        string
	exports        []string
	recordScrapes  time.Duration
	retries        int
	failFast       bool
	sideBySide     int // 0: what the machine stands
	pace           float64
	failOn         []string
	service        string
	allowHost      []string
	allowLoad      bool
	fleet          fleetFlags
	onlyLook       bool                   // nothing is run
	given          func(flag string) bool // was it typed? nil: none was
}

func newRun(env environ) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [SCENARIO…]",
		Short: "Run scenarios and write run.json, report.html, junit.xml and summary.md",
		Long: `Runs scenarios and says whether what they prove holds.

SCENARIO is a name (search/popular-term), a service (search) or a glob
(search/*). holdfast list shows them all.

With --service the scenarios are those of a holdfast.yaml, tried on the service that
it describes; without it they are the catalogue's, tried on the reference.`,
		Example: `  holdfast run --service holdfast.yaml --all
  holdfast run search --profile smoke
  holdfast run search/popular-term --without search.sql-limit     # should fail
  holdfast run search --target container --memory 100m
  holdfast run --service . --all --workers 3                      # three processes send the load
  holdfast run search/popular-term --results search.bin           # for vegeta report
  holdfast run search --metrics 127.0.0.1:9095                    # load and faults for Prometheus
  holdfast run search --trace 0.01                                # one request in a hundred is a trace`,
		RunE: func(cmd *cobra.Command, args []string) error {
			plan, err := newPlan(env, f, args)
			if err := errors.Join(err, checkTelling(f, env.getenv)); err != nil {
				return usage(err)
			}
			return plan.carryOut(cmd.Context(), env)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.all, "all", false, "every scenario of the profile, but those that are run by name only")
	flags.BoolVar(&f.headline, "headline", false, "the main job: the headline scenarios and the others that fit beside them")
	flags.StringSliceVar(&f.without, "without", nil, "take this protection away (repeatable): the run should then fail")
	flags.StringArrayVar(&f.standingOff, "standing-off", nil, "switch a standing check off, with the reason: NAME=REASON (repeatable; holdfast list --standing)")
	flags.StringVar(&f.target, "target", "process", "where the reference runs: process or container")
	flags.StringVar(&f.memory, "memory", "", "memory limit of the target, for example 100m (1m is 1,048,576 bytes)")
	flags.StringVar(&f.serve, "serve", "", "serve the report while the run goes on: 127.0.0.1:PORT (0: a free one)")
	flags.StringVar(&f.metrics, "metrics", "", "serve the figures of load and faults for Prometheus while the run goes on: 127.0.0.1:PORT, or another address of this machine (0: a free port)")
	flags.Float64Var(&f.trace, "trace", 0, "share of the requests, 0 to 1, that carry a traceparent (W3C); the report has the ids of the slowest")
	flags.StringVar(&f.results, "results", "", "also write every request to this file as it ends, in vegeta's format: vegeta report FILE")
	flagExport(cmd, &f.exports, "also write series.csv (csv), latency.hlog (hdr), requests.bin (vegeta) or load-performance.json (gitlab) to the results (repeatable)")
	flags.DurationVar(&f.recordScrapes, "record-scrapes", 0, "also keep the target's whole metrics pages, read so often, below scrapes/ of the results: for holdfast alerts")
	flags.Lookup("record-scrapes").NoOptDefVal = scrapes.DefaultEvery.String()
	flags.IntVar(&f.retries, "retries", unsaid, "try a scenario that was inconclusive once more, so often (default 1 with --headline, else 0)")
	flags.BoolVar(&f.failFast, "fail-fast", false, "end a scenario as soon as a check of it is lost: what comes after is not measured")
	flags.IntVar(&f.sideBySide, "side-by-side", 0, "how many scenarios go on at the same time; what does not pass in company is run alone (default: what the machine stands; 1 with --profile soak, and with --service)")
	flags.Float64Var(&f.pace, "pace", 0, "pace of scenarios that may be slowed down: 0.5 is half the rate for twice the time (default: what the machine stands)")
	flags.StringSliceVar(&f.failOn, "fail-on", failOnAll(), "verdicts that give an exit code other than 0")
	f.fleet.register(flags)
	f.register(flags, "bench")
	f.registerService(flags)
	f.complete(cmd, env, subject.scenarioWords)
	return cmd
}

// register defines the flags of everything that runs scenarios.
func (f *runFlags) register(flags *pflag.FlagSet, profile string) {
	flags.StringVar(&f.profile, "profile", profile, "how big and how long: "+strings.Join(scenarios.ProfileNames(), ", "))
	flags.StringVar(&f.database, "database", "auto", "where Postgres comes from: "+strings.Join(providers.Names(), ", "))
	flags.Uint64Var(&f.seed, "seed", 0, "what every random draw comes from (default: drawn, and printed)")
	flags.StringVar(&f.out, "out", "", "directory of the results (default out/RUN-ID)")
	flags.BoolVar(&f.json, "json", false, "progress and verdict as JSON lines on standard output (holdfast schema events)")
	flags.BoolVar(&f.quiet, "quiet", false, "no progress: only what came of it")
}

// registerService defines the flags of everything that can be tried on a service of
// one's own.
func (f *runFlags) registerService(flags *pflag.FlagSet) {
	flags.StringVar(&f.service, "service", "", "a service of your own: its holdfast.yaml, or the folder with one")
	flags.StringSliceVar(&f.allowHost, "allow-host", nil, "a host that somebody else runs and that may be reached: HOST or HOST:PORT (repeatable)")
	flags.BoolVar(&f.allowLoad, "allow-load", false, "the hosts of --allow-host may get any load, and not GET and HEAD at 10/s alone: for who runs them too")
	f.given = flags.Changed
}

// everything are the flags of a run of all scenarios, where nothing is softened.
func everything() runFlags { return runFlags{all: true, target: "process", failOn: failOnAll()} }

// failOnAll are the verdicts that are no success.
func failOnAll() []string { return []string{"fail", "inconclusive", "not-exercised"} }

// plan is a run whose command line was understood.
type plan struct {
	flags     runFlags
	subject   subject
	config    harness.Config
	scenarios []harness.Scenario
	failOn    []result.Verdict
}

// newPlan reads the flags and reports all that is wrong with them at once.
func newPlan(env environ, f runFlags, args []string) (*plan, error) {
	subject, err := f.subject(env)
	if err != nil && subject.scenarios == nil {
		return nil, err
	}
	p := &plan{flags: f, subject: subject}
	errs := []error{err}
	note := func(err error) { errs = append(errs, err) }
	p.scenarios, err = choose(subject, f, args)
	note(err)
	p.config.Without, err = subject.without(f.without)
	note(err)
	p.config.StandingOff, err = switchedOff(f.standingOff)
	note(err)
	p.failOn, err = verdicts(f.failOn)
	note(err)
	note(checkExports(f.exports))
	p.config.Target = subject.launch
	note(subject.runsHere())
	if f.serve != "" {
		if err := live.Check(f.serve); err != nil {
			note(fmt.Errorf("--serve: %w", err))
		}
	}
	p.config.Coverage, err = subject.coverage()
	note(err)
	if f.recordScrapes != 0 && f.recordScrapes < shortestScrape {
		note(fmt.Errorf("--record-scrapes %v: %v at least", f.recordScrapes, shortestScrape))
	}
	p.config.RecordScrapes = f.recordScrapes
	note(p.readAttempts())
	note(p.readSideBySide())
	note(p.readFleet())
	if slices.Contains(f.exports, "vegeta") && f.results != "" {
		note(errors.New("--results and --export vegeta: give one of the two, for both keep the same requests"))
	}
	if !slices.Contains(providers.Names(), f.database) {
		note(fmt.Errorf("unknown --database %s: one of %s", f.database, strings.Join(providers.Names(), ", ")))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	p.configure(env, args)
	return p, nil
}

// configure fills in what follows from flags that are right.
func (p *plan) configure(env environ, args []string) {
	if p.flags.seed == 0 {
		p.flags.seed = drawSeed()
	}
	p.config.ID = harness.NewID(time.Now())
	p.config.Seed = p.flags.seed
	p.config.Profile = p.subject.profile
	p.config.FailFast, p.config.Trace = p.flags.failFast, p.flags.trace
	p.config.Repeat = p.repeat(args)
	p.config.ProvenChecks = p.subject.proven
	p.config.Protections = p.subject.protections
	p.config.Versions = map[string]string{"holdfast": version()}
	p.config.Database = providers.FromEnvironment(env.getenv)
	p.config.Database.Provider = p.flags.database
	p.config.Out = p.flags.out
	if p.config.Out == "" {
		p.config.Out = filepath.Join("out", p.config.ID)
	}
	if slices.Contains(p.flags.exports, "vegeta") && p.flags.results == "" {
		p.flags.results = filepath.Join(p.config.Out, vegetaFile)
	}
}

// shortestScrape is the least time between two readings of a metrics page: reading it is
// work for the target, too.
const shortestScrape = 10 * time.Millisecond

// unsaid is the value of a number that was not typed.
const unsaid = -1

// readAttempts reads how often a scenario is tried, and at which pace.
func (p *plan) readAttempts() error {
	p.config.Retries, p.config.Pace, p.config.PaceFlag = p.flags.retries, p.flags.pace, "--pace"
	if p.flags.retries == unsaid {
		p.config.Retries = retriesOf(p.flags.headline)
	}
	if p.config.Retries < 0 || !(p.config.Pace >= 0 && p.config.Pace <= 1) { // NaN is neither
		return errors.New("--retries is 0 or more, and --pace between 0 and 1")
	}
	return nil
}

// retriesOf is how often an inconclusive scenario is tried once more where nothing
// is said: the main job has an answer at its end.
func retriesOf(headline bool) int {
	if headline {
		return 1
	}
	return 0
}

// choose finds the scenarios that were asked for, in the catalogue's order.
func choose(from subject, f runFlags, args []string) ([]harness.Scenario, error) {
	catalogue := from.scenarios
	if len(args) == 0 && !f.all && !f.headline {
		return nil, fmt.Errorf("which scenarios? give a name, a service or a glob, --headline or --all; %s shows them", from.shown())
	}
	wanted := map[string]bool{}
	var errs []error
	if f.all && len(args) > 0 {
		errs = append(errs, fmt.Errorf("--all and %s: say which is meant", strings.Join(args, " ")))
	}
	if f.headline && len(args) > 0 {
		errs = append(errs, fmt.Errorf("--headline and %s: say which is meant", strings.Join(args, " ")))
	}
	for _, arg := range args {
		found := false
		for _, s := range catalogue {
			if matches(arg, s) {
				wanted[s.Name], found = true, true
			}
		}
		if !found {
			errs = append(errs, fmt.Errorf("unknown scenario %s%s; %s shows them all", arg, nearest.Hint(arg, names(catalogue)), from.shown()))
		}
	}
	var chosen []harness.Scenario
	for _, s := range catalogue {
		if wanted[s.Name] || (f.all && !s.Slow) || (f.headline && s.Headline) {
			chosen = append(chosen, s)
		}
	}
	return chosen, errors.Join(errs...)
}

// matches reports whether arg names s: by name, by service, or as a glob. Slow
// scenarios are meant only when they are named.
func matches(arg string, s harness.Scenario) bool {
	if arg == s.Name {
		return true
	}
	if s.Slow {
		return false
	}
	if service, _, _ := strings.Cut(s.Name, "/"); arg == service {
		return true
	}
	ok, err := filepath.Match(arg, s.Name)
	return err == nil && ok
}

func names(catalogue []harness.Scenario) []string {
	all := make([]string, len(catalogue))
	for i, s := range catalogue {
		all[i] = s.Name
	}
	return all
}

// switchedOff reads NAME=REASON.
func switchedOff(words []string) (map[string]string, error) {
	off := map[string]string{}
	var errs []error
	for _, word := range words {
		name, reason, _ := strings.Cut(word, "=")
		switch {
		case !slices.Contains(standing.Names(), name):
			errs = append(errs, fmt.Errorf("unknown standing check %s%s; holdfast list --standing shows them all", name, nearest.Hint(name, standing.Names())))
		case strings.TrimSpace(reason) == "":
			errs = append(errs, fmt.Errorf("--standing-off %s: say why it is switched off, for example --standing-off %s='calls home for licences'", name, name))
		}
		off[name] = reason
	}
	return off, errors.Join(errs...)
}

func verdicts(words []string) ([]result.Verdict, error) {
	var all []result.Verdict
	for _, w := range words {
		v := result.Verdict(w)
		if !v.Valid() || v == result.Pass {
			return nil, fmt.Errorf("unknown verdict %q in --fail-on: any of fail, inconclusive, not-exercised", w)
		}
		all = append(all, v)
	}
	return all, nil
}

func drawSeed() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:])                          // never fails, by its contract
	return binary.LittleEndian.Uint64(b[:])>>33 + 1 // short enough to type, never 0
}
