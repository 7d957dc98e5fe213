package oracle

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"slices"
	"time"

	"holdfast.dev/holdfast/scenarios/contract"
)

// bounds are the times that answers and calls are held against; 0: nobody told.
type bounds struct {
	deadline time.Duration // of an answer
	cooldown time.Duration // for which an oracle that is sick is left alone
}

// muchLate is by how much later than it could a breaker may let a call through, on a machine
// that is busy.
const muchLate = time.Second

// unspared says what is wrong with a result for which no call was made: that there never
// was a reason for it by then, or that there is none at that moment, or else an oracle is
// spared for ever. Empty: nothing is.
//
// Who is sick has failed within the cooldown, or is being tried by the call of another. A
// host that is full has calls under way.
func (a *audit) unspared(of name, h *heard, why contract.Spared) (never, no string) {
	if a.mayRefuse(of) {
		return "", "" // what was refused reached no fake
	}
	address, from, to := a.urls[of], h.Sent-late, h.End+late
	switch why {
	case contract.SparedSick:
		last, ever := a.sickUntil(address, h.End)
		since := h.Sent - last
		switch {
		case !ever:
			never = of.oracle + " was spared its call, and none of it had failed before in a way that says it is sick"
		case a.cooldown > 0 && since > a.cooldown+muchLate && !a.underWay.any(address, from, to):
			no = fmt.Sprintf("%s was spared its call as sick %s after the last that had failed, when its cooldown of %s was long over, and nobody tried it",
				of.oracle, since.Round(time.Millisecond), a.cooldown)
		}
	case contract.SparedBusy:
		if host := hostOf(address); host != "" && !a.underWay.any(host, from, to) {
			no = of.oracle + " was spared its call as its host had as many as it may, and none was under way there"
		}
	}
	return never, no
}

// sickUntil is when the last call to an address ended, of those that began by then, which
// had shown that it is in no state to answer. A call that is open shows it until then.
func (a *audit) sickUntil(address string, by time.Duration) (last time.Duration, ever bool) {
	for of, calls := range a.calls {
		if a.urls[of] != address {
			continue
		}
		for _, c := range calls {
			if c.start > by {
				break
			}
			if sick(c.Entry, a.kinds) {
				last, ever = max(last, min(c.over(), by)), true
			}
		}
	}
	return last, ever
}

// over is when a call had ended; one that is open never has.
func (c *call) over() time.Duration {
	if c.end == 0 {
		return math.MaxInt64
	}
	return c.end
}

// spans are the times at which calls were under way, by the address of an oracle and by
// that of its host: in order, and apart from each other.
type spans map[string][]span

type span struct{ from, to time.Duration }

// spansOf are those of an audit's calls.
func (a *audit) spansOf() spans {
	all := spans{}
	for of, calls := range a.calls {
		address := a.urls[of]
		for _, c := range calls {
			for _, at := range []string{address, hostOf(address)} {
				all[at] = append(all[at], span{c.start, c.over()})
			}
		}
	}
	for at, each := range all {
		slices.SortFunc(each, func(x, y span) int { return cmp.Compare(x.from, y.from) })
		apart := each[:1]
		for _, next := range each[1:] {
			if last := &apart[len(apart)-1]; next.from <= last.to {
				last.to = max(last.to, next.to)
			} else {
				apart = append(apart, next)
			}
		}
		all[at] = apart
	}
	return all
}

// any reports whether a call was under way at an address at some moment of a span.
func (s spans) any(at string, from, to time.Duration) bool {
	i, _ := slices.BinarySearchFunc(s[at], from, func(one span, t time.Duration) int { return cmp.Compare(one.to, t) })
	return i < len(s[at]) && s[at][i].from <= to
}

// hostOf is the host of an oracle's address, with its port; empty: it has none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
