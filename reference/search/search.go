// Package search is the reference program's project search: GET /search?q=TERM.
//
// Enter at [New] and [Service.ServeHTTP]. [Config] holds the protections, each
// a plain value that can be switched off on its own, and [FromEnv] reads it
// from environment variables.
//
// # What a search finds
//
// A query is cut at white space into words, and a project matches when every
// word is a part of its title, description, category, city or tags: of any of
// them, and not all words need be in the same. Case and accents make no
// difference ("ELEVE" finds "élèves"); all other characters count, so "100%"
// finds that and not "1000". A word of one or two characters is like any other:
// a part of a word, wherever it stands.
//
// Results are projects, each once, newest first (by id, descending), at most
// [Config.MaxResults]. Nothing is ranked.
//
// # How it is found
//
// The newest thousand documents are read first: a frequent term has its
// page of results there. For any other, the words of all documents that hold
// the term's words are looked up, and then the documents by those words, a
// range of ids at a time, newest first, until the page is full. Package schema
// says how that is stored. Words that are too frequent to be looked up so are
// compared with each document by LIKE.
package search

import "time"

// foundProject is one result.
type foundProject struct {
	ID          int64     `json:"id"`
	Title       string    `json:"title"`
	Description string    `json:"description"`
	Category    string    `json:"category"`
	City        string    `json:"city"`
	Owner       string    `json:"owner"`
	Status      string    `json:"status"`
	GoalCents   int64     `json:"goal_cents"`
	RaisedCents int64     `json:"raised_cents"`
	CreatedAt   time.Time `json:"created_at"`
	Tags        []string  `json:"tags"` // sorted; never null
}

// resultPage is the answer to a search.
type resultPage struct {
	Query     string         `json:"query"` // as it was asked
	Limit     int            `json:"limit"`
	Count     int            `json:"count"`     // of Results, at most Limit
	Truncated bool           `json:"truncated"` // there are more matches than Results
	Results   []foundProject `json:"results"`   // never null
}
