package main

import (
	"fmt"
	"io"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/alerts/replay"
	"holdfast.dev/holdfast/harness/scrapes"
)

func newReplay(stdout io.Writer) *cobra.Command {
	c := replay.Config{}
	cmd := &cobra.Command{
		Use:   "replay RULES RECORDING",
		Short: "Play a recording through rules: when each alert was pending, fired and was resolved",
		Example: `  holdfast run --service . checkout/slow-payments --record-scrapes --out out/a
  holdfast alerts replay rules.yml out/a/scrapes/checkout.slow-payments.jsonl.gz --factor 120`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := readRules(args[0])
			if err != nil {
				return err
			}
			rec, err := scrapes.ReadFile(args[1])
			if err != nil {
				return err
			}
			out, err := replay.Play(cmd.Context(), f, rec, c)
			if err != nil {
				return err
			}
			show(stdout, out)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.Float64Var(&c.Clock.Factor, "factor", 1, "how many times faster than the recording the rules' clock is")
	flags.StringSliceVar(&c.Clock.Ages, "age", nil, "a metric that is an age in seconds, and so is so many times older (repeatable; *_age_seconds is one)")
	flags.StringSliceVar(&c.Clock.Moments, "moment", nil, "a metric that is a moment in seconds since 1970 (repeatable; *_timestamp_seconds and *_start_time_seconds are)")
	flags.StringSliceVar(&c.Clock.Once, "once", nil, "a metric that counts what happens so often however long it lasts (repeatable)")
	flags.DurationVar(&c.Interval, "interval", replay.DefaultInterval, "the time between two evaluations of groups that do not say it")
	return cmd
}

func show(w io.Writer, r *replay.Replay) {
	fmt.Fprintf(w, "%s of the rules' clock were played\n", model.Duration((r.To - r.From).Round(time.Second)))
	for _, t := range r.Timelines {
		fmt.Fprintf(w, "%s: inactive", t.Alert)
		for _, c := range t.Changes {
			word := c.State.String()
			if c.State == replay.Inactive {
				word = "resolved"
			}
			fmt.Fprintf(w, " → %s at %s", word, model.Duration(c.At.Round(time.Second)))
		}
		if broken := r.Errors[t.Alert]; broken != "" {
			fmt.Fprintf(w, " (cannot be evaluated: %s)", broken)
		}
		fmt.Fprintln(w)
	}
}
