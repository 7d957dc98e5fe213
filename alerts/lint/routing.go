package lint

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"holdfast.dev/holdfast/alerts/rulefile"
)

// Routing is what matters here of an Alertmanager's configuration: by which labels
// alerts are routed and inhibited.
type Routing struct {
	Route   Route     `yaml:"route"`
	Inhibit []Inhibit `yaml:"inhibit_rules"`
}

// Route is a node of the tree of routes.
type Route struct {
	Matchers []string `yaml:"matchers"`
	Routes   []Route  `yaml:"routes"`
}

// Inhibit says which alerts silence which.
type Inhibit struct {
	Source []string `yaml:"source_matchers"`
	Target []string `yaml:"target_matchers"`
	Equal  []string `yaml:"equal"`
}

// ReadRouting reads an Alertmanager's configuration; what it has beside is left alone.
func ReadRouting(name string, text []byte) (*Routing, error) {
	r := new(Routing)
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(r); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

var matcher = regexp.MustCompile(`^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"?(.*?)"?\s*$`)

// holds reports whether an alert's labels fit all matchers; err is of one that is none.
func holds(matchers []string, r rulefile.Rule) (bool, error) {
	labels := maps.Clone(r.Labels)
	labels["alertname"] = r.Alert
	for _, text := range matchers {
		m := matcher.FindStringSubmatch(text)
		if m == nil {
			return false, fmt.Errorf("%q is no matcher", text)
		}
		value, is := labels[m[1]], false
		switch m[2] {
		case "=", "!=":
			is = value == m[3]
		default:
			re, err := regexp.Compile("^(?:" + m[3] + ")$")
			if err != nil {
				return false, fmt.Errorf("the matcher %q: %w", text, err)
			}
			is = re.MatchString(value)
		}
		if is == (m[2][0] == '!') {
			return false, nil
		}
	}
	return true, nil
}

// routing looks at whether each route and each inhibition has alerts that it is for.
func (l *linter) routing(f *rulefile.File, c Routing) {
	l.rule = rulefile.Rule{Alert: "route"}
	l.routes(f, c.Route)
	l.rule = rulefile.Rule{Alert: "inhibit_rules"}
	for i, in := range c.Inhibit {
		sources, targets := l.fitting(f, in.Source), l.fitting(f, in.Target)
		if len(sources) == 0 {
			l.add(Error, "routing", "number %d: no alert fits its source_matchers %v: it inhibits nothing", i+1, in.Source)
		}
		if len(targets) == 0 {
			l.add(Error, "routing", "number %d: no alert fits its target_matchers %v: there is nothing to inhibit", i+1, in.Target)
		}
		for _, label := range in.Equal {
			if label == model.JobLabel || label == model.InstanceLabel {
				continue // what is scraped has them
			}
			for _, r := range slices.Concat(sources, targets) {
				if r.Labels[label] == "" {
					l.add(Error, "routing", "number %d: %s has no label %s, by which it is inhibited or inhibits", i+1, r.Alert, label)
				}
			}
		}
	}
}

func (l *linter) routes(f *rulefile.File, r Route) {
	for _, sub := range r.Routes {
		if len(l.fitting(f, sub.Matchers)) == 0 {
			l.add(Warning, "routing", "no alert fits %v", sub.Matchers)
		}
		l.routes(f, sub)
	}
}

func (l *linter) fitting(f *rulefile.File, matchers []string) []rulefile.Rule {
	var all []rulefile.Rule
	for _, r := range f.Alerts() {
		is, err := holds(matchers, r)
		if err != nil {
			l.add(Error, "routing", "%v", err)
			return nil
		}
		if is {
			all = append(all, r)
		}
	}
	return all
}
