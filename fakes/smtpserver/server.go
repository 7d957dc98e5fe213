package smtpserver

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/emersion/go-smtp"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/placeholder"
)

// The groups of the journal.
const (
	Transactions = "transaction"
	Messages     = "message"
)

// domain is how the server calls itself.
const domain = "mail.holdfast.test"

// Server is a fake that is running.
type Server struct {
	config  Config
	faults  *httpfault.Set
	journal *journal.Journal
	gate    *gate
	smtp    *smtp.Server
	tls     *tls.Config // nil: STARTTLS is not offered

	ctx    context.Context // ends when the server closes
	cancel context.CancelFunc
	work   sync.WaitGroup
	closed sync.Once
	last   atomic.Uint32 // number of the latest connection

	mu       sync.Mutex // guards what follows
	hits     map[string]int
	keyOfID  map[string]string // the key of a Message-Id
	content  map[string]uint64 // and what it said
	letters  []Letter
	bytes    int
	leftOver int
}

// Start starts the fake. It runs until Close.
func Start(c Config) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	c = c.withDefaults()
	s := &Server{
		config: c, journal: c.Journal, faults: httpfault.NewSet(httpfault.Config{Seed: c.Seed, Start: c.Start, Now: c.Now}),
		hits: map[string]int{}, keyOfID: map[string]string{}, content: map[string]uint64{},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	var err error
	if s.gate, err = newGate(s, c.Addresses[0]); err != nil {
		s.cancel()
		return nil, fmt.Errorf("mail server: %w", err)
	}
	if c.StartTLS {
		if s.tls, err = ownCertificate(s.gate.addr); err != nil {
			s.cancel()
			_ = s.gate.Close()
			return nil, fmt.Errorf("mail server: %w", err)
		}
	}
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.smtp.Domain, s.smtp.AllowInsecureAuth, s.smtp.EnableSMTPUTF8 = domain, true, true
	s.smtp.MaxMessageBytes, s.smtp.MaxLineLength = c.MaxBody, 1<<20
	s.smtp.ErrorLog = log.New(io.Discard, "", 0)
	s.work.Go(s.gate.run)
	s.work.Go(func() { _ = s.smtp.Serve(s.gate) })
	s.work.Go(s.gate.watchRefusal)
	return s, nil
}

// Address is where clients find it, host:port.
func (s *Server) Address() string { return s.gate.addr.String() }

// Faults are what goes wrong. They may be changed at any time; see [At].
func (s *Server) Faults() *httpfault.Set { return s.faults }

// Journal is what the server saw.
func (s *Server) Journal() *journal.Journal { return s.journal }

// Certificate is the one that STARTTLS shows, in DER; nil if it is not offered.
func (s *Server) Certificate() []byte {
	if s.tls == nil {
		return nil
	}
	return s.tls.Certificates[0].Certificate[0]
}

// Letters are the messages that were received whole so far, also those that were
// refused, and how many more there were that were too much to keep.
func (s *Server) Letters() (all []Letter, left int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all = slices.Clone(s.letters)
	slices.SortFunc(all, func(a, b Letter) int { return cmp.Compare(a.Entry, b.Entry) })
	return all, s.leftOver
}

// Lift lifts a fault, and returns when nothing of it is left: no conversation held,
// the address open.
func (s *Server) Lift(ctx context.Context, name string) (fault.Receipt, error) {
	r, err := s.faults.Lift(ctx, name)
	if err != nil {
		return r, err
	}
	return r, s.gate.awaitOpen(ctx)
}

// Close ends every conversation, and returns when nothing of the server is left. It
// may be called more than once.
func (s *Server) Close() {
	s.closed.Do(func() {
		s.cancel() // which aborts every connection
		_ = s.gate.Close()
	})
	s.work.Wait()
	_ = s.smtp.Shutdown(context.Background()) // waits for the conversations, or has done so
}

// hit counts how often a step has met a key.
func (s *Server) hit(step, key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hits[step+"/"+key]++
	return s.hits[step+"/"+key]
}

// recognise gives a letter the key that the configuration asks for, or else that of an
// earlier one under its Message-Id, with what that one said. It is false for one that
// lacks what its key is made of.
func (s *Server) recognise(l *Letter) bool {
	l.identify()
	if s.config.Key == "" {
		s.recall(l)
		return true
	}
	whole := true
	key := placeholder.Text(s.config.Key).Fill(func(name string) (string, bool) {
		value, has := l.Value(name)
		whole = whole && has
		return value, true
	})
	if whole {
		l.Key, l.Content = key, httpfault.Hash(0, key)
	}
	return whole
}

// recall gives a letter the key of an earlier one under its Message-Id.
func (s *Server) recall(l *Letter) {
	if l.MessageID == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if key, known := s.keyOfID[l.MessageID]; known {
		l.Key, l.Content = key, s.content[l.MessageID]
		return
	}
	s.keyOfID[l.MessageID], s.content[l.MessageID] = l.Key, l.Content
}

// keep remembers a letter, up to the bound.
func (s *Server) keep(l Letter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bytes += l.size(); s.bytes > s.config.KeepBytes {
		s.leftOver++
		return
	}
	s.letters = append(s.letters, l)
}

// Connections are the counters of the connections.
func (s *Server) Connections() host.Connections {
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	return host.Connections{Accepted: int64(s.last.Load()), Open: int64(len(s.gate.conns))}
}

// Clear lifts every fault, and returns when nothing of them is left.
func (s *Server) Clear(ctx context.Context) ([]fault.Receipt, error) {
	r, err := s.faults.Clear(ctx)
	if err != nil {
		return r, err
	}
	return r, s.gate.awaitOpen(ctx)
}
