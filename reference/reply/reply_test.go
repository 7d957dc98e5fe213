package reply_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/reply"
)

func TestAnErrorHasACodeAndAMessage(t *testing.T) {
	w := httptest.NewRecorder()
	reply.Error(w, http.StatusBadRequest, "bad_query", `it is "empty"`)
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.JSONEq(t, `{"error":{"code":"bad_query","message":"it is \"empty\""}}`, w.Body.String())
	require.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"))
	require.Empty(t, w.Header().Get("Retry-After"))
}

func TestUnavailableSaysWhenToComeBack(t *testing.T) {
	for after, want := range map[time.Duration]string{0: "1", time.Millisecond: "1", 2 * time.Second: "2", 90 * time.Second: "90"} {
		w := httptest.NewRecorder()
		reply.Unavailable(w, after, "overloaded", "later")
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		require.Equal(t, want, w.Header().Get("Retry-After"))
	}
}

func TestAValueThatCannotBeEncodedIsAWholeErrorNotAPartOfAnAnswer(t *testing.T) {
	w := httptest.NewRecorder()
	reply.JSON(w, http.StatusOK, []any{"first", math.NaN()})
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.JSONEq(t, `{"error":{"code":"internal","message":"the answer could not be encoded"}}`, w.Body.String())
}
