package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Bounds of the search for candidates. They were chosen by measuring: see
// BenchmarkSearch.
const (
	// window is how many of the newest documents are read before any index is
	// asked. If they fill a fifth of the page, so many more are read as should
	// fill it: that is cheaper than the index up to then.
	window = 1000
	fifth  = 5

	// maxLookups is how many words of a query are looked up among the words of
	// all documents, and maxNarrowing by how many of them documents are then
	// found at most. The other words only filter.
	maxLookups   = 8
	maxNarrowing = 3

	// maxPostings is how many index entries a word may stand for. A word with
	// more is in so many documents that reading them newest first ends sooner.
	maxPostings = 10_000

	// batchPostings is about how many index entries are read at once: the index
	// compares every document it finds with all of them.
	batchPostings = 64
)

// finder finds the ids of projects that match a query.
type finder struct {
	tx    pgx.Tx
	query query
}

// newest returns the ids of the newest matches, at most limit, in descending
// order. A limit of 0 is none: every document is read.
func (f finder) newest(ctx context.Context, limit int) ([]int64, error) {
	if limit == 0 {
		return f.read(ctx, 0, 0)
	}
	ids, err := f.read(ctx, window, limit)
	inWindow := len(ids)
	if err == nil && inWindow < limit && inWindow*fifth >= limit {
		ids, err = f.read(ctx, 2*window*limit/inWindow, limit)
	}
	if err != nil || len(ids) == limit {
		return ids, err
	}
	narrowing, none, err := f.narrow(ctx)
	switch {
	case err != nil || none:
		return nil, err
	case len(narrowing) == 0:
		return f.read(ctx, 0, limit)
	}
	return f.walk(ctx, narrowing, float64(inWindow)/window*bucketSize, limit)
}

// read returns matches among so many of the newest documents; 0 is all of
// them, and a limit of 0 is none.
func (f finder) read(ctx context.Context, documents, limit int) ([]int64, error) {
	rows, err := f.tx.Query(ctx, `
		SELECT project_id
		FROM (SELECT project_id, document FROM search_documents
		      ORDER BY project_id DESC LIMIT nullif($2::bigint, 0)) newest
		WHERE document LIKE ALL ($1::text[])
		ORDER BY project_id DESC
		LIMIT nullif($3::bigint, 0)`, patterns(f.query.words), documents, limit)
	if err != nil {
		return nil, fmt.Errorf("read newest documents: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("read newest documents: %w", err)
	}
	return ids, nil
}

// postings are the index entries that a word stands for.
type postings struct {
	word    word
	total   int
	buckets []int32           // descending: the newest projects first
	entries map[int32][]int64 // by bucket
	share   float64           // of the documents in question that hold the word, as a sample has it
}

// narrow looks words up and returns the postings of those that documents can be
// found by, the words of the fewest buckets first. None is true when a word is in
// no document at all.
func (f finder) narrow(ctx context.Context) (narrowing []postings, none bool, err error) {
	lookups := 0
	for _, word := range f.query.words {
		if !word.literal {
			continue
		}
		if lookups++; lookups > maxLookups {
			break
		}
		found, err := f.lookup(ctx, word)
		switch {
		case err != nil:
			return nil, false, err
		case found.total == 0:
			return nil, true, nil
		case found.total <= maxPostings:
			narrowing = append(narrowing, found)
		}
	}
	slices.SortStableFunc(narrowing, func(a, b postings) int { return cmp.Compare(a.total, b.total) })
	return narrowing, false, nil
}

// lookup returns the index entries of all words that hold this one, or more
// than maxPostings of them.
func (f finder) lookup(ctx context.Context, w word) (postings, error) {
	rows, err := f.tx.Query(ctx, `
		SELECT bucket, array_agg(search_posting(bucket, id))
		FROM (SELECT id, bucket FROM search_words, unnest(buckets) bucket
		      WHERE search_grams(word) @> $1::text[] AND word LIKE $2
		      LIMIT $3) entries
		GROUP BY bucket
		ORDER BY bucket DESC`, w.grams(), w.pattern, maxPostings+1)
	if err != nil {
		return postings{}, fmt.Errorf("look up words: %w", err)
	}
	found := postings{word: w, entries: map[int32][]int64{}}
	var bucket int32
	var entries []int64
	_, err = pgx.ForEachRow(rows, []any{&bucket, &entries}, func() error {
		found.buckets = append(found.buckets, bucket)
		found.entries[bucket] = entries
		found.total += len(entries)
		entries = nil
		return nil
	})
	if err != nil {
		return postings{}, fmt.Errorf("look up words: %w", err)
	}
	return found, nil
}
