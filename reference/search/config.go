package search

import (
	"time"

	"holdfast.dev/holdfast/reference/settings"
)

// pageSize is how many results an answer holds when there is no MaxResults.
const pageSize = 100

// Config holds the protections of the search. The zero value is a search
// without any; The defaults of [settings.Search] have them all.
type Config struct {
	// MaxResults is the LIMIT that the database is given. With 0 there is none:
	// every match is loaded with its joined rows, duplicates are removed and the
	// page is cut in this process, whose memory then grows with the matches.
	MaxResults int `setting:"MAX_SEARCH_RESULTS"`

	// MaxQueryLength is how many characters a query may have; longer ones are
	// refused with 400. 0 is no bound.
	MaxQueryLength int `setting:"SEARCH_MAX_QUERY_LENGTH"`

	// LiteralWildcards makes %, _ and \ in a query stand for themselves. Without
	// it they have their meaning in a LIKE pattern, and no index serves them.
	LiteralWildcards bool `setting:"SEARCH_LITERAL_WILDCARDS"`

	// StableOrder returns results newest first. Without it they come in whatever
	// order the removal of duplicates leaves, another one each time.
	StableOrder bool `setting:"SEARCH_STABLE_ORDER"`

	// StatementTimeout bounds each statement in the database and, with a short
	// grace, all the database work of one search in this process, so that neither
	// a slow statement nor a silent network holds a request. 0 is no bound.
	StatementTimeout time.Duration `setting:"SEARCH_STATEMENT_TIMEOUT"`

	// AcquireTimeout bounds the wait for a turn and for a connection from the
	// pool, together. 0 is no bound.
	AcquireTimeout time.Duration `setting:"SEARCH_ACQUIRE_TIMEOUT"`

	// MaxConcurrent is how many searches may be at the database at once; further
	// ones wait their turn. Below the size of the pool it leaves connections for
	// the other services. 0 is no bound.
	MaxConcurrent int `setting:"SEARCH_MAX_CONCURRENT"`

	// MaxQueued is how many searches may wait for their turn; one more is
	// refused with 503 at once. It means nothing without MaxConcurrent. 0 lets
	// nobody wait.
	MaxQueued int `setting:"SEARCH_MAX_QUEUED"`
}

// defaultConfig returns the configuration with every protection on.
func defaultConfig() Config { return settings.Defaults[Config](settings.Search()) }

// FromEnv returns the default configuration with what the environment changes
// of it, or all problems at once, each with its variable's name.
func FromEnv(getenv func(string) string) (Config, error) {
	return settings.Read[Config](settings.Search(), getenv)
}
