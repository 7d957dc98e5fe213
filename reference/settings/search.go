package settings

// Search returns the settings of the search.
func Search() Table {
	return Table{
		{Name: "MAX_SEARCH_RESULTS", kind: number, Default: "100", max: "10000",
			Meaning:    "Most results of a search, as a LIMIT in SQL; 0 loads every match and cuts in the process.",
			Protection: "search.sql-limit", Off: "0",
			About: "the number of results is limited in SQL, so that no more are loaded into the process"},
		{Name: "SEARCH_MAX_QUERY_LENGTH", kind: number, Default: "200", max: "10000",
			Meaning:    "Most characters of a query; 0 is no bound.",
			Protection: "search.query-length", Off: "0",
			About: "a query of more than 200 characters is refused before it reaches the database"},
		{Name: "SEARCH_LITERAL_WILDCARDS", kind: boolean, Default: "true",
			Meaning:    `Whether %, _ and \ in a query stand for themselves.`,
			Protection: "search.literal-wildcards", Off: "false",
			About: `%, _ and \ in a query stand for themselves`},
		{Name: "SEARCH_STABLE_ORDER", kind: boolean, Default: "true",
			Meaning:    "Whether results come newest first rather than in any order.",
			Protection: "search.stable-order", Off: "false",
			About: "results come in one documented order, newest first"},
		{Name: "SEARCH_STATEMENT_TIMEOUT", kind: duration, Default: "2s", max: "1h",
			Meaning:    "How long a search may take in the database; 0 is no bound.",
			Protection: "search.statement-timeout", Off: "0",
			About: "a statement that takes too long is ended in the database"},
		{Name: "SEARCH_ACQUIRE_TIMEOUT", kind: duration, Default: "1s", max: "1h",
			Meaning:    "How long a search may wait for its turn and a connection; 0 is no bound.",
			Protection: "search.acquire-timeout", Off: "0",
			About: "the wait for a turn and for a connection is bounded"},
		{Name: "SEARCH_MAX_CONCURRENT", kind: number, Default: "8", max: "10000",
			Meaning:    "How many searches may run at once; 0 is no bound, and then none is ever refused.",
			Protection: "search.shed-load", Off: "0",
			About: "beyond what can be served soon, requests are refused at once with 503 and Retry-After"},
		{Name: "SEARCH_MAX_QUEUED", kind: number, Default: "64", max: "1000000",
			Meaning: "How many searches may wait for their turn; further ones are refused at once."},
	}
}
