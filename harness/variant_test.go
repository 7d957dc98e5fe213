package harness

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

func TestWhatAVariantIs(t *testing.T) {
	without := []Protection{{Name: "search.cap", Off: map[string]string{"CAP": "0"}}, {Name: "search.order", Off: map[string]string{"ORDER": "off"}}}
	scenario := Scenario{Settings: map[string]string{"CAP": "100", "POOL": "4", "LOG": "info"}}
	for _, row := range []struct {
		name     string
		variant  Variant
		is       string
		settings map[string]string
		repeat   string // with search.cap taken away from the run already
		program  string
		limit    uint64
	}{
		{"nothing", Variant{}, "the intact target", map[string]string{"CAP": "100", "POOL": "4", "LOG": "info"}, "run a", "bin", 100},
		{"another build", Variant{Name: "the fix", Program: "fixed", MemoryLimit: 7}, "the fix", map[string]string{"CAP": "100", "POOL": "4", "LOG": "info"}, "run a", "fixed", 7},
		{"two mutations", Variant{Without: without}, "without search.cap, search.order",
			map[string]string{"CAP": "0", "POOL": "4", "LOG": "info", "ORDER": "off"}, "run a --without search.order", "bin", 100},
		{"what takes a protection away comes last", Variant{Env: map[string]string{"CAP": "50", "POOL": "8"}, Without: without[:1]}, "without search.cap",
			map[string]string{"CAP": "0", "POOL": "8", "LOG": "info"}, "run a", "bin", 100},
	} {
		t.Run(row.name, func(t *testing.T) {
			before := maps.Clone(scenario.Settings)
			require.Equal(t, row.is, row.variant.String())
			require.Equal(t, row.settings, row.variant.settings(scenario))
			require.Equal(t, before, scenario.Settings, "the scenario itself stays as it was")
			cfg := Config{Without: without[:1], Repeat: func(s string) string { return "run " + s }}
			require.Equal(t, row.repeat, row.variant.repeat(cfg, "a"))
			l := row.variant.launch(Launch{Program: "bin", MemoryLimit: 100})
			require.Equal(t, []any{row.program, row.limit}, []any{l.Program, l.MemoryLimit})
			require.NoError(t, row.variant.validate())
		})
	}
	require.Empty(t, Variant{Without: without}.repeat(Config{Repeat: func(string) string { return "" }}, "a"), "what can't be typed is not half a line")
}

func TestAProtectionThatNothingTakesAwayIsNamed(t *testing.T) {
	err := Variant{Without: []Protection{{Name: "a.one"}, {Name: "a.two", Off: map[string]string{"X": "0"}}, {Name: "a.three"}}}.validate()
	require.ErrorContains(t, err, "a.one")
	require.ErrorContains(t, err, "a.three")
	require.NotContains(t, err.Error(), "a.two")
	require.ErrorAs(t, err, new(*InvalidError))
}

// Each phase is told once as it begins, each look as it is, and the file is written
// when a phase begins without waiting for its time.
func TestWhatIsShownWhileAnExperimentGoesOn(t *testing.T) {
	var seen []string
	var written []LoadSeen
	d := display{
		scenario: Scenario{Name: "a", Timeline: Timeline{Baseline: time.Second, Inject: time.Second}},
		observe:  func(e Event) { seen = append(seen, string(e.Kind)+" "+e.Phase+" "+e.At.String()+" of "+e.Of.String()) },
		sofar:    func(l LoadSeen) { written = append(written, l) },
	}
	for _, at := range []time.Duration{-time.Millisecond, 500 * time.Millisecond, 1500 * time.Millisecond} {
		d.show(moment{at: at, streams: []load.Snapshot{{Stream: "web", Planned: 9, Sent: 8, OK: 7, Late: 1, Shed: 2, Failed: 1, InFlight: 3}}})
	}
	require.Equal(t, []string{
		"phase baseline 0s of 2s", "tick baseline 0s of 2s", "tick baseline 500ms of 2s", "phase inject 1.5s of 2s", "tick inject 1.5s of 2s",
	}, seen)
	require.Len(t, written, 2)
	require.Equal(t, result.Counts{Planned: 9, Sent: 8, OK: 7, Late: 1, Shed: 2}, written[1].Streams[0].Stream.Counts)
	require.Len(t, written[1].Phases, 2)
}
