package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	vegeta "github.com/tsenart/vegeta/v12/lib"
	"golang.org/x/net/http/httpguts"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/load/vegetabridge"
	"holdfast.dev/holdfast/nearest"
)

// Bounds of a plain load, which nobody judges.
const (
	maxAttack         = 10 * time.Minute
	maxAttackRequests = 1_000_000
	maxAttackWorkers  = 2000
)

// attackFlags are the flags of holdfast attack, as typed.
type attackFlags struct {
	target, allowHost string
	rate, shape       string
	duration, timeout time.Duration
	method, body      string
	headers           []string
	report, results   string
	socket            string
	http2             bool
}

func newAttack(env environ) *cobra.Command {
	var f attackFlags
	cmd := &cobra.Command{
		Use:   "attack --target URL",
		Short: "Plain load on one URL by vegeta's own attacker, with vegeta's report",
		Long: `Sends one request again and again and prints vegeta's report. There are no
phases, no faults and no checks: holdfast run has those. Latencies count from
the send, as vegeta's do; a run counts them from the moment a request was due.

Only loopback addresses are attacked unless --allow-host names the host. No
redirect is followed and no proxy used. Exits with 0 when every answer had a
status from 200 to 399, 1 when one had not, 3 when not all was sent, 5 when no
answer came at all.`,
		Example: `  holdfast attack --target http://127.0.0.1:8080/health --rate 50/s --duration 10s
  holdfast attack --target http://127.0.0.1:8080/ --shape '10/s to 100/s over 20s, then 100/s for 10s' --report hdr
  holdfast attack --target http://localhost/health --unix-socket /run/app.sock`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := f.attack()
			if err != nil {
				return usage(err)
			}
			return a.carryOut(cmd.Context(), env)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.target, "target", "", "the URL")
	flags.StringVar(&f.allowHost, "allow-host", "", "the target's host, if it is not a loopback address: HOST as it stands in the URL")
	flags.StringVar(&f.socket, "unix-socket", "", "connect to this Unix socket, whatever the host of --target is")
	flags.BoolVar(&f.http2, "http2", false, "over HTTP/2: of https as both sides agree, of http with prior knowledge (h2c)")
	flags.StringVar(&f.rate, "rate", "50/s", "requests per s, min or h")
	flags.DurationVar(&f.duration, "duration", 10*time.Second, "how long, 10m at most")
	flags.StringVar(&f.shape, "shape", "", `instead of --rate and --duration, for example "`+load.ProfileForms()[1]+`"`)
	flags.StringVar(&f.method, "method", http.MethodGet, "the HTTP method")
	flags.StringArrayVar(&f.headers, "header", nil, `a header, "NAME: VALUE" (repeatable)`)
	flags.StringVar(&f.body, "body", "", "the body")
	flags.DurationVar(&f.timeout, "timeout", load.DefaultTimeout, "how long an answer may take")
	flags.StringVar(&f.report, "report", "text", "vegeta's report: "+strings.Join(attackReports(), ", "))
	flags.StringVar(&f.results, "results", "", "also write each result to this file, for vegeta report")
	return cmd
}

func attackReports() []string { return []string{"text", "hdr", "json"} }

// attack is a plain load whose command line was understood.
type attack struct {
	target  vegeta.Target
	profile load.Profile
	client  *http.Client
	report  string
	results string
}

// attack reads the flags and reports all that is wrong with them at once.
func (f attackFlags) attack() (*attack, error) {
	a := &attack{report: f.report, results: f.results}
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	host, err := hostOf(f.target)
	note(err)
	loopback := isLoopback(host)
	if err == nil && !loopback && f.socket == "" && host != f.allowHost {
		note(fmt.Errorf("%s is no loopback address: if it is yours to load, say --allow-host %s", host, host))
	}
	text, said := f.shape, "--shape "+f.shape
	if text == "" {
		text, said = f.rate+" for "+f.duration.String(), "--rate "+f.rate+" --duration "+f.duration.String()
	}
	a.profile, err = load.ParseProfile(text)
	if err != nil {
		note(fmt.Errorf("%s: %w", said, err))
	} else {
		note(bounded(a.profile))
	}
	if !slices.Contains(attackReports(), f.report) {
		note(fmt.Errorf("unknown --report %s%s: one of %s", f.report, nearest.Hint(f.report, attackReports()), strings.Join(attackReports(), ", ")))
	}
	if f.timeout <= 0 {
		note(fmt.Errorf("--timeout %s is no time that lasts", f.timeout))
	}
	header, err := headerOf(f.headers)
	note(err)
	a.target = vegeta.Target{Method: f.method, URL: f.target, Header: header, Body: []byte(f.body)}
	if _, err := a.target.Request(); err != nil {
		note(fmt.Errorf("--method %s: %w", f.method, err))
	}
	a.client = f.attackClient(loopback)
	return a, errors.Join(errs...)
}

func bounded(p load.Profile) error {
	switch n := load.Planned(p); {
	case p.Duration() > maxAttack:
		return fmt.Errorf("%s is longer than %s", p, maxAttack)
	case n > maxAttackRequests:
		return fmt.Errorf("%s has %d requests, more than %d", p, n, maxAttackRequests)
	case n == 0:
		return fmt.Errorf("%s plans no request", p)
	}
	return nil
}

func headerOf(lines []string) (http.Header, error) {
	h := http.Header{}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, fmt.Errorf(`--header %q is no "NAME: VALUE"`, line)
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return nil, fmt.Errorf("--header %q: its name is not one word, or its value has a line break or another control character", name)
		}
		h.Add(name, value)
	}
	return h, nil
}

// carryOut sends the load, prints the report and returns the error that carries
// the exit code.
func (a *attack) carryOut(ctx context.Context, env environ) error {
	keep, take, drop, err := a.openResults()
	if err != nil {
		return environment(err)
	}
	defer drop()
	attacker := vegeta.NewAttacker(vegeta.Client(a.client), vegeta.Redirects(vegeta.NoFollow), vegeta.MaxBody(0),
		vegeta.MaxWorkers(maxAttackWorkers))
	defer context.AfterFunc(ctx, func() { attacker.Stop() })()
	var metrics vegeta.Metrics
	for r := range attacker.Attack(vegeta.NewStaticTargeter(a.target), vegetabridge.Pacer(a.profile), 0, "attack") {
		metrics.Add(r)
		err = errors.Join(err, keep(r))
	}
	a.client.CloseIdleConnections()
	metrics.Close()
	if err == nil {
		err = take()
	}
	if err := errors.Join(err, a.write(env.stdout, &metrics)); err != nil {
		return environment(err)
	}
	return a.exit(ctx, &metrics)
}

// openResults begins the file that results are kept in, if they are to be kept: take
// puts it in its place, and drop leaves that as it was.
func (a *attack) openResults() (keep func(*vegeta.Result) error, take func() error, drop func(), err error) {
	if a.results == "" {
		return func(*vegeta.Result) error { return nil }, func() error { return nil }, func() {}, nil
	}
	part, err := createResults(a.results)
	if err != nil {
		return nil, nil, nil, err
	}
	return vegeta.NewEncoder(part), part.Take, part.Drop, nil
}

func (a *attack) write(w io.Writer, m *vegeta.Metrics) error {
	reporter := vegeta.NewTextReporter(m)
	switch a.report {
	case "hdr":
		reporter = vegeta.NewHDRHistogramPlotReporter(m)
	case "json":
		reporter = vegeta.NewJSONReporter(m)
	}
	return reporter.Report(w)
}

func (a *attack) exit(ctx context.Context, m *vegeta.Metrics) error {
	planned := load.Planned(a.profile)
	switch interrupted := new(harness.Interrupted); {
	case errors.As(context.Cause(ctx), &interrupted):
		return &exitError{code: codeOfSignal(interrupted.Signal)}
	case m.StatusCodes["0"] == int(m.Requests):
		return &exitError{exitNotExercised, errors.New("no answer came")}
	case m.Success < 1:
		return &exitError{exitFail, fmt.Errorf("%.2f %% of %d answers had a status from 200 to 399", m.Success*100, m.Requests)}
	case int64(m.Requests) < planned:
		return &exitError{exitInconclusive, fmt.Errorf("%d of %d planned requests were sent", m.Requests, planned)}
	}
	return nil
}
