package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/scenarios"
)

// gainsFlags are the flags of holdfast gains beside those of a run.
type gainsFlags struct {
	runFlags
	repetitions uint8
	into        string
}

func newGains(env environ) *cobra.Command {
	f := gainsFlags{runFlags: everything()}
	cmd := &cobra.Command{
		Use:   "gains",
		Short: "Measure what the protections were claimed to gain, before and after, side by side",
		Long: `Runs the same load on the same seed against the reference without its protections
and with them, several times each, and holds the difference against what was claimed. With
--service it is a service of your own, whose contracts say how it is asked and whose
protections say how each is taken away; claims for which it has no switch are named.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := newPlan(env, f.runFlags, nil)
			if err != nil {
				return usage(err)
			}
			if f.repetitions < 1 {
				return usage(errors.New("--repetitions: at least 1"))
			}
			return p.measureGains(cmd.Context(), env, f)
		},
	}
	flags := cmd.Flags()
	flags.Uint8Var(&f.repetitions, "repetitions", 3, "how often each side is measured")
	flags.StringVar(&f.into, "into", "", "Markdown file in which the table is replaced, between <!-- gains --> and <!-- /gains -->")
	f.register(flags, "bench")
	f.registerService(flags)
	return cmd
}

// measureGains measures every promise, writes the reports and prints the table.
func (p *plan) measureGains(ctx context.Context, env environ, f gainsFlags) error {
	p.config.Repeat = func(string) string {
		return fmt.Sprintf("holdfast gains%s --seed %d --repetitions %d", f.again(), p.config.Seed, f.repetitions) + f.databaseAgain()
	}
	profile, err := scenarios.ProfileByName(p.flags.profile)
	if err != nil {
		return usage(err)
	}
	promises, growths, err := p.promised(env.stderr, profile)
	if err != nil {
		return usage(err)
	}
	view, free, err := p.watched(ctx, env)
	if err != nil {
		return err
	}
	defer free()
	run, err := harness.Gains(ctx, p.config, promises, growths, int(f.repetitions))
	view.close()
	if run == nil {
		return runError(ctx, err)
	}
	report, reportErr := writeReports(p.config.Out, run)
	table := gainsTable(run)
	reportErr = errors.Join(err, reportErr, writeFile(filepath.Join(p.config.Out, "gains.md"), table), tellCI(env, run))
	if f.into != "" {
		reportErr = errors.Join(reportErr, replaceBlock(f.into, gainsBlock, table))
	}
	if !view.ended(run, report) {
		fmt.Fprintf(env.stdout, "\n%s\n%s\n", table, report)
	}
	return p.exit(ctx, run, reportErr)
}

// promised are the claims that are measured; on a service of one's own, what cannot be
// is said.
func (p *plan) promised(say io.Writer, profile scenarios.Profile) ([]harness.Promise, []harness.Growth, error) {
	if p.subject.service == nil {
		return scenarios.Promises(profile), scenarios.Growths(profile), nil
	}
	promises, without := scenarios.PromisesOver(profile, p.subject.service.Contracts(), p.subject.protections)
	for _, line := range without {
		fmt.Fprintln(say, "not measured: "+line)
	}
	if len(promises) == 0 {
		return nil, nil, fmt.Errorf("nothing that was claimed can be measured on %s: it needs contracts, and protections by the catalogue's names (docs/catalogue.md)", p.subject.service.Path)
	}
	return promises, nil, nil
}

// gainsTable is the table of claims as Markdown, with where it was measured.
func gainsTable(run *result.Run) []byte {
	var b bytes.Buffer
	b.WriteString("| promise | where | claimed | before | after | measured | holds |\n|---|---|---|---|---|---|---|\n")
	for _, c := range run.Gains {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", c.Name, result.Words(c.Where), c.Claimed,
			figure(c.Before, c.Unit), figure(c.After, c.Unit), measuredGain(c), holds(c))
	}
	for _, c := range run.Curves {
		if len(c.Points) > 0 { // a run that was interrupted may not have come to it
			curveTable(&b, c)
		}
	}
	e := run.Environment
	fmt.Fprintf(&b, "\n%s on %s, %d processors, %s, profile %s, seed %d.\n", run.Started.Format("2006-01-02"), e.OS, e.CPUs, e.Go, run.Profile, run.Seed)
	return b.Bytes()
}

// curveTable is one curve, a column for each size.
func curveTable(b *bytes.Buffer, c result.Curve) {
	head, rule, before, after := "| "+c.Name+", by "+c.X+" |", "|---|", "| before |", "| after |"
	for _, p := range c.Points {
		head += " " + result.Number(p.X) + " |"
		rule += "---|"
		before += " " + figure(p.Before, c.Unit) + " |"
		after += " " + figure(p.After, c.Unit) + " |"
	}
	fmt.Fprintf(b, "\n%s\n%s\n%s\n%s\n", head, rule, before, after)
}

func figure(v *float64, unit string) string {
	if v == nil {
		return "not measured"
	}
	return result.Format(*v, unit)
}

func measuredGain(c result.Gain) string {
	if c.Share == nil {
		why, _, _ := strings.Cut(c.Reason, "\n") // a row of the table is one line
		return why
	}
	text := c.GainText() + " (" + c.IntervalText() + ")"
	if c.Evidence != "" {
		text += "; " + c.Evidence
	}
	return text
}

func holds(c result.Gain) string {
	switch c.Verdict {
	case result.Pass:
		return "✓ holds"
	case result.Fail:
		return "✕ does not hold"
	default:
		return c.Verdict.Mark() + " " + strings.ToLower(c.Verdict.Label())
	}
}

// gainsBlock names the table of gains in a document.
const gainsBlock = "gains"
