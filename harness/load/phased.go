package load

import (
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// phased keeps counts apart by the phase in which requests were due.
type phased struct {
	phases []result.Phase
	each   []counted // one a phase, and a last one for what is due outside of all
}

func newPhased(phases []result.Phase) phased {
	return phased{phases: phases, each: make([]counted, len(phases)+1)}
}

// at returns the counts of the phase in which due lies.
func (p *phased) at(due time.Duration) *counted {
	for i := range p.phases {
		if due >= p.phases[i].From && due < p.phases[i].To {
			return &p.each[i]
		}
	}
	return p.outside()
}

// outside returns the counts of what is due in no phase.
func (p *phased) outside() *counted { return &p.each[len(p.phases)] }

// whole returns the sum of all counts.
func (p *phased) whole() counted {
	var sum counted
	for i := range p.each {
		sum.merge(&p.each[i])
	}
	return sum
}
