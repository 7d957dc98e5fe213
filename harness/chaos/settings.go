package chaos

import (
	"slices"
	"time"

	"holdfast.dev/holdfast/fault"
)

// settings are the effects that are on at a proxy, sorted by what they do. A
// value is never changed: a change replaces it and closes changed, which wakes
// whoever waits by the old one.
type settings struct {
	effects   []effect
	gates     []gate
	meters    []meter
	pacers    []pacer
	greeters  []greeter
	cancelers []canceler
	refusers  []refuser
	listeners []listener
	changed   chan struct{}
}

func newSettings(effects []effect) *settings {
	s := &settings{effects: effects, changed: make(chan struct{})}
	for _, e := range effects {
		if g, ok := e.(gate); ok {
			s.gates = append(s.gates, g)
		}
		if m, ok := e.(meter); ok {
			s.meters = append(s.meters, m)
		}
		if p, ok := e.(pacer); ok {
			s.pacers = append(s.pacers, p)
		}
		if g, ok := e.(greeter); ok {
			s.greeters = append(s.greeters, g)
		}
		if c, ok := e.(canceler); ok {
			s.cancelers = append(s.cancelers, c)
		}
		if r, ok := e.(refuser); ok {
			s.refusers = append(s.refusers, r)
		}
		if l, ok := e.(listener); ok {
			s.listeners = append(s.listeners, l)
		}
	}
	return s
}

func (s *settings) with(e effect) *settings {
	return newSettings(append(slices.Clone(s.effects), e))
}

func (s *settings) without(e effect) *settings {
	return newSettings(slices.DeleteFunc(slices.Clone(s.effects), func(o effect) bool { return o == e }))
}

func (s *settings) has(e effect) bool { return slices.Contains(s.effects, e) }

// clear reports whether bytes pass untouched.
func (s *settings) clear() bool {
	return len(s.gates) == 0 && len(s.meters) == 0 && len(s.pacers) == 0
}

// room is how many bytes a direction may hold back. Only a delay makes a line longer:
// what holds, meters or paces fills up and is felt by the sender.
func (s *settings) room(dir fault.Direction) int {
	most := queueBytes
	for _, e := range s.effects {
		if d, ok := e.(*delaying); ok {
			if d.covers(dir) {
				most = lineBytes
			}
		} else if c, ok := e.(interface{ covers(fault.Direction) bool }); ok && c.covers(dir) {
			return queueBytes
		}
	}
	return most
}

// opens says when the gates let c pass: at the latest of their times; ever is
// false where one of them stays shut, lose is true where one loses the bytes.
func (s *settings) opens(f *flow, c *chunk) (at time.Time, ever, lose bool) {
	ever = true
	for _, g := range s.gates {
		if !g.covers(f.dir) {
			continue
		}
		t, open := g.opens(f, c)
		ever = ever && open
		lose = lose || (!open && g.loses())
		if t.After(at) {
			at = t
		}
	}
	return at, ever, lose
}

// piece says how many of n bytes go next, when, and whether the connection then ends.
func (s *settings) piece(f *flow, n int) (most int, at time.Time, cut bool) {
	most = n
	for _, m := range s.meters {
		if !m.covers(f.dir) {
			continue
		}
		allowed, t, ends := m.next(f, most)
		if allowed < most || (allowed == most && ends) {
			most, cut = allowed, ends
		}
		if t.After(at) {
			at = t
		}
	}
	for _, p := range s.pacers {
		if !p.covers(f.dir) || most == 0 {
			continue
		}
		allowed, t := p.reserve(f, most)
		if allowed < most {
			most, cut = allowed, false
		}
		if t.After(at) {
			at = t
		}
	}
	return most, at, cut
}

func (s *settings) passed(f *flow, c *chunk, now time.Time) {
	for _, g := range s.gates {
		if g.covers(f.dir) {
			g.passed(f, c, now)
		}
	}
}

// released tells the gates that held c so far, and are not in force by now, that it
// is let go before its time.
func (s *settings) released(f *flow, c *chunk, now *settings) {
	for _, g := range s.gates {
		if h, ok := g.(holder); ok && g.covers(f.dir) && (now == nil || !now.has(g.(effect))) {
			h.released(f, c, time.Now())
		}
	}
}

func (s *settings) writes(f *flow, n int, now time.Time) {
	for _, m := range s.meters {
		if m.covers(f.dir) {
			m.writes(f, n, now)
		}
	}
	for _, p := range s.pacers {
		if p.covers(f.dir) {
			p.writes(f, n, now)
		}
	}
}
