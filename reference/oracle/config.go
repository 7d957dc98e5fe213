package oracle

import (
	"time"

	"holdfast.dev/holdfast/reference/settings"
)

// Config holds the protections of the impact service. The zero value has none:
// one oracle after the other, all of them, for as long as it takes, until the
// first fails. The defaults of [settings.Oracle] have them all.
type Config struct {
	// Cap is how many oracles of a project are asked, as a LIMIT in SQL. With 0
	// all active ones are.
	Cap int `setting:"MAX_ORACLES_PER_PROJECT"`

	// CallTimeout bounds a call as a whole: waiting for its turn at the host,
	// connecting, and reading the body to its end. The overall deadline cuts it
	// short where that comes first. 0 is no bound.
	CallTimeout time.Duration `setting:"DEFAULT_API_TIMEOUT"`

	// OverallDeadline bounds a request, from its arrival, with its time in the
	// database. What no oracle has answered by then is a timeout in the answer,
	// which leaves then whatever still runs. 0 is no bound.
	OverallDeadline time.Duration `setting:"ORACLE_OVERALL_DEADLINE"`

	// ConcurrentCalls is how many oracles one request asks at once. With 0 or 1
	// it is one after the other.
	ConcurrentCalls int `setting:"ORACLE_CONCURRENT_CALLS"`

	// IsolateErrors makes an oracle that fails a part of the answer. Without it,
	// the first failure is the answer: 504 for a timeout, else 502.
	IsolateErrors bool `setting:"ORACLE_ISOLATE_ERRORS"`

	// IsolatePanics makes a panic over one oracle's answer an error of that
	// oracle. Without it, it ends the process, as a panic in a goroutine does.
	IsolatePanics bool `setting:"ORACLE_ISOLATE_PANICS"`

	// MaxBody is how many bytes the body of an answer may have, unpacked; it
	// bounds the headers, too, by 64 KiB. 0 reads everything into memory.
	MaxBody int64 `setting:"ORACLE_MAX_BODY"`

	// RedirectLimit is how many redirects of one call are followed, and only
	// to the same scheme, host and port. 0 follows every one to anywhere.
	RedirectLimit int `setting:"ORACLE_REDIRECT_LIMIT"`

	// ValidateAnswers takes only well-formed answers, about the project that was
	// asked for, from the oracle that was asked. Without it, whatever came with a
	// 2xx status is passed on as it is.
	ValidateAnswers bool `setting:"ORACLE_VALIDATE_ANSWERS"`

	// MaxAge is how old the data of an answer may be, by its as_of. It means
	// nothing without ValidateAnswers. 0 is any age.
	MaxAge time.Duration `setting:"ORACLE_MAX_AGE"`

	// ReleaseConnection gives the database connection back before the oracles
	// are asked. Without it, it is held until they have answered.
	ReleaseConnection bool `setting:"ORACLE_RELEASE_CONNECTION"`

	// CancelAbandoned gives up the calls for a caller who has gone. Without it
	// the work is done to its end.
	CancelAbandoned bool `setting:"ORACLE_CANCEL_ABANDONED"`

	// HostMaxInFlight is how many calls there may be to one host (scheme, name
	// and port) at once, over all requests. No oracle gets more of these places
	// than are left free, so one that hangs takes half of them and leaves the
	// others theirs. 0 is no bound.
	HostMaxInFlight int `setting:"ORACLE_HOST_MAX_IN_FLIGHT"`

	// HostQueueTimeout is how long a call waits for a place at its host before it
	// is an error (connection, "bulkhead"). It means nothing without
	// HostMaxInFlight. 0 lets no call wait.
	HostQueueTimeout time.Duration `setting:"ORACLE_HOST_QUEUE_TIMEOUT"`

	// BreakerFailures is after how many failed calls in a row (timeouts, broken
	// connections, 429 and 5xx) an oracle's address is left alone: its calls are
	// errors at once (connection, "breaker"). An address is a URL without its
	// query. 0 is never.
	BreakerFailures int `setting:"ORACLE_BREAKER_FAILURES"`

	// BreakerCooldown is for how long an address is left alone before one call
	// tries whether it has healed. 0 tries at once.
	BreakerCooldown time.Duration `setting:"ORACLE_BREAKER_COOLDOWN"`

	// StatementTimeout bounds reading the project's oracles in the database. 0 is
	// no bound.
	StatementTimeout time.Duration `setting:"ORACLE_STATEMENT_TIMEOUT"`

	// AcquireTimeout bounds the wait for a connection from the pool. 0 is no
	// bound.
	AcquireTimeout time.Duration `setting:"ORACLE_ACQUIRE_TIMEOUT"`
}

// defaultConfig returns the configuration with every protection on.
func defaultConfig() Config { return settings.Defaults[Config](settings.Oracle()) }

// FromEnv returns the default configuration with what the environment changes
// of it, or all problems at once, each with its variable's name.
func FromEnv(getenv func(string) string) (Config, error) {
	return settings.Read[Config](settings.Oracle(), getenv)
}
