// Package rulefile reads files of Prometheus's rules, a team's own ones byte for byte,
// with the parser that Prometheus itself has. Enter at [Read].
package rulefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// File is a file of rules.
type File struct {
	Name   string
	Groups []Group
}

// Group is evaluated together, rule by rule.
type Group struct {
	Name     string
	Interval time.Duration // 0: the server's own
	Rules    []Rule
}

// Rule is one that alerts or one that records.
type Rule struct {
	Alert, Record string // one of the two is its name
	Line          int    // in the file
	Text          string // its expression as it was written
	Expr          parser.Expr
	For           time.Duration
	KeepFiringFor time.Duration
	Labels        map[string]string // with those of its group
	Annotations   map[string]string
}

// Name is what it alerts or records.
func (r Rule) Name() string {
	if r.Alert != "" {
		return r.Alert
	}
	return r.Record
}

// Parser is that of expressions: all that Prometheus takes without a feature flag.
func Parser() parser.Parser { return parser.NewParser(parser.Options{}) }

// Read reads a file. All that is wrong with it is told at once, each in a line that
// begins with the file's name and place.
func Read(name string, text []byte) (*File, error) {
	groups, errs := rulefmt.Parse(text, false, model.UTF8Validation, Parser(), slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		for i, err := range errs {
			errs[i] = fmt.Errorf("%s:%w", name, err)
		}
		return nil, errors.Join(errs...)
	}
	var nodes document
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&nodes); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	f := &File{Name: name}
	for g, group := range groups.Groups {
		one := Group{Name: group.Name, Interval: time.Duration(group.Interval)}
		for i, r := range group.Rules {
			expr, err := Parser().ParseExpr(r.Expr)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", name, r.Alert+r.Record, err)
			}
			rule := Rule{
				Alert: r.Alert, Record: r.Record, Line: nodes.Groups[g].Rules[i].Line, Text: r.Expr, Expr: expr,
				For: time.Duration(r.For), KeepFiringFor: time.Duration(r.KeepFiringFor), Annotations: r.Annotations, Labels: map[string]string{},
			}
			maps.Copy(rule.Labels, group.Labels)
			maps.Copy(rule.Labels, r.Labels)
			one.Rules = append(one.Rules, rule)
		}
		f.Groups = append(f.Groups, one)
	}
	if len(f.Alerts()) == 0 {
		return nil, fmt.Errorf("%s: no rule in it alerts: it needs groups, with rules that have an alert and an expr", name)
	}
	return f, nil
}

// document is where the rules stand.
type document struct {
	Groups []struct {
		Rules []yaml.Node `yaml:"rules"`
	} `yaml:"groups"`
}

// Alerts are the rules that alert, in the order of the file.
func (f *File) Alerts() []Rule {
	var all []Rule
	for _, g := range f.Groups {
		for _, r := range g.Rules {
			if r.Alert != "" {
				all = append(all, r)
			}
		}
	}
	return all
}

// Names are those of all alerts, each once, in the order of the file.
func (f *File) Names() []string {
	var all []string
	for _, r := range f.Alerts() {
		if !slices.Contains(all, r.Alert) {
			all = append(all, r.Alert)
		}
	}
	return all
}

// Selectors are all that an expression selects, each once, by what it says.
func Selectors(e parser.Expr) []*parser.VectorSelector {
	var all []*parser.VectorSelector
	seen := map[string]bool{}
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok && !seen[v.String()] {
			seen[v.String()] = true
			all = append(all, v)
		}
		return nil
	})
	return all
}

// Metrics are the names of those that some expressions select.
func Metrics(all ...parser.Expr) map[string]bool {
	names := map[string]bool{}
	for _, e := range all {
		for _, v := range Selectors(e) {
			names[Metric(v)] = true
		}
	}
	return names
}

// Expressions are those of all rules.
func (f *File) Expressions() []parser.Expr {
	var all []parser.Expr
	for _, g := range f.Groups {
		for _, r := range g.Rules {
			all = append(all, r.Expr)
		}
	}
	return all
}

// Metric is the name of the metric that it selects; empty where it names none, or a pattern.
func Metric(v *parser.VectorSelector) string {
	for _, m := range v.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return v.Name
}
