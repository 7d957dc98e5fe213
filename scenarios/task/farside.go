package task

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness"
)

// farSide is what reached the place that tasks send their mail to.
type farSide struct {
	calls []call
	taken []journal.Acceptance // the mails that were taken on
	left  int                  // calls that were too many to keep
	zero  time.Duration        // of the scenario's clock, on that of the journal
	// api is the e-mail API where mails are read word by word; nil where only those whom
	// they are to are known.
	api *adapter.Mail
}

// farSide reads what reached the place, false where nobody plays it.
func (s *service) farSide(o harness.State) (farSide, error) {
	if s.OnlyTo {
		return s.recipients(o)
	}
	api, ok := adapter.MailOf(o, s.Far)
	if !ok {
		return farSide{}, fmt.Errorf("reconcile the tasks: nobody plays %s", s.Far)
	}
	far := farSide{api: api, taken: api.Journal().Acceptances(), zero: o.Start.Sub(api.Journal().Start())}
	asked, left := api.Asked()
	far.calls, far.left = joined(asked, api.Journal(), far.zero), left
	return far, nil
}

// recipients reads whom mail was to: the keys of the requests at a place.
func (s *service) recipients(o harness.State) (farSide, error) {
	j, ok := adapter.JournalOf(o, s.Far)
	if !ok {
		return farSide{}, fmt.Errorf("reconcile the tasks: nobody plays %s", s.Far)
	}
	far := farSide{zero: o.Start.Sub(j.Start())}
	var asked []emailapi.Call
	for e := range j.Entries(s.calls()) {
		if e.Key == s.Probe {
			continue
		}
		asked = append(asked, emailapi.Call{Entry: e.N, Mails: []emailapi.Mail{{From: sender, To: []string{e.Key}}}})
		if e.Accepted {
			far.taken = append(far.taken, journal.Acceptance{Recipient: e.Key, At: e.Start, Entry: e.N})
		}
	}
	far.calls = joined(asked, j, far.zero)
	return far, nil
}

// bare are wanted mails of which only those whom they are to are known.
func bare(all []wanted) []wanted {
	out := make([]wanted, len(all))
	for i, w := range all {
		out[i] = wanted{to: w.to}
	}
	return out
}
