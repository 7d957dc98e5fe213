package question_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/question"
	"holdfast.dev/holdfast/harness/standing"
)

// echoes is a form whose right answer is the question itself. judged counts.
func echoes(judged *atomic.Int64) question.Form[string] {
	return question.Form[string]{
		Name: "echoes", About: "Each answer is its question.", Checks: []string{"check_echo"}, Smaller: question.Texts,
		Ask: func(q string) load.Request { return load.Request{Path: "/echo?q=" + url.QueryEscape(q)} },
		Read: func(r load.Request) (string, bool) {
			u, err := url.Parse(r.Path)
			return u.Query().Get("q"), err == nil && u.Path == "/echo"
		},
		Judge: func(q string, a load.Answer) string {
			judged.Add(1)
			switch {
			case a.Status == http.StatusServiceUnavailable:
				return load.ClassShedByTarget
			case string(a.Body) != q:
				return "check_echo"
			}
			return ""
		},
		Explain: func(q string, a load.Answer) string { return fmt.Sprintf("expected %q, got %q", q, a.Body) },
	}
}

// asked lets a target be asked q while there is load, and returns what was found.
func asked(t testing.TB, target http.HandlerFunc, questions ...string) standing.Finding {
	t.Helper()
	server := httptest.NewServer(target)
	defer server.Close()
	form := echoes(new(atomic.Int64))
	s := form.In(harness.Scenario{Load: []load.Stream{form.Stream("echo", load.Constant(1, time.Second), func(*rand.Rand) string { return "" })}})
	require.Len(t, s.Watches, 1)
	watch, err := s.Watches[0].Begin(context.Background(), standing.Scene{Target: server.URL})
	require.NoError(t, err)
	for _, q := range questions {
		r := form.Ask(q)
		recorder := httptest.NewRecorder()
		target(recorder, httptest.NewRequest(http.MethodGet, r.Path, nil))
		watch.Answered(standing.Answer{Request: r, Answer: load.Answer{Status: recorder.Code, Body: recorder.Body.Bytes()}})
	}
	watch.Drained(context.Background(), standing.Settled{})
	finding := watch.Ended(standing.Ended{})
	for i := range finding.Examples {
		finding.Examples[i].Repeat = strings.ReplaceAll(finding.Examples[i].Repeat, server.URL, "http://target")
	}
	return finding
}

func answering(change func(string) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, change(r.URL.Query().Get("q"))) }
}

func TestWhatIsAnsweredWronglyIsShrunk(t *testing.T) {
	lastWordLost := answering(func(q string) string {
		if words := strings.Fields(q); len(words) > 1 {
			return strings.Join(words[:len(words)-1], " ")
		}
		return q
	})
	finding := asked(t, lastWordLost, "one", "deux  énormes mots", "quatre mots \u00e0 la fois")
	require.Equal(t, int64(3), finding.Looked)
	require.Equal(t, int64(2), finding.Broken)
	require.NotEmpty(t, finding.Examples)
	for _, e := range finding.Examples {
		words := strings.Fields(strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(e.Repeat, "curl -i 'http://target/echo?q="), "'"), "+", " "))
		require.Len(t, words, 2, e.Repeat)
		for _, w := range words {
			require.Len(t, w, 1, e.Repeat)
		}
		require.Contains(t, e.What, "expected")
	}
	require.Equal(t, []string{"echo"}, finding.Streams)
}

func TestWhatIsRightIsNotAskedAgain(t *testing.T) {
	var n atomic.Int64
	finding := asked(t, func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		fmt.Fprint(w, r.URL.Query().Get("q"))
	}, "a", "b", "a")
	require.Equal(t, int64(3), n.Load())
	require.Zero(t, finding.Broken)
	require.Empty(t, finding.Examples)
}

func TestARefusalIsNotWrong(t *testing.T) {
	finding := asked(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, "a")
	require.Equal(t, int64(1), finding.Looked)
	require.Zero(t, finding.Broken)
}

// What a fault alone brought about can't be shrunk when it is over, and is shown as it was.
func TestWhatIsRightWhenAskedAgainIsShownAsItWas(t *testing.T) {
	var n atomic.Int64
	finding := asked(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) > 1 {
			fmt.Fprint(w, r.URL.Query().Get("q"))
		}
	}, "one two")
	require.Len(t, finding.Examples, 1)
	require.Equal(t, `expected "one two", got ""; asked again when all was quiet, it was answered rightly (at 0.0 s): curl -i 'http://target/echo?q=one+two'`, finding.Examples[0].String())
}

func TestNothingAskedIsNothingLookedAt(t *testing.T) {
	require.Equal(t, "no answer to a question of echoes arrived", asked(t, answering(strings.ToUpper)).Text())
}

// A target whose every answer is wrong is asked no more than the bounds allow.
func TestShrinkingIsBounded(t *testing.T) {
	var n atomic.Int64
	long := strings.Repeat("abcdefghij ", 500)
	start := time.Now()
	finding := asked(t, func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		if len(r.URL.Query().Get("q")) < 5000 {
			fmt.Fprint(w, r.URL.Query().Get("q"))
		}
	}, long)
	require.LessOrEqual(t, n.Load(), int64(201))
	require.Less(t, time.Since(start), time.Minute)
	require.Len(t, finding.Examples, 1)
}

// Shrinking comes to an end and to a question that is still answered wrongly.
func TestShrinkingEndsAtAWrongAnswer(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		q := rapid.StringOfN(rapid.SampledFrom([]rune("abÉé\u0301 \u00a0%z")), 1, 30, -1).Draw(rt, "q")
		bad := string(rapid.SampledFrom([]rune("abÉé\u0301%z")).Draw(rt, "bad"))
		finding := asked(t, answering(func(q string) string {
			if strings.Contains(q, bad) {
				return q + "!"
			}
			return q
		}), q)
		if !strings.Contains(q, bad) {
			require.Empty(rt, finding.Examples)
			return
		}
		require.Len(rt, finding.Examples, 1)
		path, err := url.QueryUnescape(strings.TrimSuffix(strings.TrimPrefix(finding.Examples[0].Repeat, "curl -i 'http://target/echo?q="), "'"))
		require.NoError(rt, err)
		require.Contains(rt, path, bad)
		require.LessOrEqual(rt, utf8.RuneCountInString(path), utf8.RuneCountInString(bad), "not the smallest")
	})
}

func TestSimplerTextsComeToAnEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.Rune(), 0, 12, -1).Draw(t, "text")
		for range 100 {
			next, found := text, false
			for next = range question.Texts(text) {
				found = true
			}
			if !found {
				return
			}
			text = next
		}
		t.Fatalf("it goes on with %q", text)
	})
}

// Equal answers to equal questions are judged once.
func TestEqualAnswersAreJudgedOnce(t *testing.T) {
	var judged atomic.Int64
	form := echoes(&judged)
	e := form.Expect()
	for range 10 {
		require.Empty(t, e.Judge(load.Answer{Asked: form.Ask("a"), Status: 200, Body: []byte("a")}))
		require.Equal(t, "check_echo", e.Judge(load.Answer{Asked: form.Ask("b"), Status: 200, Body: []byte("a")}))
	}
	require.Equal(t, int64(2), judged.Load())
	require.Empty(t, e.Judge(load.Answer{Asked: load.Request{Path: "/other"}, Status: 500}), "it is no question of this form")
}

// All that a stream will ask is known before it does.
func TestEveryQuestionIsLearnedBeforeItIsAsked(t *testing.T) {
	var learned []string
	form := echoes(new(atomic.Int64))
	form.Learn = func(qs []string) error { learned = append(learned, qs...); return nil }
	draw := func(r *rand.Rand) string { return fmt.Sprint(r.IntN(5)) }
	stream := form.Stream("echo", load.Constant(100, time.Second), draw)
	prepared := false
	s := harness.Scenario{Load: []load.Stream{stream}}
	s.World.Prepare = func(context.Context, harness.State) error { prepared = true; return nil }
	s = form.In(s)
	require.NoError(t, s.World.Prepare(context.Background(), harness.State{Seed: 7}))
	require.True(t, prepared, "what the scenario itself prepares")
	require.ElementsMatch(t, []string{"0", "1", "2", "3", "4"}, learned, "each once")
	request, err := load.Requests(7, stream)
	require.NoError(t, err)
	for n := range int64(100) {
		q, _ := form.Read(request(n))
		require.Contains(t, learned, q)
	}
}
