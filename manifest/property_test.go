package manifest_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/message"
)

// profiles are loads of every sort over a timeline.
func profiles(t *rapid.T, over harness.Timeline) load.Profile {
	rate := func(label string) float64 { return float64(rapid.IntRange(1, 400).Draw(t, label)) }
	total := over.Total()
	switch rapid.IntRange(0, 5).Draw(t, "sort") {
	case 0:
		return load.Throughout(rate("rate")).Over(over.Phases())
	case 1:
		in := map[string]float64{}
		for _, phase := range []string{result.WarmUp, result.Inject, result.Heal} {
			if rapid.Bool().Draw(t, "has "+phase) {
				in[phase] = rate(phase)
			}
		}
		return load.PerPhase(rate("rate"), in).Over(over.Phases())
	case 2:
		return load.BurstsThroughout(int(rate("size")), 250*time.Millisecond).Over(over.Phases())
	case 3:
		return load.Stages(rate("start"), load.Stage{Duration: total / 2, Target: rate("first")}, load.Stage{Duration: total / 4, Target: rate("second")})
	case 4:
		return load.Constant(rate("rate"), total)
	default:
		return load.Sequence(load.Ramp(rate("from"), rate("to"), total/2), load.Bursts(int(rate("size")), 100*time.Millisecond, total/2))
	}
}

// faultTexts are those of the catalogue that an outside API can be made to suffer.
func faultTexts() []string {
	var all []string
	for _, row := range fault.Catalogue() {
		for _, v := range row.Variants {
			if parsed, err := fault.Parse(v.Example); err == nil && stub.Support().Accepts(parsed) == nil {
				all = append(all, v.Example)
			}
		}
	}
	return all
}

func drawnScenario(t *rapid.T, faults []string) harness.Scenario {
	timeline := harness.Timeline{WarmUp: time.Second, Baseline: 3 * time.Second, Inject: 2500 * time.Millisecond, Heal: 1500 * time.Millisecond}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // the letters that are sent are those of the file
	require.NoError(t, encoder.Encode(map[string]any{"text": text(t, "text"), "n": "{n:int}", "who": "{who}"}))
	s := harness.Scenario{
		Name: "price/drawn", Claim: "As it was drawn, ${X}: " + text(t, "claim"), Protections: []string{"rates.timeout"}, Timeline: timeline,
		Load: []load.Stream{{
			Name: "price", Profile: profiles(t, timeline),
			Vars: map[string]load.Var{
				"n": {Integers: &load.Integers{Min: 1, Max: int64(rapid.IntRange(1, 9).Draw(t, "max"))}}, "who": {Words: []string{text(t, "word"), "b"}},
			},
			Template: &load.Template{Method: "POST", Path: "/price/{n}?q={who}", Header: map[string]string{"X-Who": "{n}"}, JSON: bytes.TrimSpace(body.Bytes())},
			Expect:   load.Answering(message.Matcher{Status: []int{200, 201}, JSON: map[string]message.Condition{"price": message.Equal(text(t, "price"))}}),
			Refused:  load.RefusedBy(message.Matcher{Status: []int{503}, Headers: map[string]message.Condition{"Retry-After": message.Like("^[0-9]+$")}}),
		}},
		Checks: []verdict.Check{
			verdict.Metric("price.latency.p99").In(result.Heal).AtMost(verdict.Duration(time.Duration(rapid.IntRange(1, 1e6).Draw(t, "limit")) * time.Microsecond)).Guarding("rates.timeout"),
			verdict.Metric("price.refused_ratio").AtMost(verdict.Percent(float64(rapid.IntRange(1, 99).Draw(t, "share")))).Because(text(t, "why")),
		},
	}
	parsed, err := fault.Parse(rapid.SampledFrom(faults).Draw(t, "fault"))
	require.NoError(t, err)
	s.Faults = []harness.Fault{{ID: "drawn", On: "rates", Kind: parsed.Kind, When: parsed.When, During: result.Inject, After: time.Duration(rapid.IntRange(0, 500).Draw(t, "after")) * time.Millisecond}}
	return s
}

// text is one that needs care in YAML, and names nothing in braces.
func text(t *rapid.T, label string) string {
	return strings.TrimSpace(rapid.OneOf(
		rapid.SampledFrom([]string{"yes", "010", "1.10", "null", "a: b", "# x", "- a", "$X", "it's \"quoted\"", "é ✓", "[x]", "{1,2}", "%", "@x", "*a", "&a", "!x", "12:30:00"}),
		rapid.StringMatching(`[ -z|~é]{1,20}`),
	).Draw(t, label)) + "."
}

// Whatever a scenario is made of, what is shown of it is that scenario when it is read.
func TestAnyScenarioIsShownAndReadAsItWas(t *testing.T) {
	file, err := os.ReadFile("testdata/good/smallest.yaml")
	require.NoError(t, err)
	head, _, _ := strings.Cut(string(file), "scenarios:\n")
	faults := faultTexts()
	require.Greater(t, len(faults), 20)
	rapid.Check(t, func(t *rapid.T) {
		s := drawnScenario(t, faults)
		var shown bytes.Buffer
		require.NoError(t, manifest.Show(&shown, s))
		again, err := manifest.Read([]byte(head+shown.String()), "f.yaml", manifest.Options{})
		require.NoError(t, err, "%s", shown.String())
		got := again.Scenarios[0]
		require.Equal(t, s.Claim, got.Claim)
		require.Equal(t, load.PlanHash(5, s.Load[0], 500), load.PlanHash(5, got.Load[0], 500), "%s", shown.String())
		require.Equal(t, s.Load[0].Expect.Matches, got.Load[0].Expect.Matches)
		require.Equal(t, s.Load[0].Refused.Matches, got.Load[0].Refused.Matches)
		require.Equal(t, s.Checks, got.Checks)
		require.Equal(t, s.Faults, got.Faults)
	})
}
