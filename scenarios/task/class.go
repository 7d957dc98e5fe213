package task

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/scenarios/contract"
)

// sent is what a call came to that did what it was to do.
const sent contract.Class = "sent"

// statusClass says of each status without a name that means anything what may be
// done about it. It is the contract's table once more, by somebody who never saw how
// the target does it.
func statusClass(status int) contract.Class {
	switch status {
	case 408, 425, 429, 503, 521, 522, 523:
		return contract.Temporary
	case 501, 505, 506, 508, 511:
		return contract.Permanent
	}
	switch status / 100 {
	case 2, 5:
		return contract.Unknown
	case 3, 4:
		return contract.Permanent
	}
	return contract.Unknown
}

// nameClass is the class of an error's name, empty for one that stands for any failure.
func nameClass(status int, name string) contract.Class {
	if name == "application_error" || name == "internal_server_error" {
		return ""
	}
	class := emailapi.ErrorOf(status, name).Class
	if class == "" { // the status of a name has changed over time: any row with the name tells
		for _, e := range emailapi.Errors() {
			if e.Name == name {
				class = e.Class
			}
		}
	}
	if class == emailapi.Parked {
		return contract.Permanent // for as long as a run lasts
	}
	return contract.Class(class)
}

// teller says what a call must have meant to the target.
type teller struct {
	faults  map[string]harness.Fault // by name
	quota   bool                     // the API's own 429 may be a quota that is spent
	timeout time.Duration            // of a call at the target
	smtp    bool                     // they are replies of a mail server
}

func newTeller(s harness.Scenario, api emailapi.Config, timeout time.Duration) teller {
	t := teller{faults: map[string]harness.Fault{}, quota: api.DailyQuota+api.MonthlyQuota > 0, timeout: timeout}
	for _, f := range s.Faults {
		t.faults[f.ID] = f
	}
	return t
}

// meaning is the class of the error that a call ended in, or sent. It is empty where
// that cannot be told from outside: the call took so long that the target may have
// given it up in the very moment in which it was answered.
func (t teller) meaning(c call) contract.Class {
	if c.seen.Outcome == journal.Answered && c.seen.Took > t.timeout/2 {
		return ""
	}
	if c.seen.Outcome != journal.Answered {
		if c.seen.Status >= http.StatusMultipleChoices && t.isCut(c) {
			return statusClass(c.seen.Status) // which came whole
		}
		return contract.Unknown
	}
	for _, id := range c.seen.Faults {
		switch kind := t.kind(id, c.seen.Attempt).(type) {
		case fault.Status:
			return t.ofStatus(kind)
		case fault.Redirect:
			return statusClass(c.seen.Status)
		case fault.Delay, fault.Bandwidth, fault.Drip, fault.Hang, fault.Overload, fault.RevokeKey, fault.OK, nil: // it came late, but as it was
		default:
			return contract.Unknown // it was answered in a way that cannot be read
		}
	}
	return t.ofOwn(c.seen.Status)
}

// isCut reports whether the end of a call's answer was cut off, and nothing before it.
func (t teller) isCut(c call) bool {
	return slices.ContainsFunc(c.seen.Faults, func(id string) bool {
		_, cut := t.kind(id, c.seen.Attempt).(fault.Cut)
		return cut
	})
}

// kind is what a fault did to an attempt: of several things in turn, the one that
// was its turn.
func (t teller) kind(id string, attempt int) fault.Kind {
	kind := t.faults[id].Kind
	for {
		turns, ok := kind.(fault.Sequence)
		if !ok {
			return kind
		}
		kind = turns.At(attempt)
	}
}

// ofStatus is the class of a status that a fault asked for, with the name that the
// fake gives it; a gateway's page has none.
func (t teller) ofStatus(s fault.Status) contract.Class {
	if t.smtp {
		return replyClass(s.Code)
	}
	if !s.HTML {
		if class := nameClass(s.Code, emailapi.ErrorOf(s.Code, s.ErrorName).Name); class != "" {
			return class
		}
	}
	return statusClass(s.Code)
}

// ofOwn is the class of a status that the API answered by itself.
func (t teller) ofOwn(status int) contract.Class {
	switch {
	case t.smtp:
		return replyClass(status)
	case status >= 200 && status < 300:
		return sent
	case status == 409:
		return "" // which of two it is, the name tells, and the journal has no names
	case status == 429 && t.quota:
		return contract.Permanent
	}
	return statusClass(status)
}

// patience is what an answer asked for before the next attempt, by its Retry-After:
// for how long at least, and at most with what it is rounded by.
func (t teller) patience(c call) (least, most time.Duration) {
	if t.smtp {
		return 0, 0
	}
	for _, id := range c.seen.Faults {
		var asked string
		switch kind := t.kind(id, c.seen.Attempt).(type) {
		case fault.Status:
			if d, ok, _ := kind.RetryDate(); ok { // a date has whole seconds
				return max(0, d-time.Second), max(0, d)
			}
			asked = kind.RetryAfter
		case fault.Overload:
			if c.seen.Status == cmp.Or(kind.Code, 503) {
				asked = "1"
			}
		}
		if n, err := strconv.ParseFloat(asked, 64); err == nil && n > 0 {
			n = min(n, (24 * time.Hour).Seconds())
			return time.Duration(n * float64(time.Second)), time.Duration(math.Ceil(n)) * time.Second // decimals may be rounded up
		}
	}
	return 0, 0
}
