package task

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"
)

// maxCall is how many mails the API takes in one call.
const maxCall = 100

// attempt is one try at a task.
type attempt struct {
	task    int64
	kind    string
	created time.Time // the task
	number  int       // from 1
	key     string    // the API key
}

// call returns the headers' part of a call that carries these messages. Its
// idempotency key is the same for each attempt at them, whatever the process,
// and for no other task of any other database.
func (a attempt) call(withIdempotency bool, messages []int) call {
	c := call{key: a.key, attempt: a.number}
	if withIdempotency {
		h := sha256.New()
		for _, n := range append([]int{int(a.created.UnixMicro())}, messages...) {
			_ = binary.Write(h, binary.BigEndian, int64(n)) // a hash takes all
		}
		c.idempotency = fmt.Sprintf("task-%d-%x", a.task, h.Sum(nil)[:12])
	}
	return c
}

// retryTime is when a task that failed is due again. It is no part of what is
// stored; River asks for it right after the attempt.
type retryTime struct{ at time.Time }

func (r *retryTime) due() *time.Time { return &r.at }

// notifyArgs tell the owner of a project that it has reached its goal.
type notifyArgs struct {
	ProjectID int64 `json:"project_id"`
	retryTime
}

// Kind is the name of these tasks.
func (notifyArgs) Kind() string { return kindNotify }

func (args *notifyArgs) do(ctx context.Context, s *Service, a attempt) error {
	p, err := s.store.project(ctx, args.ProjectID)
	if err != nil {
		return err
	}
	return s.mailer.send(ctx, a.call(s.config.IdempotencyKeys, []int{0}), email{
		From: s.config.From, To: []string{p.email},
		Subject: fmt.Sprintf("Project %d has reached its goal", args.ProjectID),
		Text:    fmt.Sprintf("Dear %s,\n\nyour project %q has reached its goal. Congratulations!\n", p.owner, p.title),
	})
}

// batchArgs send many mails.
type batchArgs struct {
	Messages []batchMessage `json:"messages"`
	retryTime
}

// Kind is the name of these tasks.
func (batchArgs) Kind() string { return kindBatch }

// do sends the messages that no earlier attempt settled, a hundred in a call.
// What a call settled is written down before the next one. The last call's
// success is the task's own; if the process ends before that is written, its key
// keeps the next attempt from sending anything twice.
func (args *batchArgs) do(ctx context.Context, s *Service, a attempt) error {
	settled := map[int]string{}
	if a.number > 1 {
		var err error
		if settled, err = s.store.settled(ctx, a.task); err != nil {
			return err
		}
	}
	for start := 0; start < len(args.Messages); start += maxCall {
		end := min(start+maxCall, len(args.Messages))
		rest := unsettled(start, end, settled)
		if len(rest) == 0 {
			continue
		}
		refusals, err := s.mailer.sendBatch(ctx, a.call(s.config.IdempotencyKeys, rest), args.mails(s.config.From, rest))
		if err != nil {
			return err
		}
		outcome := outcomes(rest, refusals)
		for n, refused := range outcome {
			settled[n] = refused
		}
		if end < len(args.Messages) || len(refusals) > 0 {
			if err := s.store.settle(ctx, a.task, outcome); err != nil {
				return err
			}
		}
	}
	return refused(settled, len(args.Messages))
}

// mails are the messages of these numbers.
func (args *batchArgs) mails(from string, numbers []int) []email {
	mails := make([]email, len(numbers))
	for i, n := range numbers {
		m := args.Messages[n]
		mails[i] = email{From: from, To: []string{m.To}, Subject: m.Subject, Text: m.Body}
	}
	return mails
}

// unsettled are the numbers from start to before end that are not settled.
func unsettled(start, end int, settled map[int]string) []int {
	var rest []int
	for n := start; n < end; n++ {
		if _, ok := settled[n]; !ok {
			rest = append(rest, n)
		}
	}
	return rest
}

// outcomes gives each message that was in a call the reason it was refused for,
// or "" if it was sent.
func outcomes(numbers []int, refusals []refusal) map[int]string {
	all := make(map[int]string, len(numbers))
	for _, n := range numbers {
		all[n] = ""
	}
	for _, r := range refusals {
		all[numbers[r.Index]] = "refused: " + shorten(r.Message, 300)
	}
	return all
}

// refused returns the error of a batch of which not all messages were sent.
func refused(settled map[int]string, messages int) error {
	count, first := 0, ""
	for n := range messages {
		if reason := settled[n]; reason != "" {
			if count++; first == "" {
				first = fmt.Sprintf("message %d: %s", n, reason)
			}
		}
	}
	if count == 0 {
		return nil
	}
	return &taskError{causeRefused, fmt.Sprintf("%d of %d messages were refused, the others are sent; %s", count, messages, first)}
}
