package search

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

const (
	// sample is how many documents are looked at to learn which of several words
	// is rare: an index entry says that a bucket has a word, not how often.
	sample = 64

	// bucketBits is what the database shifts a project's id by for its bucket, and
	// bucketSize how many projects that makes.
	bucketBits = 14
	bucketSize = 1 << bucketBits

	// entriesPerDocument is about how many entries of the index are read in the
	// time that reading a document takes.
	entriesPerDocument = 60

	// growth is how many times as many buckets are read next, at most.
	growth = 16
)

// common returns the buckets in which all of these words are, the newest first.
func common(narrowing []postings) []int32 {
	return slices.DeleteFunc(slices.Clone(narrowing[0].buckets), func(bucket int32) bool {
		return slices.ContainsFunc(narrowing, func(p postings) bool { return len(p.entries[bucket]) == 0 })
	})
}

// walk reads the documents behind the postings, newest buckets first: those of
// the rarest word, and of no other where its entries would cost more than the
// documents that they save. How many buckets are read at once follows from what
// those before held. Of the newest bucket only a part may be there, so that what it
// held says little: inNewest is how many matches a bucket has that is like the newest
// documents.
func (f finder) walk(ctx context.Context, narrowing []postings, inNewest float64, limit int) ([]int64, error) {
	buckets := common(narrowing)
	if len(narrowing) > 1 && len(buckets) > 0 {
		if err := f.weigh(ctx, narrowing, buckets); err != nil {
			return nil, err
		}
	}
	var ids []int64
	perBucket := narrowing[0].share * bucketSize // documents of the rarest word
	for size := 1; len(buckets) > 0 && len(ids) < limit; {
		using := worthReading(narrowing, perBucket)
		batch := takeBatch(buckets, size, using)
		buckets = buckets[len(batch):]
		found, read, err := f.among(ctx, using, batch, limit-len(ids))
		if err != nil {
			return nil, err
		}
		if len(using) == 1 {
			perBucket = float64(read) / float64(len(batch))
		}
		ids = append(ids, found...)
		size = nextSize(len(batch), max(float64(len(found)), inNewest), limit-len(ids))
		inNewest = 0
	}
	return ids, nil
}

// nextSize is how many buckets should hold what is missing, if they are as those
// of the last batch, which held so many matches.
func nextSize(size int, found float64, missing int) int {
	if found == 0 {
		return size * growth
	}
	return min(int(float64(size*missing)/found)+1, size*growth)
}

// worthReading returns the rarest word and those others whose entries take less
// time than the documents of the rarest that they leave out.
func worthReading(narrowing []postings, perBucket float64) []postings {
	using := narrowing[:1:1]
	for _, p := range narrowing[1:] {
		saved := perBucket * (1 - p.share) * entriesPerDocument
		if len(using) < maxNarrowing && p.share*bucketSize < saved {
			using = append(using, p)
		}
	}
	return using
}

// weigh notes which share of the documents of these buckets holds each word, and
// puts the rarest first.
func (f finder) weigh(ctx context.Context, narrowing []postings, buckets []int32) error {
	words := make([]word, len(narrowing))
	for i, p := range narrowing {
		words[i] = p.word
	}
	rows, err := f.tx.Query(ctx, `
		SELECT array_agg(document LIKE pattern ORDER BY n)
		FROM search_documents, unnest($2::text[]) WITH ORDINALITY patterns (pattern, n)
		WHERE project_id = ANY ($1::bigint[])
		GROUP BY project_id`, sampled(buckets), patterns(words))
	if err != nil {
		return fmt.Errorf("sample documents: %w", err)
	}
	documents, err := pgx.CollectRows(rows, pgx.RowTo[[]bool])
	if err != nil {
		return fmt.Errorf("sample documents: %w", err)
	}
	for i := range narrowing {
		held := 0
		for _, holds := range documents {
			if holds[i] {
				held++
			}
		}
		narrowing[i].share = float64(held) / float64(max(1, len(documents)))
	}
	slices.SortStableFunc(narrowing, func(a, b postings) int {
		return cmp.Or(cmp.Compare(a.share, b.share), cmp.Compare(a.total, b.total))
	})
	return nil
}

// sampled returns the ids of projects that are spread over the buckets, at
// distances that no regular pattern of ids has.
func sampled(buckets []int32) []int64 {
	const golden = 0.6180339887498949
	ids := make([]int64, sample)
	for i := range ids {
		_, at := math.Modf(float64(i) * golden)
		position := int64(at * float64(len(buckets)*bucketSize))
		ids[i] = int64(buckets[position>>bucketBits])<<bucketBits + position%bucketSize
	}
	return ids
}

// takeBatch returns the first buckets: at least one, at most size, and no more
// than batchPostings allows.
func takeBatch(buckets []int32, size int, narrowing []postings) []int32 {
	entries := 0
	for i, bucket := range buckets[:min(size, len(buckets))] {
		for _, p := range narrowing {
			entries += len(p.entries[bucket])
		}
		if i > 0 && entries > batchPostings {
			return buckets[:i]
		}
	}
	return buckets[:min(size, len(buckets))]
}

// among returns the newest matches in these buckets, and how many documents were
// read for them. Words that the index was asked for need no LIKE: their entries
// are exact. The index is read in a step of its own (MATERIALIZED) because the
// planner, which takes a term's documents to be spread evenly, would else read all
// documents newest first.
func (f finder) among(ctx context.Context, narrowing []postings, buckets []int32, limit int) (ids []int64, read int, err error) {
	rest := slices.Clone(f.query.words)
	args := []any{nil, limit}
	var conditions []string
	for _, p := range narrowing {
		rest = slices.DeleteFunc(rest, func(w word) bool { return w == p.word })
		var entries []int64
		for _, bucket := range buckets {
			entries = append(entries, p.entries[bucket]...)
		}
		args = append(args, entries)
		conditions = append(conditions, fmt.Sprintf("postings && $%d::bigint[]", len(args)))
	}
	args[0] = patterns(rest)
	err = f.tx.QueryRow(ctx, `
		WITH found AS MATERIALIZED (
			SELECT project_id, document LIKE ALL ($1::text[]) AS matches FROM search_documents
			WHERE `+strings.Join(conditions, " AND ")+`)
		SELECT ARRAY(SELECT project_id FROM found WHERE matches ORDER BY project_id DESC LIMIT $2),
		       (SELECT count(*) FROM found)`, args...).Scan(&ids, &read)
	if err != nil {
		return nil, 0, fmt.Errorf("read documents by words: %w", err)
	}
	return ids, read, nil
}
