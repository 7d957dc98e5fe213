// Package dashboard reads the queries of a dashboard of Grafana, as its JSON has them, so
// that each can be asked. Enter at [Queries].
package dashboard

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Query is one line of a panel.
type Query struct {
	Panel string // its title
	Text  string // in PromQL, with Grafana's variables in place
}

// panel is what is read of a panel; a row holds others.
type panel struct {
	Title   string  `json:"title"`
	Type    string  `json:"type"`
	Panels  []panel `json:"panels"`
	Targets []struct {
		Expr string `json:"expr"`
	} `json:"targets"`
}

// Queries reads all queries of a dashboard, those of rows too. window stands in for
// Grafana's $__rate_interval and $__interval; a variable of the dashboard for any value.
// A panel that asks nothing is an error, unless it shows a text or is a row.
func Queries(name string, data []byte, window time.Duration) ([]Query, error) {
	var d struct {
		Panels     []panel `json:"panels"`
		Templating struct {
			List []struct {
				Name string `json:"name"`
			} `json:"list"`
		} `json:"templating"`
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	pairs := []string{"$__rate_interval", seconds(window), "${__rate_interval}", seconds(window), "$__interval", seconds(window), "$__range", seconds(window)}
	for _, v := range d.Templating.List {
		if v.Name == "" {
			continue
		}
		pairs = append(pairs, "${"+v.Name+"}", ".*", "$"+v.Name, ".*")
	}
	all, err := queries(name, d.Panels, strings.NewReplacer(pairs...))
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%s: no panel in it asks anything", name)
	}
	return all, err
}

func seconds(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }

func queries(name string, panels []panel, values *strings.Replacer) ([]Query, error) {
	var all []Query
	for _, p := range panels {
		inner, err := queries(name, p.Panels, values)
		if err != nil {
			return nil, err
		}
		all = append(all, inner...)
		if p.Type == "row" || p.Type == "text" {
			continue
		}
		if len(p.Targets) == 0 {
			return nil, fmt.Errorf("%s: the panel %q asks nothing", name, p.Title)
		}
		for _, t := range p.Targets {
			if strings.TrimSpace(t.Expr) == "" {
				return nil, fmt.Errorf("%s: the panel %q has a query without expr", name, p.Title)
			}
			all = append(all, Query{p.Title, values.Replace(t.Expr)})
		}
	}
	return all, nil
}
