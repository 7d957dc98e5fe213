package harness

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/step"
)

// politeScenario reads now and then.
func politeScenario() Scenario {
	s := twoPhases()
	s.Faults = nil
	s.Load[0].Profile = load.Constant(PoliteRate, s.Timeline.Total())
	return s
}

func TestWhatMayBeDoneToSomebodyElse(t *testing.T) {
	named := Launch{URL: "https://staging.example:8443/shop", AllowHosts: []string{"staging.example"}}
	posts := load.Template{Method: "POST", Path: "/orders"}
	for name, row := range map[string]struct {
		launch Launch
		change func(*Scenario)
		want   string // empty: nothing is wrong
	}{
		"a host that was named":           {launch: named},
		"a host that was named with port": {launch: Launch{URL: named.URL, AllowHosts: []string{"Staging.example:8443"}}},
		"a host that was not named": {
			launch: Launch{URL: named.URL, AllowHosts: []string{"staging.example:443", "example"}},
			want:   "name its host with --allow-host staging.example",
		},
		"one on this machine": {launch: Launch{URL: "http://127.0.0.1:8000"}, want: "--allow-host 127.0.0.1"},
		"much load": {
			launch: named, want: "10 at most",
			change: func(s *Scenario) { s.Load[0].Profile = load.Constant(11, s.Timeline.Total()) },
		},
		"much load of several streams": {
			launch: named, want: "20 requests a second",
			change: func(s *Scenario) { s.Load = append(s.Load, s.Load[0]); s.Load[1].Name = "other" },
		},
		"code that changes something": {
			launch: named, want: "sends DELETE",
			change: func(s *Scenario) {
				s.Load[0].Next = func(n int64, _ *rand.Rand) load.Request {
					return load.Request{Method: map[bool]string{true: "DELETE"}[n == 15], Path: "/"}
				}
			},
		},
		"a template that changes something": {
			launch: named, want: "sends POST",
			change: func(s *Scenario) { s.Load[0].Next, s.Load[0].Template = nil, &posts },
		},
		"a journey that changes something": {
			launch: named, want: "sends POST",
			change: func(s *Scenario) {
				s.Load[0].Next, s.Load[0].Steps = nil, []load.Step{{Name: "order", Template: posts}}
			},
		},
		"a login that changes something": {
			launch: named, want: "sends POST",
			change: func(s *Scenario) {
				s.Load[0].Sessions = &load.Sessions{Count: 1, Steps: []load.Step{{Name: "login", Template: posts}}}
			},
		},
		"a setup that changes something": {
			launch: named, want: "would change",
			change: func(s *Scenario) {
				s.World.Each = []SetupStep{{Step: step.Step{Request: &step.Request{Method: "PUT", Path: "/"}}, WhenReady: true}}
			},
		},
		"all of it, by who runs it too": {
			launch: Launch{URL: named.URL, AllowHosts: named.AllowHosts, AllowLoad: true},
			change: func(s *Scenario) {
				s.Load[0].Next, s.Load[0].Template = nil, &posts
				s.Load[0].Profile = load.Constant(99, s.Timeline.Total())
			},
		},
		"a dependency that was not named": {
			want: "the dependency rates is rates.example:443, a service that somebody else runs: to call it, name its host with --allow-host rates.example",
			change: func(s *Scenario) {
				s.World.Dependencies = []Dependency{{Name: "rates", Elsewhere: "rates.example:443"}}
			},
		},
		"a dependency that would be seeded": {
			launch: Launch{AllowHosts: []string{"rates.example"}}, want: "never migrated or seeded",
			change: func(s *Scenario) {
				s.World.Dependencies = []Dependency{{Name: "rates", Elsewhere: "rates.example:443"}}
				s.World.Once = []SetupStep{{Step: step.Step{Run: []string{"migrate"}}, Writes: []string{"rates"}}}
			},
		},
		"a dependency that was named": {
			launch: Launch{AllowHosts: []string{"rates.example"}},
			change: func(s *Scenario) {
				s.World.Dependencies = []Dependency{{Name: "rates", Elsewhere: "rates.example:443"}}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := politeScenario()
			if row.change != nil {
				row.change(&s)
			}
			c := Config{Target: row.launch}
			err := errors.Join(c.validateHosts([]Scenario{s, s}), c.validateElsewhere(s))
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, row.want)
			require.Equal(t, 1, strings.Count(err.Error(), row.want), "it is said once")
			require.ErrorAs(t, err, new(*InvalidError))
		})
	}
}

func TestErrorsThatRunAwayEndTheLoad(t *testing.T) {
	// Each is the share of 10 requests a second that fail, second by second.
	for name, row := range map[string]struct {
		failed []float64
		rate   int64
		at     int // the second at which it ends; 0: it does not
	}{
		"all is well":                  {failed: []float64{0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, rate: 10},
		"all fail":                     {failed: []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, rate: 10, at: 6},
		"half fail":                    {failed: []float64{.5, .5, .5, .5, .5, .5, .5, .5, .5, .5}, rate: 10},
		"most fail after a while":      {failed: []float64{0, 0, 0, 0, 1, 1, 1, 1, 1, 1}, rate: 10, at: 7},
		"a hiccup":                     {failed: []float64{0, 0, 1, 1, 0, 0, 0, 0, 0, 0}, rate: 10},
		"too few to mean anything":     {failed: []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, rate: 1},
		"in the end it is well enough": {failed: []float64{.4, .4, .4, .4, .4, .4, .4, .4, .4, .4}, rate: 10},
	} {
		t.Run(name, func(t *testing.T) {
			var r runaway
			var s load.Snapshot
			ended := 0
			for second, share := range row.failed {
				s.Failed += int64(share * float64(row.rate))
				s.OK += row.rate - int64(share*float64(row.rate))
				for part := range 2 { // looked at twice a second
					if r.look(time.Duration(second+1)*time.Second+time.Duration(part)*time.Second/2, []load.Snapshot{s}) && ended == 0 {
						ended = second + 1
					}
				}
			}
			require.Equal(t, row.at, ended)
		})
	}
}
