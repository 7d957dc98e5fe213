package oracle

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/standing"
)

// results goes through an answer in the order of its oracles.
func (h *heard) results(status string) func(func(string, oracleResult) bool) {
	return func(yield func(string, oracleResult) bool) {
		for _, oracle := range slices.Sorted(maps.Keys(h.answer.Results)) {
			if r := h.answer.Results[oracle]; r.Status == status && !yield(oracle, r) {
				return
			}
		}
	}
}

// quotes finds the call that each good result comes from.
func (a *audit) quotes(h *heard) {
	for oracle, r := range h.results("ok") {
		a.fresh.Looked++
		of := name{h.answer.ProjectID, oracle}
		source := a.quoted(of, r.Data.AsOf, h.aged)
		if what := a.problem(h, of, r, source); what != "" {
			a.fresh.Add(a.example(h, what))
		}
		if source != nil && !h.aged {
			source.by = h
		}
	}
}

// quoted is the call whose data are of that time: one that belongs to nobody yet,
// where it is not quoted again.
func (a *audit) quoted(of name, asOf time.Time, again bool) *call {
	calls := a.calls[of]
	first, _ := slices.BinarySearchFunc(calls, asOf, func(c *call, t time.Time) int { return c.asOf.Compare(t) })
	for _, c := range calls[first:] {
		if !c.asOf.Equal(asOf) {
			break
		}
		if again || c.by == nil {
			return c
		}
	}
	return nil
}

// problem says what is wrong with a good result that comes from a call.
func (a *audit) problem(h *heard, of name, r oracleResult, source *call) string {
	switch {
	case source == nil:
		return fmt.Sprintf("%s is ok with data of %s, which it gave to no call that is not accounted for", of.oracle, r.Data.AsOf.Format("15:04:05.000"))
	case !causeOf(source.Entry, a.kinds).ok && source.Outcome != journal.Open:
		return fmt.Sprintf("%s is ok, and its call was %s with %s (status %d)", of.oracle, source.Outcome, strings.Join(source.Faults, ", "), source.Status)
	case source.start > h.End || !h.aged && source.start < h.Sent:
		return fmt.Sprintf("%s is ok with what it said %s before the question was sent", of.oracle, (h.Sent - source.start).Round(time.Millisecond))
	case h.aged && h.Sent-a.said(source) > h.maxAge:
		return fmt.Sprintf("%s is ok with what it said %s before the question was sent, and max-age is %s", of.oracle, (h.Sent - a.said(source)).Round(time.Millisecond), h.maxAge)
	}
	return ""
}

// said is when what a call was answered may have gone into a cache at the latest.
func (a *audit) said(c *call) time.Duration {
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
	for oracle, r := range h.results("error") {
		a.told.Looked++
		of := name{h.answer.ProjectID, oracle}
		if r.leftOut() {
			if strings.HasPrefix(r.Detail, "breaker") && !a.hadCause(of, h.End) {
				a.told.Add(a.example(h, oracle+" was spared its call, and none of it had failed before in a way that says it is sick"))
			}
			continue
		}
		to := h.End
		if r.Error == "timeout" {
			to += late
		}
		c := a.unclaimed(of, h.Sent, to)
		switch {
		case c == nil && r.Error == "timeout" && h.End-h.Sent >= a.deadline*9/10: // it had no turn
		case c == nil && r.Error == "connection" && a.mayRefuse(of):
		case c == nil:
			a.far.Add(a.example(h, fmt.Sprintf("%s is an error (%s) and was not asked", oracle, r.Error)))
		case causeOf(c.Entry, a.kinds).fits(r.Error):
			c.by = h
		default:
			c.by = h
			a.told.Add(a.example(h, fmt.Sprintf("%s is an error (%s), and its call was %s, status %d, faults: %s", oracle, r.Error, c.Outcome, c.Status, cmp.Or(strings.Join(c.Faults, ", "), "none"))))
		}
		a.redirects(of, c, h)
	}
}

// unclaimed is the first call within a span that belongs to nobody yet.
func (a *audit) unclaimed(of name, from, to time.Duration) *call {
	calls := a.calls[of]
	first, _ := slices.BinarySearchFunc(calls, from, func(c *call, at time.Duration) int { return cmp.Compare(c.start, at) })
	for _, c := range calls[first:] {
		if c.start > to {
			break
		}
		if c.by == nil {
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
	if next := a.unclaimed(of, c.start, h.End); next != nil {
		next.by = h
	}
}

// leftOut reports whether the oracle was spared a call, as the answer says.
func (r oracleResult) leftOut() bool {
	return r.Error == "connection" && (strings.HasPrefix(r.Detail, "breaker") || strings.HasPrefix(r.Detail, "bulkhead"))
}

// hadCause reports whether a call to the address of an oracle, about whichever project,
// had shown by then that it is in no state to answer.
func (a *audit) hadCause(of name, by time.Duration) bool {
	if a.mayRefuse(of) {
		return true // what was refused reached no fake
	}
	for other, calls := range a.calls {
		if a.urls[other] == a.urls[of] && slices.ContainsFunc(calls, func(c *call) bool { return c.start <= by && sick(c.Entry, a.kinds) }) {
			return true
		}
	}
	return false
}

func (a *audit) mayRefuse(of name) bool {
	for place, oracles := range a.places {
		if a.refused[place] && oracles.Serves(a.urls[of]) {
			return true
		}
	}
	return false
}

// rest are the calls that no answer explains: as many as there are requests without
// one may be theirs.
func (a *audit) rest() {
	for _, h := range a.heard {
		if h.Status >= 500 {
			if m := impactPath.FindStringSubmatch(h.Path); m != nil {
				project, _ := strconv.ParseInt(m[1], 10, 64)
				a.unheard[project]++
			}
		}
	}
	for _, of := range slices.SortedFunc(maps.Keys(a.calls), func(x, y name) int {
		return cmp.Or(cmp.Compare(x.project, y.project), strings.Compare(x.oracle, y.oracle))
	}) {
		free := a.unheard[of.project]
		if !slices.Contains(a.model.of(of.project).asked, of.oracle) {
			free = 0
		}
		for _, c := range a.calls[of] {
			if c.by != nil {
				continue
			}
			if free--; free < 0 {
				a.far.Add(standing.Example{At: c.start, What: fmt.Sprintf("%s was asked about project %d, and no request explains it", of.oracle, of.project)})
			}
		}
	}
}
