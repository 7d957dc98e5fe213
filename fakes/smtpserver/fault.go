package smtpserver

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fault"
)

// The steps of a conversation.
const (
	Greeting = "greeting" // a new connection, before anything is said
	Mail     = "mail"     // MAIL, which names the sender
	Rcpt     = "rcpt"     // RCPT, which names a recipient
	Data     = "data"     // DATA, before the message
	Message  = "message"  // the end of the message
)

// Steps are the steps of a conversation, in order.
func Steps() []string { return []string{Greeting, Mail, Rcpt, Data, Message} }

// Support is what can be done to the whole of the server: to its messages, and to
// its address.
func Support() fault.Support {
	s := StepSupport()
	s.Place, s.About = "a mail server", "a mail server that the target sends through; "+strings.Join(Steps(), ", ")+" are places of their own behind its name"
	s.Limits = limits
	return s
}

// acts tells, of each kind that a mail server carries out, what it comes to there.
func acts() map[string]string {
	return map[string]string{
		"delay":    "each message or step that is picked: its reply comes that much later",
		"hang":     "headers: the message is not taken on, and its reply never comes; accept: each new connection gets no greeting",
		"overload": "each message or step that is picked: its reply comes the later, the more there are",
		"refuse":   "the server's address: new connections are refused by the kernel; open ones are served, or with cut reset",
		"close":    "each message or step that is picked: the connection is closed, the message not taken on",
		"reset":    "each message or step that is picked: the connection is reset, the message not taken on",
		"lost":     "each message that is picked: it is taken on, and its reply is lost with the connection",
		"status":   "each message or step that is picked: its reply is that code, from 400 to 599; the message is not taken on, but with carried-out",
	}
}

// StepSupport is what can be done to one step of the conversation.
func StepSupport() fault.Support {
	s := httpfault.Support()
	s.Place, s.About = "a step of a mail server", "one step of each conversation"
	s.Kinds = slices.DeleteFunc(s.Kinds, func(c fault.Carried) bool { return acts()[c.Kind] == "" })
	for i := range s.Kinds {
		k := &s.Kinds[i]
		k.Acts, k.Undoing = acts()[k.Kind], "no conversation is held by it any more, and the address listens"
		if k.Kind != (fault.Refuse{}).Name() {
			k.Counts = "steps that it acted on"
		}
	}
	s.Limits = func(f fault.Fault) error {
		for _, kind := range fault.Steps(f.Kind) {
			if greets(kind) {
				return fmt.Errorf("%q happens before a conversation: lay it at the server as a whole", kind)
			}
		}
		return limits(f)
	}
	return s
}

// greets says whether a kind acts before a conversation begins.
func greets(kind fault.Kind) bool {
	hang, ok := kind.(fault.Hang)
	return ok && hang.At == "accept" || kind.Name() == (fault.Refuse{}).Name()
}

// limits refuses what only makes sense of HTTP.
func limits(f fault.Fault) error {
	errs := []error{httpfault.Support().Limits(f)}
	for _, kind := range fault.Steps(f.Kind) {
		switch k := kind.(type) {
		case fault.Hang:
			if k.At == "body" {
				errs = append(errs, errors.New("a reply of a mail server has no body; hang headers is one that never comes"))
			}
		case fault.Reset:
			if k.At != "" {
				errs = append(errs, errors.New("a reply of a mail server has no headers and no body; reset is before it, lost reset after the message was taken on"))
			}
		case fault.Status:
			errs = append(errs, replyCode(k.Code))
			if k.HTML || k.RetryAfter != "" {
				errs = append(errs, errors.New("a mail server's reply is a code and a text: html and retry-after are of HTTP"))
			}
		}
	}
	return errors.Join(errs...)
}

func replyCode(code int) error {
	if code >= 400 && code < 600 {
		return nil
	}
	return fmt.Errorf("a mail server refuses with a code from 400 to 599, not %d", code)
}

// At is a fault that acts on one step alone; of the step Message it is also what a
// fault of the whole comes to. Keys that it picks are those of the step.
func At(step string, f fault.Fault) fault.Fault {
	if slices.ContainsFunc(fault.Steps(f.Kind), greets) {
		return f
	}
	keys := []string{step + "/*"}
	if len(f.When.Keys) > 0 {
		keys = nil
	}
	for _, key := range f.When.Keys {
		keys = append(keys, step+"/"+key)
	}
	f.When.Keys = keys
	return f
}
