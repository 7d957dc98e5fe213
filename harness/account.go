package harness

import (
	"holdfast.dev/holdfast/harness/ledger"
)

// validateLedger reports a ledger that can't be drawn up.
func (s Scenario) validateLedger(p *problems) {
	if s.Ledger == nil {
		return
	}
	if s.Reconcile != nil {
		p.say("it draws up its ledger twice: as a function and as data")
	}
	streams := map[string][]ledger.Variable{}
	for _, stream := range s.Load {
		var variables []ledger.Variable
		for name, v := range stream.Vars {
			variables = append(variables, ledger.Variable{Name: name, Unique: v.Unique != ""})
		}
		if stream.Template != nil {
			for name, v := range stream.Template.Vars {
				variables = append(variables, ledger.Variable{Name: name, Unique: v.Unique != ""})
			}
		}
		streams[stream.Name] = variables
	}
	var places []string
	for _, d := range s.World.Dependencies {
		places = append(places, d.Receives...)
	}
	p.note(s.Ledger.Validate(streams, places))
	if one, asks := s.Ledger.Arrived.Step(); asks {
		s.validateDatabase(p, "the ledger", one)
	}
}
