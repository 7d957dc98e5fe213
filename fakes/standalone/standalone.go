// Package standalone runs a fake on its own, for a developer to try by hand or for a test in
// another language: it starts the fake and its control API, says where they are,
// and stops them when the context ends. A command line has only to fill in
// [OracleOptions], [EmailOptions], [StubOptions] or [SMTPOptions] and call [RunOracle],
// [RunEmail], [RunStub] or [RunSMTP].
package standalone

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"holdfast.dev/holdfast/fakes/control"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/oracleapi"
	"holdfast.dev/holdfast/fault"
)

// Options are what all fakes have in common.
type Options struct {
	// Addresses to listen on. Defaults to one free port of 127.0.0.1.
	Addresses []string
	// Control is the control API's address; "off" does without. Defaults to a
	// free port of 127.0.0.1.
	Control string
	// AllowRemote lets addresses be other than loopback, with a warning.
	AllowRemote bool
	// Seed is where every draw comes from. Defaults to 1.
	Seed uint64
	// Faults are in force from the start, in their text form.
	Faults []string
	// Out is told the addresses, one NAME=VALUE per line, and at the end what the
	// fake saw. Defaults to nobody.
	Out io.Writer
	// Err is told warnings. Defaults to nobody.
	Err io.Writer
}

// OracleOptions are the options of the oracle API.
type OracleOptions struct {
	Options
	// Oracles is how many exist: oracle-1, oracle-2, … Defaults to any id.
	Oracles int
}

// EmailOptions are the options of the e-mail API.
type EmailOptions struct {
	Options
	// Keys are the API keys that are valid. Defaults to any.
	Keys []string
	// Domains are those that mail may come from. Defaults to any.
	Domains []string
	// RatePerSecond, DailyQuota and MonthlyQuota default to no limit.
	RatePerSecond, DailyQuota, MonthlyQuota int
}

func (o Options) host() host.Config {
	c := host.Config{Addresses: o.Addresses, AllowRemote: o.AllowRemote, Seed: cmp.Or(o.Seed, 1), Start: time.Now()}
	if o.Err != nil {
		c.Log = func(line string) { fmt.Fprintln(o.Err, line) }
	}
	return c
}

// RunOracle runs the oracle API until ctx ends. It returns an error if it can't
// start.
func RunOracle(ctx context.Context, o OracleOptions) error {
	c := oracleapi.Config{Config: o.host()}
	for n := range o.Oracles {
		c.Oracles = append(c.Oracles, fmt.Sprintf("oracle-%d", n+1))
	}
	s, err := oracleapi.Start(c)
	if err != nil {
		return fmt.Errorf("run fake: %w", err)
	}
	defer s.Close()
	return o.run(ctx, s.URLs(), control.OfFake(s), s.Journal())
}

// RunEmail runs the e-mail API until ctx ends. It returns an error if it can't
// start.
func RunEmail(ctx context.Context, o EmailOptions) error {
	c := emailapi.Config{
		Config: o.host(), Domains: o.Domains,
		RatePerSecond: o.RatePerSecond, DailyQuota: o.DailyQuota, MonthlyQuota: o.MonthlyQuota,
	}
	for _, key := range o.Keys {
		c.Keys = append(c.Keys, emailapi.Key{Text: key})
	}
	s, err := emailapi.Start(c)
	if err != nil {
		return fmt.Errorf("run fake: %w", err)
	}
	defer s.Close()
	return o.run(ctx, s.URLs(), control.OfFake(s), s.Journal())
}

// run puts the faults in force, says where the fake is and waits.
func (o Options) run(ctx context.Context, urls []string, p control.Steered, j *journal.Journal) error {
	out := o.Out
	if out == nil {
		out = io.Discard
	}
	if err := p.AddText(o.Faults...); err != nil {
		return fmt.Errorf("run fake: %w", err)
	}
	for i, url := range urls {
		name := "FAKE_URL"
		if i > 0 {
			name = fmt.Sprintf("FAKE_URL_%d", i+1)
		}
		fmt.Fprintf(out, "%s=%s\n", name, url)
	}
	if o.Control != "off" {
		s, err := control.ListenFor(cmp.Or(o.Control, "127.0.0.1:0"), o.AllowRemote, p)
		if err != nil {
			return fmt.Errorf("run fake: %w", err)
		}
		defer s.Close()
		if host.CheckAddress(o.Control, false) != nil && o.Control != "" && o.Err != nil {
			fmt.Fprintf(o.Err, "warning: the control API at %s can be reached from outside, and lets anyone read\n", o.Control)
		}
		s.Tell(out)
	}
	<-ctx.Done()
	tell(out, j, p.Receipts())
	return nil
}

// tell says what the fake saw and what the faults did.
func tell(out io.Writer, j *journal.Journal, receipts []fault.Receipt) {
	all := j.Gauge("")
	fmt.Fprintf(out, "%d requests, at most %d at once; %d accepted, %d of them more than once\n",
		all.Total, all.MostInFlight, j.Accepted(), len(j.Duplicates()))
	for _, r := range receipts {
		fmt.Fprintf(out, "fault %q: fired %d of %d times%s\n", r.ID, r.Fired, r.Selected, measured(r))
	}
}

func measured(r fault.Receipt) string {
	if m := r.Measured; m != "" {
		return "; " + m
	}
	return ""
}
