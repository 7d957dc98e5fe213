package host

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/loopback"
)

// API is what a fake stands for.
type API interface {
	// Identify says which request this is. It must not change anything.
	Identify(r *http.Request, body []byte) Identity
	// Serve does the work and says the answer.
	Serve(c *Call) httpfault.Answer
	// Refuse is the answer with a status that a fault asks for, in the API's own
	// shape. name may be empty.
	Refuse(status int, name string) httpfault.Answer
}

// Noter is an API that wants to know of each request, also of those that a fault
// refuses in its place.
type Noter interface {
	// Note is told of a request when it has been read, before anything becomes of it.
	Note(c *Call)
}

// Identity is which request it is.
type Identity struct {
	Group string   // what the journal counts together: an oracle, an endpoint
	Key   string   // which request of the group; a retry has the same
	Names []string // by which faults may pick it
	Value any      // what Identify has read, for Serve
	// Odd says that it was asked in another way than the API's documentation says.
	Odd bool
}

// Call is one request that is to be answered.
type Call struct {
	Identity
	Request *http.Request
	Body    []byte
	Attempt int
	Now     time.Time

	journal *journal.Journal
	ticket  journal.Ticket
	done    func()
	sent    func()
	takes   time.Duration
}

// Accept notes that the work was taken on for a recipient, see
// [journal.Journal.Accept].
func (c *Call) Accept(recipient string, content uint64) {
	c.journal.Accept(c.ticket, recipient, content)
}

// Entry is the request's number in the journal.
func (c *Call) Entry() int { return c.ticket.Entry() }

// Hit is how often a request of this key has arrived so far, from 1.
func (c *Call) Hit() int { return c.ticket.Hit }

// Arrived is when the request arrived, exactly as its entry in the journal has it.
func (c *Call) Arrived() time.Time { return c.journal.Start().Add(c.ticket.Start) }

// Takes has the answer wait for d, without any fault.
func (c *Call) Takes(d time.Duration) { c.takes = d }

// OnDone has f called when the answer is about to be sent, or when the client
// has let go before.
func (c *Call) OnDone(f func()) { c.done = f }

// OnSent has f called once, when all is over with the answer: it was sent, or torn, or
// the client had let go. f must not block.
func (c *Call) OnSent(f func()) { c.sent = f }

// Config is how a host runs.
type Config struct {
	// Addresses to listen on. Defaults to one free port of 127.0.0.1.
	Addresses []string
	// AllowRemote lets addresses be other than loopback; Log is then told.
	// Defaults to refusing them.
	AllowRemote bool
	// Seed is where every draw comes from.
	Seed uint64
	// Start is the moment that all offsets count from. Defaults to now.
	Start time.Time
	// Now is the clock. Defaults to time.Now.
	Now func() time.Time
	// Journal takes the notes. Defaults to a new one with the same clock.
	Journal *journal.Journal
	// MaxConns is the most connections at once; further ones are reset. Defaults
	// to 15,000.
	MaxConns int
	// MaxBody is the most bytes of a request's body. Defaults to 4 MiB.
	MaxBody int64
	// Certificate has the host speak TLS at the same addresses, to whoever begins with
	// it, and show this. It speaks HTTP/1.1 there as it does without TLS, so that what
	// faults do to an answer or a connection is the same. Defaults to no TLS.
	Certificate *tls.Certificate
	// Log takes one line at a time. Defaults to nobody.
	Log func(string)
}

func (c Config) withDefaults() Config {
	if len(c.Addresses) == 0 {
		c.Addresses = []string{"127.0.0.1:0"}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Start.IsZero() {
		c.Start = c.Now()
	}
	if c.Journal == nil {
		c.Journal = journal.New(journal.Config{Start: c.Start, Now: c.Now})
	}
	if c.Log == nil {
		c.Log = func(string) {}
	}
	c.MaxConns = cmp.Or(c.MaxConns, 15_000)
	c.MaxBody = cmp.Or(c.MaxBody, 4<<20)
	return c
}

// Validate reports all that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	for _, address := range c.Addresses {
		errs = append(errs, CheckAddress(address, c.AllowRemote))
	}
	if c.MaxConns < 0 || c.MaxBody < 0 {
		errs = append(errs, errors.New("MaxConns and MaxBody must not be below 0"))
	}
	return errors.Join(errs...)
}

// CheckAddress refuses an address that is not on loopback, unless remote ones
// are allowed.
func CheckAddress(address string, allowRemote bool) error {
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("address %q: %w", address, err)
	}
	if loopback.Is(name) || allowRemote {
		return nil
	}
	return fmt.Errorf("address %q can be reached from outside, and a fake lets anyone in; use 127.0.0.1, or allow it", address)
}
