package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/nearest"
)

func newExplain(env environ) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "explain NAME",
		Short: "Say what a verdict, metric, check, protection or fault is, as reports name it",
		Long: `Says what a word of a report means: a verdict (inconclusive), a metric
(search.latency.p99), a check as the report writes it ("search.latency.p99 in
inject"), a standing check (answers), a protection (search.sql-limit) or a fault
(delay).`,
		Example: `  holdfast explain inconclusive
  holdfast explain search.sql-limit
  holdfast explain delay`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			subject, err := f.subject(env)
			if err != nil {
				return usage(err)
			}
			return explain(env.stdout, wordsOf(subject), strings.Join(args, " "))
		},
	}
	cmd.Flags().StringVar(&f.profile, "profile", "bench", "whose scenarios")
	cmd.Flags().StringVar(&f.service, "service", "", "those of a service of your own: its holdfast.yaml, or the folder with one")
	f.target, f.given = "process", cmd.Flags().Changed
	f.complete(cmd, env, subject.explainable)
	return cmd
}

// explainable are the names that explain knows, with what kind each is.
func (s subject) explainable() []string {
	var all []string
	for name, words := range wordsOf(s) {
		if !strings.Contains(name, " ") { // a check with its phase and limit: too long to type
			all = append(all, cobra.CompletionWithDesc(name, words[0].kind))
		}
	}
	slices.Sort(all)
	return all
}

// word is what is said of a name. A name may have several, as a metric and a check.
type word struct {
	kind, says string
	more       []string // a line each
}

// explain says what is known of a name. What follows a metric in the name of a check, as
// its phase and its limit, does not matter.
func explain(out io.Writer, known map[string][]word, asked string) error {
	name := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(asked), "standing: "))
	found := known[name]
	if len(found) == 0 {
		name, _, _ = strings.Cut(name, " ")
		found = known[name]
	}
	if len(found) == 0 {
		return usage(fmt.Errorf("nothing is called %s%s", asked, nearest.Hint(name, slices.Sorted(maps.Keys(known)))))
	}
	for i, w := range found {
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%s, a %s: %s\n", name, w.kind, w.says)
		for _, line := range w.more {
			fmt.Fprintln(out, "  "+line)
		}
	}
	return nil
}

// wordsOf is all that can be explained, by name in small letters.
func wordsOf(s subject) map[string][]word {
	known := map[string][]word{}
	add := func(name string, w word) { known[strings.ToLower(name)] = append(known[strings.ToLower(name)], w) }
	for _, v := range result.Verdicts() {
		add(string(v), word{kind: "verdict", says: v.About()})
	}
	for _, row := range fault.Catalogue() {
		w := word{kind: "fault", says: row.Form}
		for _, v := range row.Variants {
			w.more = append(w.more, fmt.Sprintf("%s: %s. Stands for %s.", v.Example, v.Does, v.Models))
		}
		add(row.Name, w)
	}
	for _, c := range standing.All() {
		add(c.Name, word{kind: "standing check", says: c.About, more: []string{"It holds in every scenario, and none has written it. docs/standing.md says at what it looks."}})
	}
	for _, p := range s.protections {
		add(p.Name, explainProtection(p, s.scenarios))
	}
	for name, w := range explainMetrics(s.scenarios) {
		add(name, w)
	}
	return known
}

// explainProtection says what a protection does, what takes it away, and who proves it.
func explainProtection(p harness.Protection, all []harness.Scenario) word {
	w := word{kind: "protection", says: p.About}
	for _, name := range slices.Sorted(maps.Keys(p.Off)) {
		line := name + "=" + p.Off[name] + " takes it away"
		if p.Default[name] != "" {
			line += "; by default it is " + p.Default[name]
		}
		w.more = append(w.more, line)
	}
	for _, process := range slices.Sorted(maps.Keys(p.OffIn)) {
		for _, name := range slices.Sorted(maps.Keys(p.OffIn[process])) {
			w.more = append(w.more, fmt.Sprintf("%s=%s of %s takes it away", name, p.OffIn[process][name], process))
		}
	}
	for _, process := range slices.Sorted(maps.Keys(p.OffCommand)) {
		w.more = append(w.more, fmt.Sprintf("%s without it: %s", process, strings.Join(p.OffCommand[process], " ")))
	}
	if p.Runbook != "" {
		w.more = append(w.more, "runbook: "+p.Runbook)
	}
	for _, s := range all {
		if slices.Contains(s.Protections, p.Name) {
			w.more = append(w.more, "proved by "+s.Name+": "+s.Claim)
		}
	}
	return w
}

// explainMetrics says of each metric of the scenarios what it is, and which checks are on it.
func explainMetrics(all []harness.Scenario) map[string]word {
	known := map[string]word{}
	for _, s := range all {
		for _, d := range s.Metrics() {
			w, told := known[d.Name]
			if !told {
				w = word{kind: "metric", says: metricText(d)}
			}
			for _, c := range slices.Concat(s.Checks, s.Implied()) {
				if c.Metric == d.Name {
					w.more = append(w.more, "checked by "+s.Name+": "+c.String()+because(c))
				}
			}
			known[d.Name] = w
		}
	}
	return known
}

func metricText(d verdict.Descriptor) string {
	text := d.About
	if text == "" {
		text = "a number of the scenario's own, as its name says"
	}
	if d.Unit != "" {
		text += ", in " + d.Unit
	}
	if d.MinSamples > 1 {
		text += fmt.Sprintf("; of fewer than %d samples it says nothing", d.MinSamples)
	}
	return text
}

func because(c verdict.Check) string {
	if c.Why == "" {
		return ""
	}
	return " (" + c.Why + ")"
}
