package adapter

import (
	"context"
	"fmt"
	"net"
	"time"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/smtpserver"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/ledger"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// SMTP plays a mail server at the place name. Its faults act on messages, those of
// NAME.greeting, NAME.mail, NAME.rcpt, NAME.data and NAME.message on that step of a
// conversation. Its draws come from the run's seed. It measures
//
//	NAME.in_flight       transactions under way, over time
//	NAME.calls           transactions that were begun
//	NAME.most_in_flight  the most of them that were under way at once
//	NAME.abandoned       transactions that the client let go of
//	NAME.accepted        messages that were taken on
//	NAME.attempts.max    the most tries at one message until the window's end, of the messages that came in it
//	NAME.retries         messages that had come before
//	NAME.duplicates      recipients who were sent once more what they had been sent: by Message-Id, or by sender, subject and text
//	NAME.gap.min         the shortest pause before a retry
//
// The samples of the first four are transactions, of the others messages, of gap.min
// retries.
func SMTP(name string, c smtpserver.Config) harness.Dependency {
	open := func(_ context.Context, o harness.Opening) (harness.Fake, error) {
		c := c
		c.Seed = o.Seed
		if o.Say != nil {
			c.Log = o.Say
		}
		server, err := smtpserver.Start(c)
		if err != nil {
			return nil, err
		}
		return &MailServer{server: server}, nil
	}
	d := harness.Dependency{
		Name: name, Open: open, Receives: []string{name}, Faults: smtpserver.Support(), Parts: map[string]fault.Support{},
		Gauges: []harness.Gauge{inFlight(name, smtpserver.Transactions)}, Measures: mailMeasures(name),
	}
	for _, step := range smtpserver.Steps() {
		d.Parts[step] = smtpserver.StepSupport()
	}
	return d
}

// mailMeasures are those of a mail server.
func mailMeasures(name string) []harness.Measure {
	of := func(group, what, about string, count func(*journal.Journal, journal.Filter) int) harness.Measure {
		d := verdict.Descriptor{Name: name + "." + what, Unit: result.UnitCount, About: about}
		return Measure(name, d, func(j *journal.Journal, state harness.State, w verdict.Window) verdict.Reading {
			f := During(j, state, w)
			f.Group = group
			return verdict.Reading{Value: float64(count(j, f)), Samples: int64(j.Count(f))}
		})
	}
	number := func(what, about string, value func(*tally) int) harness.Measure {
		return tallied(name, what, result.UnitCount, about, func(t *tally) verdict.Reading {
			return verdict.Reading{Value: float64(value(t)), Samples: t.requests}
		})
	}
	return []harness.Measure{
		inTime(of(smtpserver.Transactions, "calls", "transactions that were begun", (*journal.Journal).Count)),
		inTime(of(smtpserver.Transactions, "most_in_flight", "the most transactions under way at once", (*journal.Journal).MostInFlight)),
		inTime(of(smtpserver.Transactions, "abandoned", "transactions that the client let go of", abandoned)),
		of(smtpserver.Messages, "accepted", "messages that were taken on", accepted),
		of(smtpserver.Messages, "duplicates", "recipients who were sent once more what they had been sent", sentAgain),
		number("attempts.max", "the most tries at one message", func(t *tally) int { return t.mostTries }),
		inTime(number("retries", "messages that had come before", func(t *tally) int { return t.retries })),
		tallied(name, "gap.min", result.UnitMS, "the shortest pause before a retry", (*tally).gap),
	}
}

// abandoned counts what the client let go of.
func abandoned(j *journal.Journal, f journal.Filter) int {
	return j.Outcomes(f)[journal.Abandoned]
}

// accepted counts what was taken on, whatever its client heard of it.
func accepted(j *journal.Journal, f journal.Filter) int {
	f.Where = func(e journal.Entry) bool { return e.Accepted }
	return j.Count(f)
}

// sentAgain counts, recipient by recipient, what was taken on in the window although
// it had been before.
func sentAgain(j *journal.Journal, f journal.Filter) int {
	type sent struct {
		recipient string
		content   uint64
	}
	before, again := map[sent]bool{}, 0
	for _, a := range j.Acceptances() {
		what := sent{a.Recipient, a.Content}
		if before[what] && a.At >= f.From && (f.To == 0 || a.At < f.To) {
			again++
		}
		before[what] = true
	}
	return again
}

// MailServer is a mail server that an [smtpserver.Server] plays.
type MailServer struct {
	server *smtpserver.Server
	memo   tallies
}

// Settings are empty: a target is told by the variables of its own, see Values.
func (*MailServer) Settings() map[string]string { return nil }

// Values are where the server is found: host, port, address, and a url in the manner
// of mail libraries.
func (m *MailServer) Values() map[string]string {
	address := m.server.Address()
	name, port, _ := net.SplitHostPort(address) // an address of ours has a port
	return map[string]string{"url": "smtp://" + address, "address": address, "host": name, "port": port}
}

// Journal is what the server saw. It can be read after Close.
func (m *MailServer) Journal() *journal.Journal { return m.server.Journal() }

// Letters are the messages that came, and how many more there were that were too much
// to keep.
func (m *MailServer) Letters() (all []smtpserver.Letter, left int) { return m.server.Letters() }

// Addresses are those at which it is called, host:port.
func (m *MailServer) Addresses() []string { return []string{m.server.Address()} }

// Traffic is how many transactions are under way, how many were at most, and how many
// there were in all.
func (m *MailServer) Traffic() (now, most, total int64) {
	level := m.Journal().Gauge(smtpserver.Transactions)
	return level.InFlight, level.MostInFlight, level.Total
}

// Close ends every conversation and stops the server.
func (m *MailServer) Close() error {
	m.server.Close()
	return nil
}

// Support implements [chaos.Place].
func (m *MailServer) Support() fault.Support { return smtpserver.Support() }

// Apply puts a fault into force for messages, or for the address as a whole.
func (m *MailServer) Apply(_ context.Context, what fault.Fault) (chaos.Applied, error) {
	return m.apply(smtpserver.Message, what)
}

// Part is the place for faults that a step of the conversation is.
func (m *MailServer) Part(step string) chaos.Place { return &stepPlace{m, step} }

// stepPlace is a step as a place for faults.
type stepPlace struct {
	server *MailServer
	step   string
}

// Support implements [chaos.Place].
func (p *stepPlace) Support() fault.Support { return smtpserver.StepSupport() }

// Apply puts the fault into force for the step.
func (p *stepPlace) Apply(_ context.Context, what fault.Fault) (chaos.Applied, error) {
	return p.server.apply(p.step, what)
}

func (m *MailServer) apply(step string, what fault.Fault) (chaos.Applied, error) {
	applied := smtpserver.At(step, what)
	applied.When = onClock(applied.When, time.Since(m.Journal().Start()))
	if err := m.server.Faults().Add(applied); err != nil {
		return nil, fmt.Errorf("apply %s: %w", what.Name(), err)
	}
	return &appliedFault{host: m.server, name: applied.Name(), what: what}, nil
}

// tally is what the journal holds of the tries at messages.
func (m *MailServer) tally(_ string, f journal.Filter) *tally {
	f.Group = smtpserver.Messages
	return m.memo.look(m.Journal(), f, func(string) bool { return true }, func() map[int]bool { return nil })
}

// Received implements [harness.Receiver].
func (m *MailServer) Received(_ string, zero time.Time) []ledger.Arrival {
	return received(m.Journal(), zero, func(e journal.Entry) bool { return e.Group == smtpserver.Messages })
}

// bore implements recorder.
func (m *MailServer) bore() func(entry int, name string) (string, bool, bool) {
	letters, _ := m.server.Letters()
	of := make(map[int]*smtpserver.Letter, len(letters))
	for i := range letters {
		of[letters[i].Entry] = &letters[i]
	}
	return func(entry int, name string) (string, bool, bool) {
		letter, known := of[entry]
		if !known {
			return "", false, false
		}
		value, has := letter.Value(name)
		return value, has, true
	}
}

// nameable implements recorder.
func (*MailServer) nameable(name string) error { return smtpserver.CheckKey("{" + name + "}") }

// arriving implements recorder: a transaction that brings no message is no arrival.
func (*MailServer) arriving(string) string { return smtpserver.Messages }
