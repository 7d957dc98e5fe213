package standalone

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"holdfast.dev/holdfast/fakes/control"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/smtpserver"
	"holdfast.dev/holdfast/fault"
)

// SMTPOptions are the options of a mail server.
type SMTPOptions struct {
	Options
	// StartTLS offers STARTTLS, with a certificate of its own. Defaults to not.
	StartTLS bool
}

// RunSMTP runs a mail server until ctx ends. It returns an error if it can't start.
func RunSMTP(ctx context.Context, o SMTPOptions) error {
	s, err := smtpserver.Start(smtpserver.Config{Config: o.host(), StartTLS: o.StartTLS})
	if err != nil {
		return fmt.Errorf("run fake: %w", err)
	}
	defer s.Close()
	return o.run(ctx, []string{"smtp://" + s.Address()}, mailPanel{control.OfFake(s), s}, s.Journal())
}

// ParseMailFaults reads the text forms of faults of a mail server. One whose keys name
// a step, as rcpt/bob@example.org does, acts there; any other on whole messages.
func ParseMailFaults(lines ...string) ([]fault.Fault, error) {
	all := make([]fault.Fault, 0, len(lines))
	for _, line := range lines {
		f, err := fault.Parse(line)
		if err == nil {
			err = smtpserver.Support().Accepts(f)
		}
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(f.When.Keys, ofStep) {
			f = smtpserver.At(smtpserver.Message, f)
		}
		all = append(all, f)
	}
	return all, nil
}

// ofStep reports whether a key begins with a step of the conversation.
func ofStep(key string) bool {
	step, _, found := strings.Cut(key, "/")
	return found && slices.Contains(smtpserver.Steps(), step)
}

// mailPanel tells of each message what was said, beside what its journal has.
type mailPanel struct {
	control.Steered
	server *smtpserver.Server
}

// Journal is what arrived.
func (p mailPanel) Journal() *journal.Journal { return p.server.Journal() }

// AddText implements [control.Steered].
func (p mailPanel) AddText(lines ...string) error {
	all, err := ParseMailFaults(lines...)
	if err != nil {
		return err
	}
	return p.server.Faults().Add(all...)
}

// Lift implements [control.Steered]. A fault without an id has its text as its name, as
// it was written or as it is in force.
func (p mailPanel) Lift(ctx context.Context, name string) (fault.Receipt, error) {
	if all, err := ParseMailFaults(name); err == nil {
		name = all[0].Name()
	}
	return p.Steered.Lift(ctx, name)
}

// Support implements [control.Steered].
func (p mailPanel) Support() fault.Support { return smtpserver.Support() }

// Arrivals implements [control.Steered].
func (p mailPanel) Arrivals(most int) []control.Arrival {
	letters, _ := p.server.Letters()
	byEntry := make(map[int]smtpserver.Letter, len(letters))
	for _, l := range letters {
		byEntry[l.Entry] = l
	}
	return control.Arrived(p.server.Journal(), most, func(entry int, a *control.Arrival) {
		if l, known := byEntry[entry]; known {
			a.What = l.From + " → " + strings.Join(l.To, ", ") + ": " + l.Subject
			a.Detail = l.Text
		}
	})
}
