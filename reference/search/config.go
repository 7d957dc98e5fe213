package search

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
	EnvMaxResults       = "MAX_SEARCH_RESULTS"
	EnvMaxQueryLength   = "SEARCH_MAX_QUERY_LENGTH"
	EnvLiteralWildcards = "SEARCH_LITERAL_WILDCARDS"
	EnvStableOrder      = "SEARCH_STABLE_ORDER"
	EnvStatementTimeout = "SEARCH_STATEMENT_TIMEOUT"
	EnvAcquireTimeout   = "SEARCH_ACQUIRE_TIMEOUT"
	EnvMaxConcurrent    = "SEARCH_MAX_CONCURRENT"
	EnvMaxQueued        = "SEARCH_MAX_QUEUED"
)

// Defaults of [Config].
const (
	DefaultMaxResults       = 100
	DefaultMaxQueryLength   = 200
	DefaultLiteralWildcards = true
	DefaultStableOrder      = true
	DefaultStatementTimeout = 2 * time.Second
	DefaultAcquireTimeout   = time.Second
	DefaultMaxConcurrent    = 8
	DefaultMaxQueued        = 64
)

// pageSize is how many results an answer holds when there is no MaxResults.
const pageSize = DefaultMaxResults

// Config holds the protections of the search. The zero value is a search
// without any; [DefaultConfig] has them all.
type Config struct {
	// MaxResults is the LIMIT that the database is given. With 0 there is none:
	// every match is loaded with its joined rows, duplicates are removed and the
	// page is cut in this process, whose memory then grows with the matches.
	// Defaults to 100.
	MaxResults int

	// MaxQueryLength is how many characters a query may have; longer ones are
	// refused with 400. 0 is no bound. Defaults to 200.
	MaxQueryLength int

	// LiteralWildcards makes %, _ and \ in a query stand for themselves. Without
	// it they have their meaning in a LIKE pattern, and no index serves them.
	// Defaults to true.
	LiteralWildcards bool

	// StableOrder returns results newest first. Without it they come in whatever
	// order the removal of duplicates leaves, another one each time. Defaults to
	// true.
	StableOrder bool

	// StatementTimeout bounds each statement in the database and, with a short
	// grace, all the database work of one search in this process, so that neither
	// a slow statement nor a silent network holds a request. 0 is no bound.
	// Defaults to 2 s.
	StatementTimeout time.Duration

	// AcquireTimeout bounds the wait for a turn and for a connection from the
	// pool, together. 0 is no bound. Defaults to 1 s.
	AcquireTimeout time.Duration

	// MaxConcurrent is how many searches may be at the database at once; further
	// ones wait their turn. Below the size of the pool it leaves connections for
	// the other services. 0 is no bound. Defaults to 8.
	MaxConcurrent int

	// MaxQueued is how many searches may wait for their turn; one more is
	// refused with 503 at once. It means nothing without MaxConcurrent. 0 lets
	// nobody wait. Defaults to 64.
	MaxQueued int
}

// DefaultConfig returns the configuration with every protection on.
func DefaultConfig() Config {
	return Config{
		MaxResults:       DefaultMaxResults,
		MaxQueryLength:   DefaultMaxQueryLength,
		LiteralWildcards: DefaultLiteralWildcards,
		StableOrder:      DefaultStableOrder,
		StatementTimeout: DefaultStatementTimeout,
		AcquireTimeout:   DefaultAcquireTimeout,
		MaxConcurrent:    DefaultMaxConcurrent,
		MaxQueued:        DefaultMaxQueued,
	}
}

// FromEnv returns the default configuration with what the environment changes
// of it, or all problems at once, each with its variable's name.
func FromEnv(getenv func(string) string) (Config, error) {
	r, d := environ.NewReader(getenv), DefaultConfig()
	c := Config{
		MaxResults:       r.Int(EnvMaxResults, d.MaxResults),
		MaxQueryLength:   r.Int(EnvMaxQueryLength, d.MaxQueryLength),
		LiteralWildcards: r.Bool(EnvLiteralWildcards, d.LiteralWildcards),
		StableOrder:      r.Bool(EnvStableOrder, d.StableOrder),
		StatementTimeout: r.Duration(EnvStatementTimeout, d.StatementTimeout),
		AcquireTimeout:   r.Duration(EnvAcquireTimeout, d.AcquireTimeout),
		MaxConcurrent:    r.Int(EnvMaxConcurrent, d.MaxConcurrent),
		MaxQueued:        r.Int(EnvMaxQueued, d.MaxQueued),
	}
	if err := r.Err(); err != nil {
		return Config{}, err
	}
	return c, c.Validate()
}

// Variables lists the environment variables of the search.
func Variables() []environ.Variable {
	return []environ.Variable{
		{Name: EnvMaxResults, Default: strconv.Itoa(DefaultMaxResults),
			Meaning: "Most results of a search, as a LIMIT in SQL; 0 loads every match and cuts in the process."},
		{Name: EnvMaxQueryLength, Default: strconv.Itoa(DefaultMaxQueryLength),
			Meaning: "Most characters of a query; 0 is no bound."},
		{Name: EnvLiteralWildcards, Default: strconv.FormatBool(DefaultLiteralWildcards),
			Meaning: "Whether %, _ and \\ in a query stand for themselves."},
		{Name: EnvStableOrder, Default: strconv.FormatBool(DefaultStableOrder),
			Meaning: "Whether results come newest first rather than in any order."},
		{Name: EnvStatementTimeout, Default: DefaultStatementTimeout.String(),
			Meaning: "How long a search may take in the database; 0 is no bound."},
		{Name: EnvAcquireTimeout, Default: DefaultAcquireTimeout.String(),
			Meaning: "How long a search may wait for its turn and a connection; 0 is no bound."},
		{Name: EnvMaxConcurrent, Default: strconv.Itoa(DefaultMaxConcurrent),
			Meaning: "How many searches may run at once; 0 is no bound, and then none is ever refused."},
		{Name: EnvMaxQueued, Default: strconv.Itoa(DefaultMaxQueued),
			Meaning: "How many searches may wait for their turn; further ones are refused at once."},
	}
}

// Validate reports all that is wrong with the configuration, each with the
// variable that sets it.
func (c Config) Validate() error {
	var problems []error
	number := func(name string, n, most int) {
		if n < 0 || n > most {
			problems = append(problems, fmt.Errorf("%s: %d: want 0 to %d", name, n, most))
		}
	}
	number(EnvMaxResults, c.MaxResults, 10_000)
	number(EnvMaxQueryLength, c.MaxQueryLength, 10_000)
	number(EnvMaxConcurrent, c.MaxConcurrent, 10_000)
	number(EnvMaxQueued, c.MaxQueued, 1_000_000)
	duration := func(name string, d time.Duration) {
		if d < 0 || d > time.Hour || d > 0 && d < time.Millisecond {
			problems = append(problems, fmt.Errorf("%s: %v: want 0, or 1ms to 1h", name, d))
		}
	}
	duration(EnvStatementTimeout, c.StatementTimeout)
	duration(EnvAcquireTimeout, c.AcquireTimeout)
	return errors.Join(problems...)
}
