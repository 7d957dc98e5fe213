package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/manifest"
)

// listed is the catalogue as holdfast list --json prints it.
type listed struct {
	Scenarios   []listedScenario   `json:"scenarios"`
	Protections []listedProtection `json:"protections"`
	// Standing are the checks that hold in every scenario.
	Standing []listedStanding `json:"standing"`
}

type listedStanding struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

type listedScenario struct {
	Name        string   `json:"name"`
	Claim       string   `json:"claim"`
	Protections []string `json:"protections"`
	Checks      []string `json:"checks"`
	// Load is what is sent, as data where it is data.
	Load    []load.Stream `json:"load"`
	Seconds float64       `json:"load_s"`
	// Notation is the whole scenario as it would stand in a holdfast.yaml, InGo what of
	// it is a function in Go and has no notation.
	Notation json.RawMessage `json:"notation"`
	InGo     []string        `json:"in_go,omitempty"`
	Headline bool            `json:"headline"`
	ByName   bool            `json:"by_name_only"`
}

type listedProtection struct {
	Name  string            `json:"name"`
	About string            `json:"about"`
	Off   map[string]string `json:"off"`
	// OffIn and OffCommand are what takes it away in single processes.
	OffIn      map[string]map[string]string `json:"off_in,omitempty"`
	OffCommand map[string][]string          `json:"off_command,omitempty"`
	ProvedBy   []string                     `json:"proved_by"`
}

func newList(env environ) *cobra.Command {
	var asJSON, standingOnly bool
	var f runFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Scenarios with what each proves; protections with the scenarios that prove each",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			subject, err := f.subject(env)
			if err != nil {
				return usage(err)
			}
			all, err := catalogue(subject.scenarios, subject.protections)
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(env.stdout)
				enc.SetIndent("", " ")
				enc.SetEscapeHTML(false)
				return enc.Encode(all)
			}
			if standingOnly {
				return all.printStanding(env)
			}
			return all.print(env)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	cmd.Flags().BoolVar(&standingOnly, "standing", false, "the checks that hold in every scenario")
	cmd.Flags().StringVar(&f.profile, "profile", "bench", "whose scenarios")
	cmd.Flags().StringVar(&f.service, "service", "", "those of a service of your own: its holdfast.yaml, or the folder with one")
	f.target, f.given = "process", cmd.Flags().Changed
	return cmd
}

func catalogue(all []harness.Scenario, protections []harness.Protection) (listed, error) {
	l := listed{Scenarios: []listedScenario{}, Protections: []listedProtection{}}
	provedBy := map[string][]string{}
	for _, s := range all {
		row := listedScenario{Name: s.Name, Claim: s.Claim, Protections: s.Protections, Load: s.Load, Seconds: s.Timeline.Total().Seconds(), Headline: s.Headline, ByName: s.Slow}
		if row.Protections == nil {
			row.Protections = []string{}
		}
		for _, c := range slices.Concat(s.Checks, s.Implied()) {
			row.Checks = append(row.Checks, c.String())
		}
		var err error
		if row.Notation, row.InGo, err = manifest.Notation(s); err != nil {
			return l, err
		}
		for _, g := range s.Protections {
			provedBy[g] = append(provedBy[g], s.Name)
		}
		l.Scenarios = append(l.Scenarios, row)
	}
	for _, p := range protections {
		l.Protections = append(l.Protections, listedProtection{p.Name, p.About, p.Off, p.OffIn, p.OffCommand, provedBy[p.Name]})
	}
	for _, c := range standing.All() {
		l.Standing = append(l.Standing, listedStanding{c.Name, c.About})
	}
	return l, nil
}

// printStanding lists what holds in every scenario.
func (l listed) printStanding(env environ) error {
	w := tabwriter.NewWriter(env.stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "STANDING CHECK\tWHAT HOLDS IN EVERY SCENARIO")
	for _, c := range l.Standing {
		fmt.Fprintf(w, "%s\t%s\n", c.Name, c.About)
	}
	return w.Flush()
}

func (l listed) print(env environ) error {
	w := tabwriter.NewWriter(env.stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "SCENARIO\tLOAD\tPROVES")
	for _, s := range l.Scenarios {
		mark := ""
		if s.ByName {
			mark = " (by name only)"
		}
		fmt.Fprintf(w, "%s\t%.0f s\t%s%s\n", s.Name, s.Seconds, s.Claim, mark)
	}
	fmt.Fprintln(w, "\t\t\nPROTECTION\tPROVED BY\tWHAT IT DOES")
	for _, p := range l.Protections {
		for i, name := range p.ProvedBy {
			if i == 0 {
				fmt.Fprintf(w, "%s\t%s\t%s\n", p.Name, name, p.About)
			} else {
				fmt.Fprintf(w, "\t%s\t\n", name)
			}
		}
	}
	return w.Flush()
}
