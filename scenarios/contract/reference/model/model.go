// Package model knows the one right answer to every question that a search can be
// asked: it reads the contract and the raw rows of the seeded data, compares every
// word with every project, and shares no code with any search.
//
// Enter at [New] and [Model.Answer]; [Answer.Difference] holds what a target said
// against it, field by field.
package model

import (
	"iter"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"holdfast.dev/holdfast/reference/schema"
)

// Numbers of the contract.
const (
	Limit          = 100 // most results
	MaxQueryLength = 200 // most characters of a query
)

// maxKept bounds the projects that are held in memory; of a larger data set they
// are made anew for each question.
const maxKept = 100_000

// maxKnown bounds the answers that are kept.
const maxKnown = 1 << 14

// Model answers searches in one data set. Its methods may be called from several
// goroutines.
type Model struct {
	seeded   *seeded
	further  []*document // newest first, newer than what is seeded
	compared *compared

	mu    sync.Mutex
	known map[string]*Answer // by query; guarded by mu
}

// seeded are the projects that [schema.Seed] writes.
type seeded struct {
	schema.Params
	row func() func(id int64) schema.Row

	mu   sync.Mutex
	kept []*document // the newest, as far as they were asked for; guarded by mu
}

// document is a project and what is compared of it.
type document struct {
	schema.Row
	text string
}

// New returns the model of what [schema.Seed] writes. Nothing is made before it is
// needed.
func New(p schema.Params) *Model {
	row := sync.OnceValue(func() func(int64) schema.Row { return schema.Rows(p) })
	return &Model{seeded: &seeded{Params: p, row: row}, compared: newCompared(), known: map[string]*Answer{}}
}

// With is the model of the same data and further projects, which must be newer.
func (m *Model) With(further ...schema.Row) *Model {
	with := &Model{seeded: m.seeded, compared: m.compared, known: map[string]*Answer{}}
	for _, row := range newestFirst(further) {
		with.further = append(with.further, documentOf(row))
	}
	return with
}

// newestFirst sorts projects as results are: the newest first, of one moment the
// one with the higher id.
func newestFirst(rows []schema.Row) []schema.Row {
	sorted := slices.Clone(rows)
	slices.SortFunc(sorted, func(a, b schema.Row) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		return int(b.ID - a.ID)
	})
	return sorted
}

// Row is the seeded project with this id.
func (m *Model) Row(id int64) schema.Row { return m.seeded.row()(id) }

// Projects is how many projects are seeded.
func (m *Model) Projects() int64 { return m.seeded.Projects }

// Learn finds the answers to these queries, so that they need not be looked for later.
func (m *Model) Learn(queries []string) error {
	for _, q := range queries {
		m.Answer(q)
	}
	return nil
}

// Answer is the right answer to a query.
func (m *Model) Answer(query string) *Answer {
	m.mu.Lock()
	known := m.known[query]
	m.mu.Unlock()
	if known != nil {
		return known
	}
	a := m.find(query)
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) >= maxKnown {
		clear(m.known)
	}
	m.known[query] = a
	return a
}

// find looks at each project, newest first, until there is one more than a page holds.
func (m *Model) find(query string) *Answer {
	if why := Refused(query); why != "" {
		return &Answer{Query: query, Refused: why, compared: m.compared}
	}
	words := wordsOf(query)
	a := &Answer{Query: query, compared: m.compared}
	for d := range m.documents(words) {
		if !holds(d.text, words) {
			continue
		}
		if len(a.Results) == Limit {
			a.Truncated = true
			break
		}
		a.Results = append(a.Results, d.Row)
	}
	return a
}

// Refused is why a query is a bad one, empty if it is not.
func Refused(query string) string {
	switch {
	case !utf8.ValidString(query):
		return "it is not UTF-8"
	case strings.ContainsRune(query, 0):
		return "it has a zero character"
	case utf8.RuneCountInString(query) > MaxQueryLength:
		return "it is too long"
	case strings.TrimSpace(fold(query)) == "":
		return "it is empty"
	}
	return ""
}

// wordsOf are the words of a query as they are compared, the longest first: it is
// the one that most projects lack.
func wordsOf(query string) []string {
	var words []string
	for word := range strings.FieldsSeq(fold(query)) {
		words = append(words, word)
	}
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words
}

func holds(text string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// documents are those that can hold the words, newest first.
func (m *Model) documents(words []string) iter.Seq[*document] {
	return func(yield func(*document) bool) {
		for _, d := range m.further {
			if !yield(d) {
				return
			}
		}
		for d := range m.seeded.documents(words) {
			if !yield(d) {
				return
			}
		}
	}
}

func (s *seeded) documents(words []string) iter.Seq[*document] {
	if s.Projects > maxKept {
		return s.made(words)
	}
	return func(yield func(*document) bool) {
		for i := range int(s.Projects) {
			if !yield(s.nth(i)) {
				return
			}
		}
	}
}

// nth is one of the documents, by its place from the newest on.
func (s *seeded) nth(i int) *document {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.kept) <= i {
		s.kept = append(s.kept, documentOf(s.row()(s.Projects-int64(len(s.kept)))))
	}
	return s.kept[i]
}

// made makes each document anew, but for those that lack a planted term which is one
// of the words: where millions would have to be made to find that one holds it, what
// was planted says where.
func (s *seeded) made(words []string) iter.Seq[*document] {
	var planted []schema.Term
	for _, t := range schema.Terms() {
		if slices.Contains(words, fold(t.Query)) {
			planted = append(planted, t)
		}
	}
	return func(yield func(*document) bool) {
		for id := s.Projects; id > 0; id-- {
			lacks := slices.ContainsFunc(planted, func(t schema.Term) bool { return !t.On(id, s.Projects) })
			if !lacks && !yield(documentOf(s.row()(id))) {
				return
			}
		}
	}
}

// documentOf is a project with all that is searched of it. No word goes from one
// line to the next.
func documentOf(row schema.Row) *document {
	parts := append([]string{row.Title, row.Description, row.Category, row.City}, row.Tags...)
	return &document{row, fold(strings.Join(parts, "\n"))}
}
