package mapped

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/message"
	"holdfast.dev/holdfast/scenarios/contract"
)

// nested is a search with its parts deep in the answer, of pages of three.
func nested() Search {
	return Search{
		Request: load.Template{Path: "/find?text={term}"}, Items: "data.hits", ID: "key.uuid", Truncated: "meta.more", Limit: 3, Kind: "products",
		OK:      load.Answering(message.Matcher{Status: []int{201}}),
		Refused: load.Refusal(429),
		Terms:   []Term{{"everywhere", "a", 10}, {"one", "b", 1}, {"nowhere", "c", 0}},
	}
}

func page(more bool, ids ...string) string {
	hits := make([]string, len(ids))
	for i, id := range ids {
		hits[i] = fmt.Sprintf(`{"key":{"uuid":%s},"title":"x"}`, id)
	}
	return fmt.Sprintf(`{"data":{"hits":[%s]},"meta":{"more":%t}}`, strings.Join(hits, ","), more)
}

// Each row is an answer to a term, its class, and what is said of it.
func TestAPageIsHeldAgainstTheMapping(t *testing.T) {
	s := nested()
	for _, row := range []struct {
		name, term  string
		status      int
		body        string
		class, says string
	}{
		{"a full page", "everywhere", 201, page(true, `"x"`, `"y"`, `"z"`), "", ""},
		{"one", "one", 201, page(false, `7`), "", ""},
		{"nothing", "nowhere", 201, page(false), "", ""},
		{"another status", "one", 200, page(false, `7`), "status_200", "got status 200"},
		{"too many", "everywhere", 201, page(true, `1`, `2`, `3`, `4`), "check_exact", "expected 3 products, got 4"},
		{"too few", "everywhere", 201, page(true, `1`, `2`), "check_exact", "expected 3 products, got 2"},
		{"something for nothing", "nowhere", 201, page(false, `1`), "check_exact", "expected 0 products, got 1"},
		{"one twice", "everywhere", 201, page(true, `1`, `2`, `1`), "check_exact", "1 stands there twice"},
		{"the rest is not told", "everywhere", 201, page(false, `1`, `2`, `3`), "check_exact", "meta.more: expected true, got false"},
		{"no identity", "one", 201, page(false, `null`), "check_exact", "response.id is mapped to key.uuid"},
		{"no list", "one", 201, `{"data":{"hits":{}},"meta":{"more":false}}`, "check_exact", "response.items is mapped to data.hits, which should be a list, and the answer has {} there"},
		{"another shape", "one", 201, `{"results":[]}`, "check_exact", "the answer has none there"},
		{"truncated is a text", "one", 201, strings.Replace(page(false, `7`), "false", `"no"`, 1), "check_exact", "response.truncated"},
		{"no JSON", "one", 201, "<html>", "check_exact", "no JSON"},
		{"empty", "one", 201, "", "check_exact", "no JSON"},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := load.Answer{Status: row.status, Body: []byte(row.body)}
			require.Equal(t, row.class, s.judge(s.named(row.term), a))
			if what := s.otherwise(s.named(row.term), a); row.says == "" {
				require.Empty(t, what)
			} else {
				require.Contains(t, what, row.says)
			}
		})
	}
	refused := load.Answer{Status: 429, Header: http.Header{"Retry-After": {"1"}}}
	require.Equal(t, load.ClassShedByTarget, s.judge(s.named("one"), refused))
	require.Equal(t, "status_429", s.judge(s.named("one"), load.Answer{Status: 429}), "a refusal that is not as it was told")
}

// An answer may be the list itself, of texts.
func TestAnAnswerMayBeAList(t *testing.T) {
	s := Search{Limit: 3, Terms: []Term{{"everywhere", "a", 10}}}
	require.Empty(t, s.judge(s.Terms[0], load.Answer{Status: 200, Body: []byte(`["x","y","z"]`)}))
	require.Equal(t, contract.NotExact, s.judge(s.Terms[0], load.Answer{Status: 200, Body: []byte(`["x","y"]`)}))
	require.Equal(t, contract.NotExact, s.judge(s.Terms[0], load.Answer{Status: 200, Body: []byte(`{"x":1}`)}))
}

// What is wrong with the mapping is told before there is load; how many there are is not
// its business, but for a term that finds nothing.
func TestAMappingThatIsWrongIsSeen(t *testing.T) {
	s := nested()
	for _, row := range []struct {
		name, term, body string
		status           int
		says             string
	}{
		{"as mapped", "everywhere", page(true, `1`), 201, ""},
		{"nothing where there should be some", "one", page(false), 201, "terms.one is told to match 1, and nothing was found"},
		{"another route", "one", "not found", 404, "status 404 is none of a page: not found"},
		{"another path", "one", `{"items":[]}`, 201, "response.items is mapped to data.hits"},
	} {
		t.Run(row.name, func(t *testing.T) {
			what := s.answers(s.named(row.term), load.Answer{Status: row.status, Body: []byte(row.body)})
			require.Equal(t, row.says == "", what == "", what)
			require.Contains(t, what, row.says)
		})
	}
}

// The same search has the same answer each time, and another one is shown.
func TestTheSameSearchHasTheSameAnswer(t *testing.T) {
	s := nested()
	stream := s.stream("search", load.Constant(1, 1), contract.Only(contract.Term{Name: "everywhere", Query: "a"}))
	look := func(pages ...string) standing.Finding {
		w, err := s.watch([]load.Stream{stream}).Begin(t.Context(), standing.Scene{Target: "http://target"})
		require.NoError(t, err)
		for _, p := range pages {
			w.Answered(standing.Answer{Exchange: load.Exchange{Stream: "search"}, Answer: load.Answer{Status: 201, Body: []byte(p)}, Request: load.Request{Path: "/find?text=a"}})
		}
		return w.Ended(standing.Ended{})
	}
	one, other := page(true, `1`, `2`, `3`), page(true, `1`, `3`, `2`)
	require.Zero(t, look(one, one).Broken)
	found := look(one, other)
	require.EqualValues(t, 1, found.Broken)
	require.Contains(t, found.Text(), "other products, or in another order")
	require.NotEmpty(t, look().Unseen)
}

// A term serves where it fits best.
func TestTermsHaveRoles(t *testing.T) {
	over := func(terms ...Term) contract.Search { return Search{Terms: terms}.Over(nil) }
	role := func(s contract.Search, r contract.Role) string { term, _ := s.Term(r); return term.Name }
	s := over(Term{"everywhere", "a", 1000}, Term{"few", "b", 3}, Term{"many", "c", 300}, Term{"nowhere", "d", 0})
	require.Equal(t, 1000, s.Items)
	require.Equal(t, "everywhere", role(s, contract.Everywhere))
	require.Equal(t, "many", role(s, contract.Some))
	require.Equal(t, "few", role(s, contract.Rare))
	s = over(Term{"everywhere", "a", 1000}, Term{"rare", "b", 30}, Term{"some", "c", 3})
	require.Equal(t, "some", role(s, contract.Some))
	require.Equal(t, "rare", role(s, contract.Rare))
	require.Equal(t, "everywhere", role(over(Term{"everywhere", "a", 1000}), contract.Some))
}

// Whatever a service answers is judged, not a reason to panic.
func FuzzPages(f *testing.F) {
	for _, seed := range []string{page(true, `1`, `2`), `[]`, `{}`, `{"data":{"hits":[[]]}}`, `{"data":{"hits":null}}`, "", "\xff", `[1,2`} {
		f.Add([]byte(seed))
	}
	s := nested()
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, term := range s.Terms {
			a := load.Answer{Status: 201, Body: body}
			if s.judge(term, a) == "" {
				require.Empty(t, s.otherwise(term, a))
			}
		}
	})
}
