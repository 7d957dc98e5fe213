package oracle

import "time"

// Defaults of [Config].
const (
	DefaultCap               = 10
	DefaultCallTimeout       = 10 * time.Second
	DefaultOverallDeadline   = 10 * time.Second
	DefaultConcurrentCalls   = 10
	DefaultIsolateErrors     = true
	DefaultIsolatePanics     = true
	DefaultMaxBody           = 1 << 20
	DefaultRedirectLimit     = 1
	DefaultValidateAnswers   = true
	DefaultMaxAge            = 30 * 24 * time.Hour
	DefaultReleaseConnection = true
	DefaultCancelAbandoned   = true
	DefaultHostMaxInFlight   = 64
	DefaultHostQueueTimeout  = 100 * time.Millisecond
	DefaultBreakerFailures   = 5
	DefaultBreakerCooldown   = 5 * time.Second
	DefaultStatementTimeout  = 2 * time.Second
	DefaultAcquireTimeout    = time.Second
)

// Config holds the protections of the impact service. The zero value has none:
// one oracle after the other, all of them, for as long as it takes, until the
// first fails. [DefaultConfig] has them all.
type Config struct {
	// Cap is how many oracles of a project are asked, as a LIMIT in SQL. With 0
	// all active ones are. Defaults to 10.
	Cap int

	// CallTimeout bounds a call as a whole: waiting for its turn at the host,
	// connecting, and reading the body to its end. The overall deadline cuts it
	// short where that comes first. 0 is no bound. Defaults to 10 s.
	CallTimeout time.Duration

	// OverallDeadline bounds a request, from its arrival, with its time in the
	// database. What no oracle has answered by then is a timeout in the answer,
	// which leaves then whatever still runs. 0 is no bound. Defaults to 10 s.
	OverallDeadline time.Duration

	// ConcurrentCalls is how many oracles one request asks at once. With 0 or 1
	// it is one after the other. Defaults to 10.
	ConcurrentCalls int

	// IsolateErrors makes an oracle that fails a part of the answer. Without it,
	// the first failure is the answer: 504 for a timeout, else 502. Defaults to
	// true.
	IsolateErrors bool

	// IsolatePanics makes a panic over one oracle's answer an error of that
	// oracle. Without it, it ends the process, as a panic in a goroutine does.
	// Defaults to true.
	IsolatePanics bool

	// MaxBody is how many bytes the body of an answer may have, unpacked; it
	// bounds the headers, too, by 64 KiB. 0 reads everything into memory.
	// Defaults to 1 MiB.
	MaxBody int64

	// RedirectLimit is how many redirects of one call are followed, and only
	// to the same scheme, host and port. 0 follows every one to anywhere.
	// Defaults to 1.
	RedirectLimit int

	// ValidateAnswers takes only well-formed answers, about the project that was
	// asked for, from the oracle that was asked. Without it, whatever came with a
	// 2xx status is passed on as it is. Defaults to true.
	ValidateAnswers bool

	// MaxAge is how old the data of an answer may be, by its as_of. It means
	// nothing without ValidateAnswers. 0 is any age. Defaults to 30 days.
	MaxAge time.Duration

	// ReleaseConnection gives the database connection back before the oracles
	// are asked. Without it, it is held until they have answered. Defaults to
	// true.
	ReleaseConnection bool

	// CancelAbandoned gives up the calls for a caller who has gone. Without it
	// the work is done to its end. Defaults to true.
	CancelAbandoned bool

	// HostMaxInFlight is how many calls there may be to one host (scheme, name
	// and port) at once, over all requests. No oracle gets more of these places
	// than are left free, so one that hangs takes half of them and leaves the
	// others theirs. 0 is no bound. Defaults to 64.
	HostMaxInFlight int

	// HostQueueTimeout is how long a call waits for a place at its host before it
	// is an error (connection, "bulkhead"). It means nothing without
	// HostMaxInFlight. 0 lets no call wait. Defaults to 100 ms.
	HostQueueTimeout time.Duration

	// BreakerFailures is after how many failed calls in a row (timeouts, broken
	// connections, 429 and 5xx) an oracle's address is left alone: its calls are
	// errors at once (connection, "breaker"). An address is a URL without its
	// query. 0 is never. Defaults to 5.
	BreakerFailures int

	// BreakerCooldown is for how long an address is left alone before one call
	// tries whether it has healed. 0 tries at once. Defaults to 5 s.
	BreakerCooldown time.Duration

	// StatementTimeout bounds reading the project's oracles in the database. 0 is
	// no bound. Defaults to 2 s.
	StatementTimeout time.Duration

	// AcquireTimeout bounds the wait for a connection from the pool. 0 is no
	// bound. Defaults to 1 s.
	AcquireTimeout time.Duration
}

// DefaultConfig returns the configuration with every protection on.
func DefaultConfig() Config {
	return Config{
		Cap:               DefaultCap,
		CallTimeout:       DefaultCallTimeout,
		OverallDeadline:   DefaultOverallDeadline,
		ConcurrentCalls:   DefaultConcurrentCalls,
		IsolateErrors:     DefaultIsolateErrors,
		IsolatePanics:     DefaultIsolatePanics,
		MaxBody:           DefaultMaxBody,
		RedirectLimit:     DefaultRedirectLimit,
		ValidateAnswers:   DefaultValidateAnswers,
		MaxAge:            DefaultMaxAge,
		ReleaseConnection: DefaultReleaseConnection,
		CancelAbandoned:   DefaultCancelAbandoned,
		HostMaxInFlight:   DefaultHostMaxInFlight,
		HostQueueTimeout:  DefaultHostQueueTimeout,
		BreakerFailures:   DefaultBreakerFailures,
		BreakerCooldown:   DefaultBreakerCooldown,
		StatementTimeout:  DefaultStatementTimeout,
		AcquireTimeout:    DefaultAcquireTimeout,
	}
}
