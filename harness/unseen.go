package harness

import (
	"fmt"
	"slices"
	"strings"
)

// unseen says, before the run, what a scenario asks of a service that somebody else runs
// and nobody can see from outside: its processes, their memory, their log. What rests on
// that is not exercised.
func (s Scenario) unseen() []string {
	var all []string
	within := func(place string) bool { return slices.Contains(s.programs(), place) }
	for _, c := range s.Checks {
		place, _, _ := strings.Cut(c.Metric, ".")
		if within(place) {
			all = append(all, fmt.Sprintf("%s: %s cannot be seen at a service that somebody else runs: not exercised", s.Name, c.Metric))
		}
	}
	for _, f := range s.Faults {
		if within(f.On) {
			all = append(all, fmt.Sprintf("%s: fault %s cannot be laid on a service that somebody else runs: the scenario is not exercised", s.Name, f.ID))
		}
	}
	return all
}

// sayUnseen tells the observer of it.
func (s *Session) sayUnseen(scenarios []Scenario) {
	if s.cfg.Target.URL == "" {
		return
	}
	for _, one := range scenarios {
		for _, text := range one.unseen() {
			s.say(text)
		}
	}
}
