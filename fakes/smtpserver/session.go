package smtpserver

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fakes/journal"
)

// session is one conversation, as the SMTP library tells of it.
type session struct {
	w    *wire
	user string
	from string
	to   []string
	n    int // transactions so far

	mu    sync.Mutex     // guards what follows: the server may end a conversation from outside
	open  bool           // a transaction is under way
	tx    journal.Ticket // of it
	last  int            // the latest code that it was refused with; 0: none
	fired []string       // faults that acted on it
}

func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	w, ok := c.Conn().(*wire)
	if !ok {
		return nil, errors.New("the connection is not one of ours")
	}
	w.session = &session{w: w}
	return w.session, nil
}

// Mail begins a transaction.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.giveUp() // one that was refused before
	s.n++
	s.from, s.to = from, nil
	s.begin(s.w.server.journal.Begin(journal.Arrival{
		Group: Transactions, Key: fmt.Sprintf("connection %d, %d", s.w.id, s.n), Conn: s.w.id, Reused: s.n > 1, Method: "MAIL", Path: from,
	}))
	return s.step(step{name: Mail, key: from, over: s.over})
}

// Rcpt adds a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.step(step{name: Rcpt, key: to, picks: []string{s.from}, over: s.over}); err != nil {
		return err
	}
	s.to = append(s.to, to)
	return nil
}

// Data takes the message on.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err // as it is: the library knows its own
	}
	l := parse(raw)
	l.From, l.To, l.User, l.TLS = s.from, slices.Clone(s.to), s.user, s.w.encrypted()
	return s.receive(l, raw)
}

// receive notes a message that was read, and takes it on unless a fault says otherwise.
func (s *session) receive(l Letter, raw []byte) error {
	server := s.w.server
	keyed := server.recognise(&l)
	ticket := server.journal.Begin(journal.Arrival{
		Group: Messages, Key: l.Key, Conn: s.w.id, Reused: s.n > 1, Odd: !keyed, Method: "DATA", Path: l.Subject, Header: http.Header(l.Header), Body: raw,
	})
	l.Entry = ticket.Entry()
	server.keep(l)
	return s.step(step{
		name: Message, key: l.Key, picks: append([]string{l.From, l.MessageID}, l.To...),
		work: func() {
			for _, to := range l.To {
				server.journal.Accept(ticket, to, l.Content)
			}
		},
		over: func(r reply, sent httpfault.Sent, fired []string) {
			server.journal.End(ticket, ending(sent), r.code, server.journal.FaultSet(fired))
			s.over(r, sent, fired)
			s.end(ending(sent), r.code)
		},
	})
}

// step carries a step out, and says a refusal as the library wants it.
func (s *session) step(st step) error {
	r, err := s.w.act(st)
	if err != nil {
		return err
	}
	if !r.refused() {
		return nil
	}
	return &smtp.SMTPError{Code: r.code, EnhancedCode: smtp.EnhancedCode{r.code / 100, 0, 0}, Message: r.text}
}

// over notes how a step went: a refusal is how the transaction ends, unless it goes on.
func (s *session) over(r reply, sent httpfault.Sent, fired []string) {
	s.mu.Lock()
	s.fired = append(s.fired, fired...)
	if r.refused() {
		s.last = r.code
	}
	s.mu.Unlock()
	if sent != httpfault.Whole {
		s.end(ending(sent), r.code)
	}
}

func (s *session) begin(tx journal.Ticket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open, s.tx, s.last, s.fired = true, tx, 0, nil
}

// end ends the transaction, if one is under way.
func (s *session) end(outcome journal.Ending, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open {
		s.open = false
		s.w.server.journal.End(s.tx, outcome, status, s.w.server.journal.FaultSet(s.fired))
	}
}

func ending(sent httpfault.Sent) journal.Ending {
	switch sent {
	case httpfault.Whole:
		return journal.Answered
	case httpfault.Torn:
		return journal.Cut
	}
	return journal.Abandoned
}

// Reset ends a transaction that came to nothing.
func (s *session) Reset() {
	s.giveUp()
	s.from, s.to = "", nil
}

// Logout ends the conversation.
func (s *session) Logout() error {
	s.giveUp()
	return nil
}

// giveUp ends a transaction that was refused, or that its client gave up.
func (s *session) giveUp() {
	s.mu.Lock()
	last := s.last
	s.mu.Unlock()
	if last >= refusal {
		s.end(journal.Answered, last)
	} else {
		s.end(journal.Abandoned, 0)
	}
}

// AuthMechanisms are those that clients have; any name and password is good.
func (s *session) AuthMechanisms() []string { return []string{sasl.Plain, sasl.Login} }

// Auth lets anyone in, and remembers who.
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, name, _ string) error {
			s.user = name
			return nil
		}), nil
	case sasl.Login:
		return &login{session: s}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

// login is the mechanism LOGIN, which asks for the name and then for the password.
type login struct {
	session *session
	asked   int
}

// Next implements [sasl.Server].
func (l *login) Next(response []byte) (challenge []byte, done bool, err error) {
	if response == nil && l.asked == 0 {
		l.asked = 1
		return []byte("Username:"), false, nil
	}
	if l.asked < 2 {
		l.session.user, l.asked = string(response), 2
		return []byte("Password:"), false, nil
	}
	return nil, true, nil
}
