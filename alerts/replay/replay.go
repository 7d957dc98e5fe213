// Package replay plays recorded metrics pages through rules, with Prometheus's own rule
// engine and its own database of time series, on a clock that is not the wall's: hours
// of a rule's windows pass in a moment.
//
// Enter at [Play]. What comes of it is a [Timeline] for each alert: when it was pending,
// when it fired, when it was resolved. [Clock] says what a faster clock holds for and
// what not.
package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"holdfast.dev/holdfast/alerts/rulefile"
	"holdfast.dev/holdfast/harness/scrapes"
	"holdfast.dev/holdfast/safefile"
)

// Defaults of a replay: Prometheus's own.
const (
	DefaultInterval = time.Minute
	DefaultJob      = "holdfast"
)

// Config is how it is played.
type Config struct {
	Clock Clock
	// Interval is the time between two evaluations of groups that do not say it.
	// Defaults to [DefaultInterval].
	Interval time.Duration
	// Job is the label of what is scraped. Defaults to [DefaultJob].
	Job string
	// Queries are asked at each evaluation of the shortest interval, beside the rules:
	// how many series each gave at most is in Replay.Answers. Defaults to none.
	Queries []string
	// asTold leaves the labels and values of a page as they are, and adds none.
	asTold bool
}

// State is how an alert stands.
type State int

// The states, as Prometheus has them.
const (
	Inactive State = iota
	Pending
	Firing
)

// String is its word.
func (s State) String() string { return [...]string{"inactive", "pending", "firing"}[s] }

// Change is a moment at which an alert's state became another, since the recording's
// zero on the rules' clock.
type Change struct {
	At    time.Duration
	State State
}

// Timeline is the course of one alert, over all its label sets the most urgent state at
// each moment. It begins inactive.
type Timeline struct {
	Alert   string
	Changes []Change
	// Labels are those of the first that fired, or was pending; nil where none was.
	Labels map[string]string
}

// Replay is what came of playing one recording.
type Replay struct {
	From, To  time.Duration // of what was played, on the rules' clock
	Timelines []Timeline    // in the order of the file
	// Answers are by Config.Queries the most series that each gave.
	Answers map[string]int
	// Errors are what rules could not be evaluated for, by their names.
	Errors map[string]string
}

// Play plays a recording through the rules of a file.
func Play(ctx context.Context, f *rulefile.File, rec *scrapes.Recording, c Config) (_ *Replay, err error) {
	if err := c.Clock.Validate(); err != nil {
		return nil, err
	}
	if len(rec.Pages) == 0 {
		return nil, fmt.Errorf("%s: no page was recorded", rec.Scenario)
	}
	if c.Interval <= 0 {
		c.Interval = DefaultInterval
	}
	if c.Job == "" {
		c.Job = DefaultJob
	}
	dir, remove, err := safefile.Temporary(safefile.TempAlerts)
	if err != nil {
		return nil, fmt.Errorf("a folder for the replay: %w", err)
	}
	s, err := openStore(dir, c.Clock, c.Job, rec.Started)
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	s.asTold = c.asTold
	defer func() { err = errors.Join(err, s.db.Close(), remove()) }()
	pages := slices.Clone(rec.Pages)
	sort.SliceStable(pages, func(i, j int) bool { return pages[i].AtS < pages[j].AtS })
	p := newPlayer(ctx, f, s, c)
	return p.play(ctx, pages)
}

// Of returns the course of an alert.
func (r *Replay) Of(alert string) Timeline {
	for _, t := range r.Timelines {
		if t.Alert == alert {
			return t
		}
	}
	return Timeline{Alert: alert}
}

// Spans are when it was in that state, in order. One that does not end ends at to.
func (t Timeline) Spans(state State, to time.Duration) [][2]time.Duration {
	var all [][2]time.Duration
	for i, c := range t.Changes {
		if c.State != state {
			continue
		}
		end := to
		if i+1 < len(t.Changes) {
			end = t.Changes[i+1].At
		}
		all = append(all, [2]time.Duration{c.At, end})
	}
	return all
}
