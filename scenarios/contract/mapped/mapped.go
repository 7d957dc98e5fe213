// Package mapped is the contract of a service as a team tells it: by which request it is
// asked, where in an answer the parts are, and what is known of its data. What is
// expected of an answer comes from the mapping alone.
//
// Enter at [Search]; [Search.Over] is what the scenarios ask.
package mapped

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
)

// Defaults of [Search]: the source's numbers.
const (
	DefaultLimit  = 100
	DefaultTime   = time.Second
	DefaultMemory = 100e6
	DefaultKind   = "items"
)

// starts is what a service whose start nobody told of has for it, an interpreter and what
// it loads included.
const starts = 3 * time.Second

// TermName is what the text to search for is called in a request.
const TermName = "term"

// Search is what a team tells of its search.
type Search struct {
	// Request searches for {term}. It goes to the process To.
	Request load.Template
	To      string
	// Items is the path of the list of results in an answer, empty where the answer is the
	// list. ID is the path of what tells a result from others, within it; empty where a
	// result is that itself. Truncated is the path of whether there are more; optional.
	Items, ID, Truncated string
	// OK says which answers are pages. Defaults to any 2xx.
	OK load.Expectation
	// Refused says what an orderly refusal looks like. Optional.
	Refused load.Expectation
	// Limit is the most results of a page, Time what a search may take, Memory what the
	// process may use, in bytes, and Kind what is found, in the plural.
	Limit          int
	Time           time.Duration
	Memory         float64
	Kind           string
	MaxConnections int
	Terms          []Term
	Reads          []contract.Tables
	Settings       map[contract.Setting]contract.Knob
	// Parts are the processes of the service.
	Parts []harness.Part
	// Protections are the names of those that can be taken away.
	Protections []string
}

// Term is a text and how many it matches.
type Term struct {
	Name, Text string
	Matches    int
}

// Over is the search as scenarios ask it, over a world.
func (s Search) Over(world func() harness.World) contract.Search {
	s.Limit, s.Time, s.Kind = cmp.Or(s.Limit, DefaultLimit), cmp.Or(s.Time, DefaultTime), cmp.Or(s.Kind, DefaultKind)
	s.Memory = cmp.Or(s.Memory, DefaultMemory)
	out := contract.Search{
		World: world, Kind: s.Kind, Limit: s.Limit, Time: s.Time, Memory: s.Memory, MaxConnections: s.MaxConnections, Program: s.To, Starts: starts,
		Reads: s.Reads, Settings: s.Settings, Refuses: s.Refused.Judge != nil, Judged: s.judged(), Stream: s.stream, In: s.in,
	}
	for _, t := range s.Terms {
		out.Terms = append(out.Terms, contract.Term{Name: t.Name, Query: t.Text, Roles: s.roles(t)})
		if t.Name == string(contract.Everywhere) {
			out.Items = t.Matches
		}
	}
	return out
}

// roles are what a term can be used for: by its name, or else what fits best.
func (s Search) roles(t Term) []contract.Role {
	var all []contract.Role
	if t.Name == string(contract.Everywhere) {
		all = append(all, contract.Everywhere)
	}
	if t.Name == s.someTerm().Name {
		all = append(all, contract.Some)
	}
	if t.Name == s.rarest().Name {
		all = append(all, contract.Rare)
	}
	return all
}

// someTerm is the one in a good many: that of the name, or the most frequent that is not
// everywhere.
func (s Search) someTerm() Term {
	best := Term{}
	for _, t := range s.Terms {
		switch {
		case t.Name == string(contract.Some):
			return t
		case t.Matches > 0 && (best.Name == "" || best.Name == string(contract.Everywhere) || t.Matches > best.Matches && t.Name != string(contract.Everywhere)):
			best = t
		}
	}
	return best
}

// rarest is the one in few: that of the name, or the one with the fewest matches.
func (s Search) rarest() Term {
	best := Term{}
	for _, t := range s.Terms {
		switch {
		case t.Name == string(contract.Rare):
			return t
		case t.Matches > 0 && (best.Name == "" || t.Matches < best.Matches):
			best = t
		}
	}
	return best
}

// judged says by what an answer is held to be right.
func (s Search) judged() string {
	by := []string{"how many there are", "each once", "the same each time"}
	if s.Truncated != "" {
		by = slices.Insert(by, 1, "whether there are more")
	}
	return strings.Join(by, ", ")
}

// stream searches for the one text of a draw: there are no others that are known to
// find the same.
func (s Search) stream(name string, p load.Profile, d contract.Draw) load.Stream {
	asked := s.asking(d.Term.Query)
	term := s.named(d.Term.Name)
	return load.Stream{
		Name: name, To: s.To, Profile: p, Template: &asked,
		Expect: load.Expectation{
			Name: "as many " + s.Kind + " as were told", Refuses: s.Refused.Judge != nil, Checks: s.checks(),
			Judge: func(a load.Answer) string { return s.judge(term, a) },
		},
	}
}

// checks are the classes that a judgement may name.
func (s Search) checks() []string {
	return slices.Concat([]string{contract.NotExact}, s.OK.Checks)
}

func (s Search) named(name string) Term {
	i := slices.IndexFunc(s.Terms, func(t Term) bool { return t.Name == name })
	if i < 0 {
		return Term{Name: name}
	}
	return s.Terms[i]
}
