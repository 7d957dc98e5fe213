package search

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/reference/schema"
)

// Whatever a target answers is judged, not a reason to panic, and what is taken
// for a full page is one.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"results":[{"id":1000,"title":"a"},{"id":999}]}`, `{"results":null}`, `{"results":[{"id":"7"}]}`, `{"results":[{"id":1e3}]}`,
		`{}`, `[]`, `null`, `<html>`, ``, `{"results":[{}]}`, `{"results":[{"id":9223372036854775808}]}`,
	} {
		f.Add([]byte(seed))
	}
	exact, page := exactly(schema.TermRareOld, 1000), newestFirstHundred()
	f.Fuzz(func(t *testing.T, body []byte) {
		reply := load.Answer{Status: http.StatusOK, Body: body}
		ids, ok := idsOf(body)
		if exact.Judge(reply) == "" {
			require.True(t, ok)
			require.Equal(t, down(59, 1), ids)
		}
		if page.Judge(reply) == "" {
			require.True(t, ok)
			require.Len(t, ids, maxResults)
			seen := map[int64]bool{}
			for _, id := range ids {
				require.False(t, seen[id], "%d is there twice", id)
				seen[id] = true
			}
		}
	})
}
