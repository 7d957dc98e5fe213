package oracle

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"holdfast.dev/holdfast/reference/environ"
)

// The environment variables that [FromEnv] reads. 0, or false, takes the
// protection away.
const (
	EnvCap               = "MAX_ORACLES_PER_PROJECT"
	EnvCallTimeout       = "DEFAULT_API_TIMEOUT"
	EnvOverallDeadline   = "ORACLE_OVERALL_DEADLINE"
	EnvConcurrentCalls   = "ORACLE_CONCURRENT_CALLS"
	EnvIsolateErrors     = "ORACLE_ISOLATE_ERRORS"
	EnvIsolatePanics     = "ORACLE_ISOLATE_PANICS"
	EnvMaxBody           = "ORACLE_MAX_BODY"
	EnvRedirectLimit     = "ORACLE_REDIRECT_LIMIT"
	EnvValidateAnswers   = "ORACLE_VALIDATE_ANSWERS"
	EnvMaxAge            = "ORACLE_MAX_AGE"
	EnvReleaseConnection = "ORACLE_RELEASE_CONNECTION"
	EnvCancelAbandoned   = "ORACLE_CANCEL_ABANDONED"
	EnvHostMaxInFlight   = "ORACLE_HOST_MAX_IN_FLIGHT"
	EnvHostQueueTimeout  = "ORACLE_HOST_QUEUE_TIMEOUT"
	EnvBreakerFailures   = "ORACLE_BREAKER_FAILURES"
	EnvBreakerCooldown   = "ORACLE_BREAKER_COOLDOWN"
	EnvStatementTimeout  = "ORACLE_STATEMENT_TIMEOUT"
	EnvAcquireTimeout    = "ORACLE_ACQUIRE_TIMEOUT"
)

// FromEnv returns the default configuration with what the environment changes
// of it, or all problems at once, each with its variable's name.
func FromEnv(getenv func(string) string) (Config, error) {
	r, d := environ.NewReader(getenv), DefaultConfig()
	c := Config{
		Cap:               r.Int(EnvCap, d.Cap),
		CallTimeout:       r.Duration(EnvCallTimeout, d.CallTimeout),
		OverallDeadline:   r.Duration(EnvOverallDeadline, d.OverallDeadline),
		ConcurrentCalls:   r.Int(EnvConcurrentCalls, d.ConcurrentCalls),
		IsolateErrors:     r.Bool(EnvIsolateErrors, d.IsolateErrors),
		IsolatePanics:     r.Bool(EnvIsolatePanics, d.IsolatePanics),
		MaxBody:           r.Int64(EnvMaxBody, d.MaxBody),
		RedirectLimit:     r.Int(EnvRedirectLimit, d.RedirectLimit),
		ValidateAnswers:   r.Bool(EnvValidateAnswers, d.ValidateAnswers),
		MaxAge:            r.Duration(EnvMaxAge, d.MaxAge),
		ReleaseConnection: r.Bool(EnvReleaseConnection, d.ReleaseConnection),
		CancelAbandoned:   r.Bool(EnvCancelAbandoned, d.CancelAbandoned),
		HostMaxInFlight:   r.Int(EnvHostMaxInFlight, d.HostMaxInFlight),
		HostQueueTimeout:  r.Duration(EnvHostQueueTimeout, d.HostQueueTimeout),
		BreakerFailures:   r.Int(EnvBreakerFailures, d.BreakerFailures),
		BreakerCooldown:   r.Duration(EnvBreakerCooldown, d.BreakerCooldown),
		StatementTimeout:  r.Duration(EnvStatementTimeout, d.StatementTimeout),
		AcquireTimeout:    r.Duration(EnvAcquireTimeout, d.AcquireTimeout),
	}
	if err := r.Err(); err != nil {
		return Config{}, err
	}
	return c, c.Validate()
}

// Variables lists the environment variables of the impact service.
func Variables() []environ.Variable {
	number := func(name string, byDefault int, meaning string) environ.Variable {
		return environ.Variable{Name: name, Default: strconv.Itoa(byDefault), Meaning: meaning}
	}
	duration := func(name string, byDefault time.Duration, meaning string) environ.Variable {
		return environ.Variable{Name: name, Default: byDefault.String(), Meaning: meaning}
	}
	yes := func(name string, byDefault bool, meaning string) environ.Variable {
		return environ.Variable{Name: name, Default: strconv.FormatBool(byDefault), Meaning: meaning}
	}
	return []environ.Variable{
		number(EnvCap, DefaultCap, "Most oracles of a project that are asked, as a LIMIT in SQL; 0 asks every active one."),
		duration(EnvCallTimeout, DefaultCallTimeout, "How long a call to an oracle may take, to the end of its body; 0 is no bound."),
		duration(EnvOverallDeadline, DefaultOverallDeadline, "When a request for a project's impact is answered with what there is; 0 waits for everything."),
		number(EnvConcurrentCalls, DefaultConcurrentCalls, "How many oracles one request asks at once; 1 or 0 is one after the other."),
		yes(EnvIsolateErrors, DefaultIsolateErrors, "Whether an oracle that fails is a part of the answer rather than its end."),
		yes(EnvIsolatePanics, DefaultIsolatePanics, "Whether a panic over an oracle's answer is an error of that oracle rather than the process's end."),
		number(EnvMaxBody, DefaultMaxBody, "Most bytes of an oracle's answer, unpacked; 0 reads everything into memory."),
		number(EnvRedirectLimit, DefaultRedirectLimit, "Most redirects of a call that are followed, on the same host; 0 follows all, anywhere."),
		yes(EnvValidateAnswers, DefaultValidateAnswers, "Whether answers are checked rather than passed on as they come."),
		duration(EnvMaxAge, DefaultMaxAge, "How old an oracle's data may be, where answers are checked; 0 is any age."),
		yes(EnvReleaseConnection, DefaultReleaseConnection, "Whether the database connection is given back before oracles are asked."),
		yes(EnvCancelAbandoned, DefaultCancelAbandoned, "Whether calls for a caller who has gone are given up."),
		number(EnvHostMaxInFlight, DefaultHostMaxInFlight, "Most calls to one host at once, over all requests; 0 is no bound."),
		duration(EnvHostQueueTimeout, DefaultHostQueueTimeout, "How long a call may wait for its turn at a host; 0 lets none wait."),
		number(EnvBreakerFailures, DefaultBreakerFailures, "Failed calls in a row after which an oracle is left alone for a while; 0 is never."),
		duration(EnvBreakerCooldown, DefaultBreakerCooldown, "For how long an oracle is left alone before one call tries it again."),
		duration(EnvStatementTimeout, DefaultStatementTimeout, "How long reading a project's oracles may take in the database; 0 is no bound."),
		duration(EnvAcquireTimeout, DefaultAcquireTimeout, "How long a request for a project's impact may wait for a connection; 0 is no bound."),
	}
}

// Validate reports all that is wrong with the configuration, each with the
// variable that sets it.
func (c Config) Validate() error {
	var problems []error
	number := func(name string, n, most int64) {
		if n < 0 || n > most {
			problems = append(problems, fmt.Errorf("%s: %d: want 0 to %d", name, n, most))
		}
	}
	number(EnvCap, int64(c.Cap), 1_000_000)
	number(EnvConcurrentCalls, int64(c.ConcurrentCalls), 10_000)
	number(EnvMaxBody, c.MaxBody, 1<<40)
	number(EnvRedirectLimit, int64(c.RedirectLimit), 100)
	number(EnvHostMaxInFlight, int64(c.HostMaxInFlight), 100_000)
	number(EnvBreakerFailures, int64(c.BreakerFailures), 1_000_000)
	duration := func(name string, d, most time.Duration) {
		if d < 0 || d > most || d > 0 && d < time.Millisecond {
			problems = append(problems, fmt.Errorf("%s: %v: want 0, or 1ms to %v", name, d, most))
		}
	}
	duration(EnvCallTimeout, c.CallTimeout, time.Hour)
	duration(EnvOverallDeadline, c.OverallDeadline, time.Hour)
	duration(EnvMaxAge, c.MaxAge, 100*365*24*time.Hour)
	duration(EnvHostQueueTimeout, c.HostQueueTimeout, time.Hour)
	duration(EnvBreakerCooldown, c.BreakerCooldown, time.Hour)
	duration(EnvStatementTimeout, c.StatementTimeout, time.Hour)
	duration(EnvAcquireTimeout, c.AcquireTimeout, time.Hour)
	return errors.Join(problems...)
}
