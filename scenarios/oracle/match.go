package oracle

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/scenarios/contract"
)

func ok(r contract.ImpactResult) bool      { return r.OK }
func isError(r contract.ImpactResult) bool { return r.Failed }

// results goes through an answer in the order of its oracles.
func (h *heard) results(are func(contract.ImpactResult) bool) iter.Seq2[string, contract.ImpactResult] {
	return func(yield func(string, contract.ImpactResult) bool) {
		for _, oracle := range slices.Sorted(maps.Keys(h.answer.Results)) {
			if r := h.answer.Results[oracle]; are(r) && !yield(oracle, r) {
				return
			}
		}
	}
}

// quotes finds the call that each good result comes from.
func (a *audit) quotes(h *heard) {
	for oracle, r := range h.results(ok) {
		a.fresh.Looked++
		of := name{h.answer.Project, oracle}
		source := a.quoted(of, r.Said, h.aged)
		if what := a.problem(h, of, r, source); what != "" {
			a.fresh.Add(a.example(h, what))
		}
		if source != nil && !h.aged {
			source.by = h
		}
	}
}

// quoted is the call whose data are of that time: one that belongs to nobody yet,
// where it is not quoted again. Of two within the fineness of that time it is the one that
// was answered well.
func (a *audit) quoted(of name, asOf time.Time, again bool) *call {
	calls := a.calls[of]
	first, _ := slices.BinarySearchFunc(calls, asOf, func(c *call, t time.Time) int { return c.said.Compare(t) })
	var found *call
	for _, c := range calls[first:] {
		switch {
		case !c.said.Equal(asOf):
			return found
		case !again && c.by != nil:
		case causeOf(c.Entry, a.kinds).ok:
			return c
		case found == nil:
			found = c
		}
	}
	return found
}

// problem says what is wrong with a good result that comes from a call.
func (a *audit) problem(h *heard, of name, r contract.ImpactResult, source *call) string {
	switch {
	case source == nil:
		return fmt.Sprintf("%s is ok with data of %s, which it gave to no call that is not accounted for", of.oracle, r.Said.Format("15:04:05.000"))
	case !causeOf(source.Entry, a.kinds).ok && source.Outcome != journal.Open:
		return fmt.Sprintf("%s is ok, and its call was %s with %s (status %d)", of.oracle, source.Outcome, strings.Join(source.Faults, ", "), source.Status)
	case source.start > h.End || !h.aged && source.start < h.Sent:
		return fmt.Sprintf("%s is ok with what it said %s before the question was sent", of.oracle, (h.Sent - source.start).Round(time.Millisecond))
	case h.aged && h.Sent-a.latestHeard(source) > h.maxAge:
		return fmt.Sprintf("%s is ok with what it said %s before the question was sent, and max-age is %s", of.oracle, (h.Sent - a.latestHeard(source)).Round(time.Millisecond), h.maxAge)
	}
	return ""
}

// latestHeard is when what a call was answered may have gone into a cache at the latest.
func (a *audit) latestHeard(c *call) time.Duration {
	if c.by != nil {
		return c.by.End
	}
	return max(c.end, c.start) + a.deadline // for somebody who did not hear it
}

// late is by how much the request of a call that was given up may arrive after the
// answer that calls it a timeout.
const late = 250 * time.Millisecond

// errors finds the call behind each error of an answer.
func (a *audit) errors(h *heard) {
	for oracle, r := range h.results(isError) {
		of := name{h.answer.Project, oracle}
		told := a.about(of, r)
		told.Looked++
		if r.Spared != "" {
			a.inTime.Looked++
			never, no := a.unspared(of, h, r.Spared)
			if never != "" {
				told.Add(a.example(h, never))
			}
			if no != "" {
				a.inTime.Add(a.example(h, no))
			}
			continue
		}
		to := h.End
		if r.Class == contract.TimedOut {
			to += late
		}
		c := a.behind(of, r, h.Sent, to)
		if c == nil && r.Class == contract.TimedOut {
			a.awaited[of] = append(a.awaited[of], h.End)
		}
		switch {
		case c == nil && r.Class == contract.TimedOut && h.End-h.Sent >= a.deadline*9/10: // it had no turn
		case c == nil && r.Class == contract.Connection && a.mayRefuse(of):
			a.uncalled[of]++
		case c == nil && r.Class == contract.TimedOut:
			told.Add(a.example(h, oracle+" is an error (timeout), and was not asked"))
		case c == nil:
			a.far.Add(a.example(h, fmt.Sprintf("%s is an error (%s) and was not asked", oracle, r.Class)))
		case a.explains(of, c, r):
			c.by = h
		default:
			c.by = h
			told.Add(a.example(h, fmt.Sprintf("%s is an error (%s), and its call was %s, status %d, faults: %s", oracle, r.Class, c.Outcome, c.Status, cmp.Or(strings.Join(c.Faults, ", "), "none"))))
		}
		a.redirects(of, c, h)
	}
}

// behind is the call behind an error: the first within a span that explains it, for the
// calls of other requests may lie there too. Else it is the first that belongs to nobody,
// but for an error that needs no call: what was refused reached no fake.
func (a *audit) behind(of name, r contract.ImpactResult, from, to time.Duration) *call {
	c := a.unclaimed(of, from, to, func(c *call) bool { return a.explains(of, c, r) })
	if c != nil || r.Class == contract.Connection && a.mayRefuse(of) {
		return c
	}
	return a.unclaimed(of, from, to, func(*call) bool { return true })
}

// explains reports whether an error may come of a call.
func (a *audit) explains(of name, c *call, r contract.ImpactResult) bool {
	return causeOf(c.Entry, a.kinds).fits(r.Class) || a.cutOff(of, c, r)
}

// about is the finding that an error belongs to. Whoever has no processor may call a
// timeout what was answered in time, and spare an oracle for it: that depends on time,
// and all else that an error says does not.
func (a *audit) about(of name, r contract.ImpactResult) *standing.Finding {
	url := a.urls[of]
	if r.Class == contract.TimedOut {
		a.timedOut[url] = true
		return &a.inTime
	}
	if r.Spared != "" && a.timedOut[url] {
		return &a.inTime
	}
	return &a.told
}

// cutOff reports whether an error may come of connections that a fault cut: the fake
// does not know of a call that it was open then.
func (a *audit) cutOff(of name, c *call, r contract.ImpactResult) bool {
	return r.Class == contract.Connection && c.Outcome != journal.Answered && a.mayRefuse(of)
}

// unclaimed is the first call within a span that belongs to nobody yet and is as wanted.
func (a *audit) unclaimed(of name, from, to time.Duration, wanted func(*call) bool) *call {
	calls := a.calls[of]
	first, _ := slices.BinarySearchFunc(calls, from, func(c *call, at time.Duration) int { return cmp.Compare(c.start, at) })
	for _, c := range calls[first:] {
		if c.start > to {
			break
		}
		if c.by == nil && wanted(c) {
			return c
		}
	}
	return nil
}

// redirects gives the second call of one that was led on to the same request: one
// redirect may be followed.
func (a *audit) redirects(of name, c *call, h *heard) {
	if c == nil || !slices.ContainsFunc(c.Faults, func(id string) bool { _, leads := a.kinds[id].(fault.Redirect); return leads }) {
		return
	}
	if next := a.unclaimed(of, c.start, h.End, func(*call) bool { return true }); next != nil {
		next.by = h
	}
}

// mayRefuse reports whether calls of an oracle may have failed of which no fake knows: they
// were refused where it is, or it is nowhere.
func (a *audit) mayRefuse(of name) bool {
	nowhere := a.urls[of] != "" && len(a.places) > 0
	for place, oracles := range a.places {
		if oracles.Serves(a.urls[of]) {
			nowhere = false
			if a.refused[place] {
				return true
			}
		}
	}
	return nowhere
}

// rest are the calls that no answer explains: as many as there are requests without
// one may be theirs.
func (a *audit) rest() {
	for _, h := range a.heard {
		if h.Status >= 500 {
			if project, _ := a.impact.AskedAbout(h.Path); project != "" {
				a.unheard[project]++
			}
		}
	}
	for _, of := range slices.SortedFunc(maps.Keys(a.calls), func(x, y name) int {
		return cmp.Or(cmp.Compare(x.project, y.project), strings.Compare(x.oracle, y.oracle))
	}) {
		free := a.unheard[of.project]
		if !slices.Contains(a.truth[of.project].Asked, of.oracle) {
			free = 0
		}
		for _, c := range a.calls[of] {
			if c.by != nil {
				continue
			}
			if ends := a.awaited[of]; len(ends) > 0 && ends[0] <= c.start { // in order of time, as the answers
				a.awaited[of] = ends[1:]
				a.inTime.Add(standing.Example{At: c.start, What: fmt.Sprintf("%s was asked about project %s %s after an answer had called that a timeout", of.oracle, of.project, (c.start - ends[0]).Round(time.Millisecond))})
				continue
			}
			if a.uncalled[of] > 0 { // its answer was under way when the connections were cut
				a.uncalled[of]--
				continue
			}
			if free--; free < 0 {
				a.far.Add(standing.Example{At: c.start, What: fmt.Sprintf("%s was asked about project %s, and no request explains it", of.oracle, of.project)})
			}
		}
	}
}
