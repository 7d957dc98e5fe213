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

// failure is one error of an answer, and the call behind it; nil: none was found.
type failure struct {
	contract.ImpactResult
	h    *heard
	of   name
	call *call
}

// errors finds the call behind each error of the answers. Those come first that a call
// explains: one of which none does, as one that was called a timeout for want of a
// processor, must not take it from them. Last are the second calls of those that were led
// on, for the calls of other requests may lie there, too.
func (a *audit) errors(heard []*heard) {
	var all []*failure
	for _, h := range heard {
		for oracle, r := range h.results(isError) {
			f := &failure{ImpactResult: r, h: h, of: name{h.answer.Project, oracle}}
			if f.Spared == "" {
				f.call = a.claim(f, func(c *call) bool { return a.explains(f.of, c, r) })
			}
			all = append(all, f)
			if f.Class == contract.TimedOut {
				a.tells(f)
			}
		}
	}
	for _, f := range all {
		if f.Spared != "" {
			a.sparedRightly(f)
			continue
		}
		// What was refused reached no fake, and needs no call.
		if f.call == nil && !(f.Class == contract.Connection && a.mayRefuse(f.of)) {
			f.call = a.claim(f, func(*call) bool { return true })
		}
		a.caused(f)
	}
	for _, f := range all {
		a.redirects(f)
	}
}

// claim takes the first call within the time of an error's request that belongs to nobody
// and is as wanted.
func (a *audit) claim(f *failure, wanted func(*call) bool) *call {
	to := f.h.End
	if f.Class == contract.TimedOut {
		to += late
	}
	c := a.within(f.of, f.h.Sent, to, func(c *call) bool { return c.by == nil && wanted(c) })
	if c != nil {
		c.by, c.behind = f.h, f
	}
	return c
}

// sparedRightly holds an error of which the answer says that no call was made against what
// is known of its oracle and its host.
func (a *audit) sparedRightly(f *failure) {
	told := a.about(f)
	told.Looked++
	a.inTime.Looked++
	never, no := a.unspared(f.of, f.h, f.Spared)
	if never != "" {
		told.Add(a.example(f.h, never))
	}
	if no != "" {
		a.inTime.Add(a.example(f.h, no))
	}
}

// caused holds an error against the call behind it.
func (a *audit) caused(f *failure) {
	h, c, oracle := f.h, f.call, f.of.oracle
	told := a.about(f)
	told.Looked++
	timeout := f.Class == contract.TimedOut
	if c == nil && timeout {
		a.awaited[f.of] = append(a.awaited[f.of], h.End)
	}
	switch {
	case c == nil && timeout && h.End-h.Sent >= a.deadline*9/10: // it had no turn
	case c == nil && f.Class == contract.Connection && a.mayRefuse(f.of):
		a.uncalled[f.of]++
	case c == nil && timeout:
		told.Add(a.example(h, oracle+" is an error (timeout), and was not asked"))
	case c == nil:
		a.far.Add(a.example(h, fmt.Sprintf("%s is an error (%s) and was not asked", oracle, f.Class)))
	case !a.explains(f.of, c, f.ImpactResult):
		told.Add(a.example(h, fmt.Sprintf("%s is an error (%s), and its call was %s, status %d, faults: %s", oracle, f.Class, c.Outcome, c.Status, cmp.Or(strings.Join(c.Faults, ", "), "none"))))
	}
}

// explains reports whether an error may come of a call.
func (a *audit) explains(of name, c *call, r contract.ImpactResult) bool {
	return causeOf(c.Entry, a.kinds).fits(r.Class) || a.cutOff(of, c, r)
}

// tells notes a timeout: the answer may come long after it, for it waits for others.
func (a *audit) tells(f *failure) {
	first, told := a.timedOut[a.urls[f.of]]
	if !told || f.h.Sent < first {
		a.timedOut[a.urls[f.of]] = f.h.Sent
	}
}

// about is the finding that an error belongs to. Whoever has no processor may call a
// timeout what was answered in time, and spare an oracle for it: that depends on time,
// and all else that an error says does not.
func (a *audit) about(f *failure) *standing.Finding {
	if f.Class == contract.TimedOut {
		return &a.inTime
	}
	if first, told := a.timedOut[a.urls[f.of]]; f.Spared != "" && told && first < f.h.End {
		return &a.inTime
	}
	return &a.told
}

// cutOff reports whether an error may come of connections that a fault cut: the fake
// does not know of a call that it was open then.
func (a *audit) cutOff(of name, c *call, r contract.ImpactResult) bool {
	return r.Class == contract.Connection && c.Outcome != journal.Answered && a.mayRefuse(of)
}

// within is the first call within a span that is as wanted.
func (a *audit) within(of name, from, to time.Duration, wanted func(*call) bool) *call {
	calls := a.calls[of]
	first, _ := slices.BinarySearchFunc(calls, from, func(c *call, at time.Duration) int { return cmp.Compare(c.start, at) })
	for _, c := range calls[first:] {
		if c.start > to {
			break
		}
		if wanted(c) {
			return c
		}
	}
	return nil
}

// redirects gives the second call of one that was led back to where it came from to the
// same request: one redirect may be followed.
func (a *audit) redirects(f *failure) {
	if f.call != nil && a.ledBack(f.call) {
		a.another(f, map[*call]bool{})
	}
}

// ledBack reports whether a call was led to where it came from.
func (a *audit) ledBack(c *call) bool {
	return slices.ContainsFunc(c.Faults, func(id string) bool { to, _ := a.kinds[id].(fault.Redirect); return to.To == "loop" })
}

// another takes one more call that was led back for an error, within the time of its
// request: one that belongs to nobody or, since which is whose nobody can tell while
// requests overlap, one for which its owner can take another. Seen are those that were
// tried.
func (a *audit) another(f *failure, seen map[*call]bool) *call {
	return a.within(f.of, f.h.Sent, f.h.End, func(c *call) bool {
		if seen[c] || c.behind == f || !a.ledBack(c) {
			return false
		}
		seen[c] = true
		if owner := c.behind; owner != nil {
			instead := a.another(owner, seen)
			if instead == nil {
				return false
			}
			if owner.call == c {
				owner.call = instead
			}
		} else if c.by != nil {
			return false
		}
		c.by, c.behind = f.h, f
		return true
	})
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
