// Package lint says what is wrong with rules of alerts before anything goes wrong: what
// they name and the service does not tell, what can never fire, whom they would not
// reach. It looks at the rules and at one metrics page of the service; what a fault
// makes of them is seen by trying it.
//
// Enter at [Lint].
package lint

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"holdfast.dev/holdfast/alerts/replay"
	"holdfast.dev/holdfast/alerts/rulefile"
)

// Level is how grave a finding is.
type Level string

// The levels. A file with an error is refused.
const (
	Error   Level = "error"
	Warning Level = "warning"
)

// Finding is one thing that is wrong with a rule.
type Finding struct {
	Level Level
	Rule  string
	Line  int
	// Check is which of the checks found it: metric, label, never, always, match, window,
	// floor, runbook, routing.
	Check string
	Text  string
}

// Config is what is known of the service and of who is alerted.
type Config struct {
	// Page is the metrics page that the service has, and Type its Content-Type. Required.
	Page, Type string
	// ScrapeEvery is the time between two scrapes. Defaults to 15 s.
	ScrapeEvery time.Duration
	// Labels must be on each alert, with one of these values; no values: with any.
	Labels map[string][]string
	// Runbook reports whether what an alert names as its runbook exists. Defaults to not
	// being looked at.
	Runbook func(alert, address string) error
	// Queries are further expressions, by the name of what shows them, for example a
	// dashboard's panel. Each must give something on the page.
	Queries []Query
	// Routing is the Alertmanager's configuration. Optional.
	Routing *Routing
}

// Query is an expression that somebody looks at.
type Query struct{ Name, Text string }

// DefaultScrapeEvery is how often a page is read where it is not said.
const DefaultScrapeEvery = 15 * time.Second

// Lint looks at all rules of a file, in its order.
func Lint(ctx context.Context, f *rulefile.File, c Config) ([]Finding, error) {
	if c.ScrapeEvery <= 0 {
		c.ScrapeEvery = DefaultScrapeEvery
	}
	page, err := replay.ParsePage(c.Page, c.Type)
	if err != nil {
		return nil, err
	}
	l := &linter{Config: c, names: namesOf(f, page)}
	for _, g := range f.Groups {
		for _, r := range g.Rules {
			l.rule = r
			l.metrics()
			l.windows()
			if r.Alert != "" {
				if l.reach() {
					l.floor()
				}
				l.whom()
			}
		}
	}
	if err := l.matches(ctx, f); err != nil {
		return nil, err
	}
	if c.Routing != nil {
		l.routing(f, *c.Routing)
	}
	slices.SortStableFunc(l.found, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
	return l.found, nil
}

// Failed reports whether there is an error among the findings.
func Failed(all []Finding) bool {
	return slices.ContainsFunc(all, func(f Finding) bool { return f.Level == Error })
}

// linter looks at one rule after the other.
type linter struct {
	Config
	names names
	rule  rulefile.Rule
	found []Finding
}

func (l *linter) add(level Level, check, format string, args ...any) {
	f := Finding{level, l.rule.Name(), l.rule.Line, check, fmt.Sprintf(format, args...)}
	if !slices.Contains(l.found, f) {
		l.found = append(l.found, f)
	}
}

// whom looks at what routing, inhibition and the one who is woken need.
func (l *linter) whom() {
	for _, name := range sorted(l.Labels) {
		switch value, there := l.rule.Labels[name], l.Labels[name]; {
		case value == "":
			l.add(Error, "routing", "it has no label %s, by which alerts are routed", name)
		case len(there) > 0 && !slices.Contains(there, value):
			l.add(Error, "routing", "its label %s is %q: nobody gets that, it must be one of %v", name, value, there)
		}
	}
	if l.Runbook == nil {
		return
	}
	address := l.rule.Annotations["runbook_url"]
	if address == "" {
		l.add(Error, "runbook", "it has no annotation runbook_url: who is woken by it does not know what to do")
	} else if err := l.Runbook(l.rule.Alert, address); err != nil {
		l.add(Error, "runbook", "its runbook %s: %v", address, err)
	}
}
