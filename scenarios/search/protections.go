package search

import (
	"holdfast.dev/holdfast/harness"
)

// Protections are the safeguards of the service that can be taken away.
func Protections() []harness.Protection {
	return []harness.Protection{
		{
			Name:  "search.sql-limit",
			About: "the number of results is limited in SQL, so that no more are loaded into the process",
			Off:   map[string]string{"MAX_SEARCH_RESULTS": "0"},
		},
		{
			Name:  "search.query-length",
			About: "a query of more than 200 characters is refused before it reaches the database",
			Off:   map[string]string{"SEARCH_MAX_QUERY_LENGTH": "0"},
		},
		{
			Name:  "search.literal-wildcards",
			About: "%, _ and \\ in a query stand for themselves",
			Off:   map[string]string{"SEARCH_LITERAL_WILDCARDS": "false"},
		},
		{
			Name:  "search.stable-order",
			About: "results come in one documented order, newest first",
			Off:   map[string]string{"SEARCH_STABLE_ORDER": "false"},
		},
		{
			Name:  "search.statement-timeout",
			About: "a statement that takes too long is ended in the database",
			Off:   map[string]string{"SEARCH_STATEMENT_TIMEOUT": "0"},
		},
		{
			Name:  "search.acquire-timeout",
			About: "the wait for a turn and for a connection is bounded",
			Off:   map[string]string{"SEARCH_ACQUIRE_TIMEOUT": "0"},
		},
		{
			Name:  "search.shed-load",
			About: "beyond what can be served soon, requests are refused at once with 503 and Retry-After",
			Off:   map[string]string{"SEARCH_MAX_CONCURRENT": "0"},
		},
	}
}
