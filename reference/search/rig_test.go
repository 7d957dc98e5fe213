package search

import (
	"context"
	"unicode"

	"github.com/jackc/pgx/v5"
)

// latin are the characters that French and English texts are made of.
var latin = []*unicode.RangeTable{unicode.Latin, unicode.Space, unicode.Punct, unicode.Digit,
	{R16: []unicode.Range16{{Lo: 0x300, Hi: 0x36f, Stride: 1}}}}

// wordsOf returns the words that a query is cut into.
func wordsOf(raw string, c Config) ([]string, error) {
	q, err := parse(raw, c)
	var words []string
	for _, w := range q.words {
		words = append(words, w.text)
	}
	return words, err
}

// newestByIndex finds as a search does once the newest documents were not
// enough. Indexed is false if the index has nothing to narrow the query by.
func newestByIndex(ctx context.Context, tx pgx.Tx, raw string, limit int) (ids []int64, indexed bool, err error) {
	q, err := parse(raw, defaultConfig())
	if err != nil {
		return nil, false, err
	}
	f := finder{tx: tx, query: q}
	narrowing, none, err := f.narrow(ctx)
	if err != nil || none || len(narrowing) == 0 {
		return nil, none, err
	}
	ids, err = f.walk(ctx, narrowing, 0, limit)
	return ids, true, err
}
