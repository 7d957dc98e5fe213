package load

import (
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
)

// phased keeps counts apart by the phase in which requests were due.
type phased struct {
	phases []result.Phase
	// onset is when the first fault begins; zero: there is none.
	onset time.Duration

	each []counted // one a phase, and a last one for what is due outside of all
	// Of requests that were due in a phase that was over before the onset and that
	// were still open then: cut is what is known of them until then, ended how they
	// ended.
	cut, ended []counted
}

func newPhased(phases []result.Phase, onset time.Duration) phased {
	n := len(phases) + 1
	return phased{phases: phases, onset: onset, each: make([]counted, n), cut: make([]counted, n), ended: make([]counted, n)}
}

// index is that of the phase in which due lies, or of what lies outside of all.
func (p *phased) index(due time.Duration) int {
	for i := range p.phases {
		if due >= p.phases[i].From && due < p.phases[i].To {
			return i
		}
	}
	return len(p.phases)
}

// at returns the counts of the phase in which due lies.
func (p *phased) at(due time.Duration) *counted { return &p.each[p.index(due)] }

// outside returns the counts of what is due in no phase.
func (p *phased) outside() *counted { return &p.each[len(p.phases)] }

// finish counts what came of a request that was sent.
func (p *phased) finish(x *Exchange) {
	i := p.index(x.Due)
	if !x.Unplanned {
		latency.Record(&p.each[i].lag, x.Sent-x.Due, latency.Coarse)
	}
	if i == len(p.phases) || p.onset == 0 || p.onset < p.phases[i].To || x.End <= p.onset {
		p.each[i].finish(x)
		return
	}
	p.cut[i].cut(x, p.onset)
	p.ended[i].finish(x)
}

// whole returns the sum of all counts.
func (p *phased) whole() counted {
	var sum counted
	for i := range p.each {
		sum.merge(&p.each[i])
		sum.merge(&p.ended[i])
	}
	return sum
}

// apart returns what the phases come to each by itself, and what they do together
// with later ones: how each of their requests ended.
func (p *phased) apart() (alone, together []counted) {
	for i := range p.phases {
		alone, together = append(alone, p.sum(i, p.cut)), append(together, p.sum(i, p.ended))
	}
	return alone, together
}

func (p *phased) sum(i int, rest []counted) counted {
	var c counted // its own, for p may go on counting
	c.merge(&p.each[i])
	c.merge(&rest[i])
	return c
}
