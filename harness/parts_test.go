package harness

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ofParts is a scenario of a web process and two workers, for tests to spoil.
func ofParts(faults ...Fault) Scenario {
	return Scenario{
		Name: "shop/checkout", Claim: "the shop", Timeline: Timeline{Baseline: time.Second, Inject: 2 * time.Second},
		Parts: []Part{{Name: "web"}, {Name: "worker", Replicas: 2}}, Faults: faults,
	}
}

func TestAProcessIsAPlaceAndSoIsEachOfItsReplicas(t *testing.T) {
	s := ofParts()
	require.Equal(t, []string{"web", "worker.1", "worker.2", "worker", OnTarget}, s.programs())
	for _, row := range []struct {
		on        string
		instances int
		want      []int
	}{
		{"web", 0, []int{0}}, {"worker", 0, []int{1, 2}}, {"worker", 1, []int{1}}, {"worker.2", 0, []int{2}},
		{OnTarget, 0, []int{0, 1, 2}}, {"stripe", 0, nil}, {OnDatabase, 1, nil},
	} {
		require.Equal(t, row.want, s.slotsAt(Fault{On: row.on, Instances: row.instances}), row.on)
	}
	require.Equal(t, []string{OnTarget}, Scenario{}.programs(), "a target of one program has no others")
	require.Equal(t, []int{0}, Scenario{Instances: 2}.slotsAt(Fault{On: OnTarget}), "and its first instance is the target")
}

func TestFaultsOfProcessesAreHeldAgainstThePartsOfTheTarget(t *testing.T) {
	for _, row := range []struct {
		because string
		faults  []Fault
	}{
		{"", []Fault{NewFault("a", "web", "pause"), NewFault("b", "worker", "kill"), NewFault("c", "worker.2", "starve 20%")}},
		{`there is no place "wroker"; did you mean "worker"?`, []Fault{NewFault("a", "wroker", "kill")}},
		{`there is no place "worker.3"`, []Fault{NewFault("a", "worker.3", "kill")}},
		{`there is no place "wroker"`, []Fault{{ID: "a", On: "wroker", Instances: 1, Kind: NewFault("", "", "kill").Kind}}},
		{"there are 2 of worker, not 3", []Fault{{ID: "a", On: "worker", Instances: 3, Kind: NewFault("", "", "kill").Kind}}},
		{"it is for -1 instances", []Fault{{ID: "a", On: "worker", Instances: -1, Kind: NewFault("", "", "kill").Kind}}},
		{"database is none", []Fault{{ID: "a", On: OnDatabase, Instances: 1, Kind: NewFault("", "", "delay 1s").Kind}}},
		{`a process cannot carry out "delay"; the nearest to it here is "starve"`, []Fault{NewFault("a", "worker", "delay 1s")}},
		{"act on one process", []Fault{NewFault("a", "worker", "pause"), NewFault("b", "worker.2", "kill")}},
		{"act on one process", []Fault{NewFault("a", OnTarget, "kill"), NewFault("b", "web", "pause")}},
		{"limit the same", []Fault{NewFault("a", OnTarget, "starve 20%"), NewFault("b", "web", "starve 10%")}},
	} {
		var p problems
		s := ofParts(row.faults...)
		s.validateFaults(&p)
		if row.because == "" {
			require.Empty(t, p)
			continue
		}
		require.ErrorContains(t, &InvalidError{"it", p}, row.because)
	}
}

func TestWhatProcessesMayBeCalled(t *testing.T) {
	for because, parts := range map[string][]Part{
		"is no name of a process":   {{Name: "web.1"}},
		"has another meaning":       {{Name: "database"}},
		"two processes are named":   {{Name: "web"}, {Name: "web"}},
		"between 1 and 16":          {{Name: "web", Replicas: 100}},
		"not 2 instances":           {{Name: "web"}},
		`dependency "web" is taken`: {{Name: "web"}},
	} {
		s := ofParts()
		s.Parts = parts
		s.World.Dependencies = []Dependency{{Name: "web"}}
		if because == "not 2 instances" {
			s.Instances = 2
		}
		require.ErrorContains(t, s.Validate(), because)
	}
}
