package verdict_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

func TestChecksAreReadAsTheyAreWritten(t *testing.T) {
	m := verdict.Metric
	for text, want := range map[string]verdict.Check{
		"checkout.latency_ok.p99 in heal <= 1.5 x baseline":                m("checkout.latency_ok.p99").In(result.Heal).AtMostTimes(1.5),
		"checkout.latency.p99 in inject <= 2.2s guarding payments.timeout": m("checkout.latency.p99").In(result.Inject).AtMost(verdict.Duration(2200 * time.Millisecond)).Guarding("payments.timeout"),
		"checkout.refused_ratio in heal <= 1%":                             m("checkout.refused_ratio").In(result.Heal).AtMost(verdict.Percent(1)),
		"stripe.charge.attempts.max <= 3":                                  m("stripe.charge.attempts.max").AtMost(verdict.Count(3)),
		"ledger.delay.p99 <= 10s":                                          m("ledger.delay.p99").AtMost(verdict.Duration(10 * time.Second)),
		"web.rss.max < 300MB":                                              m("web.rss.max").Below(verdict.Bytes(300e6)),
		`web.log("ERROR: a <= b") <= 0`:                                    m(`web.log("ERROR: a <= b")`).AtMost(verdict.Count(0)),
		"x between 1 and 5":                                                m("x").Between(verdict.Count(1), verdict.Count(5)),
		"worker.in_flight falls to 0 within 2s in heal":                    m("worker.in_flight").In(result.Heal).FallsTo(verdict.Count(0), 2*time.Second),
		"a.ok_ratio >= 99.5% guarding b.c, d.e primary or not exercised because \"promised: \\\"so\\\"\"": m("a.ok_ratio").AtLeast(verdict.Percent(99.5)).Guarding("b.c", "d.e").AsPrimary().OrNotExercised().Because(`promised: "so"`),
		"a == 64MiB":        m("a").Equals(verdict.Bytes(64 << 20)),
		"a > 40/s":          m("a").Above(verdict.PerSecond(40)),
		"a <= 1.5x":         m("a").AtMost(verdict.Times(1.5)),
		"a <= 0.5 cores":    m("a").AtMost(verdict.Quantity{Value: 0.5, Unit: "cores"}),
		"a in inject >= 2m": m("a").In(result.Inject).AtLeast(verdict.Duration(2 * time.Minute)),
		"a <= -3":           m("a").AtMost(verdict.Count(-3)),
	} {
		got, err := verdict.ParseCheck(text)
		require.NoError(t, err)
		require.Equal(t, want, got, text)
		require.Equal(t, text, want.Text())
	}
}

func TestOtherWaysToWriteTheSame(t *testing.T) {
	for text, want := range map[string]string{
		"a<=3":                           "a <= 3",
		"  a \n  in heal   <=   3  ":     "a in heal <= 3",
		"a <= 3 in heal":                 "a in heal <= 3",
		"a in heal falls to 0 within 2s": "a falls to 0 within 2s in heal",
		"a <= 1m30s":                     "a <= 90s",
		"a <= 1500 ms":                   "a <= 1.5s",
		"a < 300 MB guarding b":          "a < 300MB guarding b",
		"a in heal <= 1.5x baseline":     "a in heal <= 1.5 x baseline",
		"a in heal <= 1.5×baseline":      "a in heal <= 1.5 x baseline",
		`a <= 3 because "b" guarding c`:  `a <= 3 guarding c because "b"`,
		"a <= 1000000":                   "a <= 1000000",
		"a <= 50µs":                      "a <= 0.05ms",
	} {
		got, err := verdict.ParseCheck(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got.Text())
	}
}

func TestWhatIsNoCheckIsRefusedWithWhatWasMeant(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "it does not begin with a metric",
		"<= 3":                          "it does not begin with a metric",
		"a":                             "it has no limit",
		"a <=":                          "a limit is missing",
		"a =< 3":                        `there is no operator "=<", did you mean <=?`,
		"a ≤ 3":                         `there is no operator "≤", did you mean <=?`,
		"a = 3":                         "did you mean ==?",
		"a != 3":                        `there is no operator "!="`,
		"a at most 3":                   "did you mean <=?",
		"a betwen 1 and 5":              "did you mean between?",
		"a falls_to 0 within 2s":        "did you mean falls to?",
		"a in injekt <= 3":              `there is no phase "injekt", did you mean inject?`,
		"a in warm_up <= 3":             "did you mean warm-up?",
		"a in <= 3":                     `there is no phase "<="`,
		"a <= 300Mb":                    `there is no "Mb", did you mean MB?`,
		"a <= 3sec":                     `there is no "sec"`,
		"a <= much":                     `"much" is no quantity`,
		"a between 1":                   "between has two limits",
		"a between 1 or 5":              "between has two limits",
		"a falls to 0 in heal":          "within what time it falls is missing",
		"a falls to 0 within 5 in heal": "within 5 is no time",
		"a falls 0 within 5s":           "falls is written with to and within",
		"a <= 0 x baseline":             "it is more than 0",
		"a <= baseline":                 "is written <= 1.5 x baseline",
		"a < 150% of baseline":          "is written < 1.5 x baseline",
		"a <= 1.5 baseline":             "is written <= 1.5 x baseline",
		"a == 1.5 x baseline":           "never exactly the same",
		"a <= 1.5 x basline":            `there is no "basline", did you mean baseline?`,
		"a <= 3 gaurding b":             `"gaurding" means nothing here, did you mean guarding?`,
		"a <= 3 guarding":               "guarding is followed by",
		"a <= 3 because of it":          "in quotation marks",
		"a <= 3 because 'x'":            "in quotation marks",
		"a <= 3 or exercised":           "or is only: or not exercised",
		"a <= 3 4":                      `"4" means nothing here`,
		`web.log("ERROR <= 0`:           "is not closed",
		"a <= 1e999":                    "is no number",
		"a == 9007199254740993":         "9007199254740993 is above 9007199254740992",
		"a <= -9007199254740993 B":      "not told from their neighbours",
		"a <= NaN":                      "is no quantity",
	} {
		_, err := verdict.ParseCheck(text)
		require.ErrorContains(t, err, want, text)
	}
}

// anyCheck is a check as the constructors make it.
func anyCheck(t *rapid.T) verdict.Check {
	c := verdict.Metric(rapid.StringMatching(`[a-z][a-z0-9_.-]{0,12}(\("[^"\\]{0,8}"\))?`).Draw(t, "metric"))
	c.Phase = rapid.SampledFrom([]string{"", result.WarmUp, result.Baseline, result.Inject, result.Heal, result.Drain}).Draw(t, "phase")
	limit := anyQuantity(t, "limit")
	switch rapid.IntRange(0, 8).Draw(t, "op") {
	case 0:
		c = c.AtMost(limit)
	case 1:
		c = c.AtLeast(limit)
	case 2:
		c = c.Equals(limit)
	case 3:
		c = c.Below(limit)
	case 4:
		c = c.Above(limit)
	case 5:
		c = c.Between(limit, anyQuantity(t, "upper"))
	case 6:
		c = c.FallsTo(limit, time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "within")))
	case 7:
		c = c.AtMostTimes(rapid.Float64Range(1e-9, 1e9).Draw(t, "times"))
	default:
		c = c.AtLeastTimes(rapid.Float64Range(1e-9, 1e9).Draw(t, "times"))
	}
	if rapid.Bool().Draw(t, "why") {
		c = c.Because(rapid.StringN(1, 20, 80).Draw(t, "because"))
	}
	for range rapid.IntRange(0, 2).Draw(t, "protections") {
		c = c.Guarding(rapid.StringMatching(`[a-z]{1,6}\.[a-z-]{1,6}`).Draw(t, "protection"))
	}
	c.Primary, c.Exercise = rapid.Bool().Draw(t, "primary"), rapid.Bool().Draw(t, "exercise")
	return c
}

func anyQuantity(t *rapid.T, label string) verdict.Quantity {
	number := func() float64 {
		return rapid.OneOf(rapid.Float64Range(-1e12, 1e12), rapid.Map(rapid.IntRange(-10, 100_000), func(n int) float64 { return float64(n) / 10 })).Draw(t, label)
	}
	q := rapid.SampledFrom([]func() verdict.Quantity{
		func() verdict.Quantity { return verdict.Count(rapid.Int64Range(-1<<53, 1<<53).Draw(t, label)) },
		func() verdict.Quantity { return verdict.Duration(time.Duration(rapid.Int64().Draw(t, label))) },
		func() verdict.Quantity { return verdict.Bytes(number()) },
		func() verdict.Quantity { return verdict.Percent(number()) },
		func() verdict.Quantity { return verdict.PerSecond(number()) },
		func() verdict.Quantity { return verdict.Times(number()) },
	})
	one := q.Draw(t, label+" kind")()
	if rapid.IntRange(0, 4).Draw(t, "slack") == 0 {
		one = one.Plus(10)
	}
	return one
}

// The printer and the parser are each other's inverse.
func TestACheckIsReadBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCheck(t)
		got, err := verdict.ParseCheck(c.Text())
		require.NoError(t, err)
		require.Equal(t, c, got, c.Text())
		require.Equal(t, c.Text(), got.Text())
	})
}

// Whatever is read is written as what is read as the same.
func FuzzParseCheck(f *testing.F) {
	for _, text := range []string{"a in heal <= 1.5 x baseline guarding b.c primary", `w.log("E\"") between 1% and 2MiB`, "a falls to 0 within 1m30s in heal or not exercised", `a == 1e3ms because "x\n"`, "a<=-.5/s"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := verdict.ParseCheck(text)
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "check "), err)
			return
		}
		again, err := verdict.ParseCheck(c.Text())
		require.NoError(t, err, "%q of %q", c.Text(), text)
		require.Equal(t, c, again, "%q of %q", c.Text(), text)
	})
}
