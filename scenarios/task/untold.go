package task

import (
	"fmt"

	"holdfast.dev/holdfast/scenarios/contract"
)

// far is the name of a metric of the place that mail is sent to.
func (s *service) far(metric string) string { return s.Far + "." + metric }

// untellable takes note of something that no mapping can tell.
func (s *service) untellable(what string) {
	if s.OnlyTo {
		s.untold = append(s.untold, contract.Untold{Key: what})
	}
}

// wordedAPI is needed where it counts what a mail says and what the API answers, word by
// word, or what key it is called with.
func (s *service) wordedAPI() {
	s.untellable("the service must speak to the e-mail API that is played here word by word: its errors, its keys, its batches")
}

// notifications are needed where there must be tasks about something that has an owner.
func (s *service) notifications() {
	if s.Subjects.Count == 0 {
		s.untold = append(s.untold, contract.Untold{Key: "a second kind of task, about something in the data that has an owner"})
	}
}

// tables are needed by faults at those of the queue.
func (s *service) tables() {
	if s.Tables.Queue == "" {
		s.untold = append(s.untold, contract.Untold{Key: "which statements of the database are those of a task"})
	}
}

// database is needed by what befalls it.
func (s *service) database() {
	if s.World().Data.Build == nil {
		s.untold = append(s.untold, contract.Untold{Key: "dependencies.db", Example: "{ postgres: {} }"})
	}
}

// refusal is needed where an orderly one is no failure.
func (s *service) refusal() {
	if s.Refused.Judge == nil {
		s.needs("refused", "{ status: 503, headers: { Retry-After: present } }")
	}
}

// counts are needed where the queue itself is asked.
func (s *service) counts() {
	if s.Queue.Path == "" {
		s.needs("queue", "{ request: { path: /queue }, pending: pending, running: running }")
	}
}

// named is how a fault has the e-mail API's own name for an error; another API has its own.
func (s *service) named(name string) string {
	if s.OnlyTo {
		return ""
	}
	return " name=" + name
}

// share is the spread of the countdowns in a sentence.
func (s *service) share() string {
	if s.Spread == 0.2 {
		return "a fifth"
	}
	return fmt.Sprintf("%.0f %%", 100*s.Spread)
}
