// Package promtest writes what was recorded of a fault as a file for promtool test rules,
// so that who has promtool can hold rules against it without this program.
//
// Enter at [Write]. The recording is put on a grid of equal steps, as such files need it,
// and what the file expects is what the rules do on that grid.
package promtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"holdfast.dev/holdfast/alerts/replay"
	"holdfast.dev/holdfast/alerts/rulefile"
	"holdfast.dev/holdfast/harness/scrapes"
)

// Config is what is written.
type Config struct {
	RulesFile string        // as the test names it
	Clock     replay.Clock  // of the recording
	Interval  time.Duration // between two evaluations, and two scrapes where Step is not said
	Step      time.Duration // of the grid. Defaults to 15 s
	Alerts    []string      // whose course is expected; others are left out
}

// file is a test file of promtool, as far as it is written here.
type file struct {
	RuleFiles          []string `yaml:"rule_files"`
	EvaluationInterval string   `yaml:"evaluation_interval"`
	Tests              []test   `yaml:"tests"`
}

type test struct {
	Name     string       `yaml:"name"`
	Interval string       `yaml:"interval"`
	Series   []series     `yaml:"input_series"`
	Expected []expression `yaml:"promql_expr_test"`
}

type series struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

type expression struct {
	Expr    string   `yaml:"expr"`
	At      string   `yaml:"eval_time"`
	Samples []sample `yaml:"exp_samples"`
}

type sample struct {
	Labels string  `yaml:"labels"`
	Value  float64 `yaml:"value"`
}

// Write writes the test of one recording: each alert's state in the middle of each span
// in which it stays the same.
func Write(ctx context.Context, w io.Writer, f *rulefile.File, rec *scrapes.Recording, c Config) error {
	if c.Step <= 0 {
		c.Step = 15 * time.Second
	}
	c.Clock.Zero = time.Unix(0, 0).UTC()
	grid, err := replay.Sampled(rec, c.Clock, c.Step, rulefile.Metrics(f.Expressions()...))
	if err != nil {
		return err
	}
	out, err := replay.PlaySeries(ctx, f, grid, replay.Config{Clock: replay.Clock{Factor: 1, Zero: c.Clock.Zero}, Interval: c.Interval})
	if err != nil {
		return err
	}
	one := test{Name: rec.Scenario, Interval: model.Duration(c.Step).String()}
	for _, s := range grid.Series {
		one.Series = append(one.Series, series{s.Labels.String(), values(s.Values)})
	}
	for _, alert := range c.Alerts {
		one.Expected = append(one.Expected, expected(out.Of(alert), out.To, c.Interval)...)
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(file{RuleFiles: []string{c.RulesFile}, EvaluationInterval: model.Duration(c.Interval).String(), Tests: []test{one}}); err != nil {
		return fmt.Errorf("write a test for promtool: %w", err)
	}
	_, err = fmt.Fprintf(w, "# Written by holdfast alerts promtool from what was recorded of %s.\n%s", rec.Scenario, b.Bytes())
	return err
}

// values is a series in promtool's notation: _ is no sample, 3x2 thrice and twice more.
func values(all []float64) string {
	var parts []string
	for i := 0; i < len(all); {
		n := 1
		for i+n < len(all) && (all[i+n] == all[i] || math.IsNaN(all[i+n]) && math.IsNaN(all[i])) {
			n++
		}
		text := strconv.FormatFloat(all[i], 'g', -1, 64)
		switch {
		case math.IsNaN(all[i]):
			text = "_"
			if n > 1 {
				text = "_x" + strconv.Itoa(n)
			}
			if i > 0 { // it was there, and is gone: Prometheus marks that
				text = "stale"
				if n > 1 {
					text += " _x" + strconv.Itoa(n-1)
				}
			}
		case n > 1:
			text += "x" + strconv.Itoa(n-1)
		}
		parts = append(parts, text)
		i += n
	}
	return strings.Join(parts, " ")
}

// expected asks for an alert in the middle of each of its states.
func expected(t replay.Timeline, end, interval time.Duration) []expression {
	var all []expression
	from, is := time.Duration(0), replay.Inactive
	changes := append(slices.Clone(t.Changes), replay.Change{At: end, State: replay.Inactive})
	for _, c := range changes {
		middle := (from + (c.At-from)/2).Truncate(interval)
		if middle > from && middle < c.At {
			e := expression{Expr: fmt.Sprintf(`group by (alertname) (ALERTS{alertname=%q, alertstate="firing"})`, t.Alert), At: model.Duration(middle).String(), Samples: []sample{}}
			if is == replay.Firing {
				e.Samples = []sample{{fmt.Sprintf("{alertname=%q}", t.Alert), 1}}
			}
			all = append(all, e)
		}
		from, is = c.At, c.State
	}
	return all
}
