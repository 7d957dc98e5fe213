package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/scenarios"
	"holdfast.dev/holdfast/scenarios/contract"
)

func newContract(env environ) *cobra.Command {
	f := everything()
	f.all, f.retries = false, unsaid
	cmd := &cobra.Command{
		Use:   "contract [FILE]",
		Short: "Say which scenarios of the catalogue a service's contracts allow, and ask it whether it is as mapped",
		Long: `Says for each scenario of the catalogue whether it can be judged on a service, by what
the contracts of its file tell: wholly, in part, or not, and which line would tell what
is missing. Then the service is started and asked for all that is mapped: what it does
not answer as it was told to is said with what came instead.

FILE is a file or a folder with a ` + manifest.FileName + `; default is this folder.`,
		Example: "  holdfast contract holdfast.yaml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.service = fileOf(args)
			subject, err := f.subject(env)
			if err != nil {
				return usage(err)
			}
			if len(subject.catalogue) == 0 {
				return usage(fmt.Errorf("%s maps nothing that the catalogue has scenarios for: add contracts, with search, impact or tasks (docs/catalogue.md)", subject.service.Path))
			}
			var asking []string
			var rest []harness.Scenario
			for _, s := range subject.catalogue {
				if scenarios.AsksWhetherMapped(s) {
					asking = append(asking, s.Name)
				} else {
					rest = append(rest, s)
				}
			}
			if err := judgeable(env.stdout, rest); err != nil {
				return err
			}
			plan, err := newPlan(env, f, asking)
			if err != nil {
				return usage(err)
			}
			return plan.carryOut(cmd.Context(), env)
		},
	}
	f.register(cmd.Flags(), "smoke")
	cmd.Flags().StringSliceVar(&f.allowHost, "allow-host", nil, "a host that somebody else runs and that may be reached: HOST or HOST:PORT (repeatable)")
	f.given = cmd.Flags().Changed
	return cmd
}

// judgeable prints which scenarios can be judged, and why not.
func judgeable(to io.Writer, all []harness.Scenario) error {
	t := tabwriter.NewWriter(to, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "SCENARIO\tJUDGED\tBY WHAT, OR WHY NOT")
	for _, s := range all {
		how, why := howJudged(s)
		fmt.Fprintf(t, "%s\t%s\t%s\n", s.Name, how, why)
	}
	fmt.Fprintln(t)
	return t.Flush()
}

// howJudged is whether a scenario can be judged, and by what or why not.
func howJudged(s harness.Scenario) (how, why string) {
	if len(s.Lacks) > 0 {
		return "no", strings.Join(s.Lacks, "; ")
	}
	how, why = "yes", s.World.Facts[contract.JudgedBy]
	for _, part := range []string{contract.NotSet, contract.NotLookedAt, contract.NotTried} {
		if which := s.World.Facts[part]; which != "" {
			how, why = "in part", why+"; "+part+": "+which
		}
	}
	return how, why
}
