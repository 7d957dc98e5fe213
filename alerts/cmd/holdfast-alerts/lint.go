package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/alerts/dashboard"
	"holdfast.dev/holdfast/alerts/lint"
	"holdfast.dev/holdfast/alerts/matrix"
	"holdfast.dev/holdfast/alerts/plan"
	"holdfast.dev/holdfast/alerts/rulefile"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/scrapes"
)

func newLint(stdout io.Writer) *cobra.Command {
	var scrape, alertmanager, runbooks, grafana string
	var labels []string
	var every time.Duration
	cmd := &cobra.Command{
		Use:   "lint RULES | MATRIX.yaml",
		Short: "Name what rules ask for and the service does not tell, and what can never fire",
		Example: `  holdfast alerts lint rules.yml --scrape http://127.0.0.1:8080/metrics
  holdfast alerts lint rules.yml --scrape page.txt --label severity=page,ticket
  holdfast alerts lint deploy/alerts/matrix.yaml --scrape out/alerts/scrapes/alerts.calm.jsonl.gz`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var c lint.Config
			rules := args[0]
			var err error
			if strings.HasPrefix(filepath.Base(rules), "matrix.") {
				p, problem := plan.Read(rules)
				if problem != nil {
					return problem
				}
				rules = p.Path(p.Rules)
				c, err = lintOf(p)
			} else {
				c, err = lintBy(labels, alertmanager, runbooks, grafana)
			}
			if err != nil {
				return err
			}
			c.ScrapeEvery = every
			if c.Page, c.Type, err = page(cmd.Context(), scrape); err != nil {
				return err
			}
			f, err := readRules(rules)
			if err != nil {
				return err
			}
			return lintAll(cmd.Context(), stdout, f, c)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&scrape, "scrape", "", "the service's metrics page: an address, a file with it, or a recording of holdfast run --record-scrapes (required)")
	flags.StringVar(&alertmanager, "alertmanager", "", "an Alertmanager's configuration: its routes and inhibitions must have alerts")
	flags.StringVar(&runbooks, "runbooks", "", "the folder below which each alert's runbook_url is a file")
	flags.StringVar(&grafana, "dashboard", "", "a dashboard of Grafana, as JSON: each of its queries must give something")
	flags.StringArrayVar(&labels, "label", nil, "a label that each alert must have: NAME or NAME=VALUE,VALUE (repeatable)")
	flags.DurationVar(&every, "every", lint.DefaultScrapeEvery, "the time between two scrapes in production")
	return cmd
}

func lintAll(ctx context.Context, stdout io.Writer, f *rulefile.File, c lint.Config) error {
	found, err := lint.Lint(ctx, f, c)
	if err != nil {
		return err
	}
	for _, one := range found {
		fmt.Fprintf(stdout, "%s:%d: %s: %s: %s [%s]\n", f.Name, one.Line, one.Level, one.Rule, one.Text, one.Check)
	}
	if lint.Failed(found) {
		return outcome{result.Fail}
	}
	fmt.Fprintf(stdout, "%s: %d alerts, nothing that keeps them from firing\n", f.Name, len(f.Alerts()))
	return nil
}

// lintBy is what flags say that rules are held to.
func lintBy(flags []string, alertmanager, runbooks, grafana string) (c lint.Config, err error) {
	if c.Labels, err = labelled(flags); err != nil {
		return c, err
	}
	if c.Routing, err = routing(alertmanager); err != nil {
		return c, err
	}
	if runbooks != "" {
		c.Runbook = lint.RunbookIn(runbooks)
	}
	c.Queries, err = panels(grafana)
	return c, err
}

// panelWindow stands in for the window that Grafana puts into a query.
const panelWindow = 4 * lint.DefaultScrapeEvery

// panels are the queries of a dashboard; none without one.
func panels(path string) ([]lint.Query, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the dashboard: %w", err)
	}
	queries, err := dashboard.Queries(path, data, panelWindow)
	var all []lint.Query
	for _, q := range queries {
		all = append(all, lint.Query{Name: q.Panel, Text: q.Text})
	}
	return all, err
}

func readRules(path string) (*rulefile.File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the rules: %w", err)
	}
	return rulefile.Read(path, text)
}

func routing(path string) (*lint.Routing, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the Alertmanager's configuration: %w", err)
	}
	return lint.ReadRouting(path, text)
}

// labelled reads NAME or NAME=VALUE,VALUE.
func labelled(flags []string) (map[string][]string, error) {
	all := map[string][]string{}
	for _, flag := range flags {
		name, values, has := strings.Cut(flag, "=")
		if name == "" || has && values == "" {
			return nil, fmt.Errorf("--label %s: it is NAME or NAME=VALUE,VALUE", flag)
		}
		all[name] = nil
		if has {
			all[name] = strings.Split(values, ",")
		}
	}
	return all, nil
}

// mostPage bounds a page, in bytes.
const mostPage = 64 << 20

// page reads a metrics page from an address, a file or a recording.
func page(ctx context.Context, from string) (text, contentType string, err error) {
	switch {
	case from == "":
		return "", "", fmt.Errorf("--scrape is missing: the service's metrics page, as an address or a file")
	case strings.HasPrefix(from, "http://"), strings.HasPrefix(from, "https://"):
		return fetch(ctx, from)
	case strings.HasSuffix(from, scrapes.Suffix):
		rec, err := scrapes.ReadFile(from)
		if err != nil {
			return "", "", err
		}
		return lastPage(rec)
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return "", "", fmt.Errorf("--scrape: %w", err)
	}
	return string(data), "text/plain", nil
}

// pageOf is the page of a flag, or the last of the calm scenario.
func pageOf(cmd *cobra.Command, flag string, p *plan.Plan, recorded map[string]matrix.Recorded) (text, contentType string, err error) {
	if rec := recorded[p.Calm.Scenario].Scrapes; flag == "" && rec != nil {
		return lastPage(rec)
	}
	return page(cmd.Context(), flag)
}

// lastPage is the last one of a recording that was read.
func lastPage(rec *scrapes.Recording) (text, contentType string, err error) {
	for _, p := range slices.Backward(rec.Pages) {
		if p.Error == "" {
			return p.Text, p.Type, nil
		}
	}
	return "", "", fmt.Errorf("%s: no page of it was read", rec.Scenario)
}

func fetch(ctx context.Context, address string) (text, contentType string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", "", errors.New("--scrape: it is no address that can be asked") // what is wrong with it may be a password
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", "", fmt.Errorf("--scrape: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", "", fmt.Errorf("--scrape %s: it answered %s", req.URL.Redacted(), resp.Status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, mostPage+1))
	if err != nil {
		return "", "", fmt.Errorf("--scrape %s: %w", req.URL.Redacted(), err)
	}
	if len(data) > mostPage {
		return "", "", fmt.Errorf("--scrape %s: the page is longer than %d bytes", req.URL.Redacted(), mostPage)
	}
	return string(data), resp.Header.Get("Content-Type"), nil
}
