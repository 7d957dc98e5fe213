package smtpserver

import (
	"errors"
	"fmt"
	"slices"

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
	s.Place, s.About = "a mail server", "a mail server that the target sends through; its steps "+fmt.Sprint(Steps())+" are places of their own"
	s.Limits = limits
	return s
}

// StepSupport is what can be done to one step of the conversation.
func StepSupport() fault.Support {
	s := httpfault.Support()
	s.Place, s.About = "a step of a mail server", "one step of each conversation"
	kinds := []string{"delay", "hang", "overload", "refuse", "close", "reset", "lost", "status"}
	s.Kinds = slices.DeleteFunc(s.Kinds, func(c fault.Carried) bool { return !slices.Contains(kinds, c.Kind) })
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
