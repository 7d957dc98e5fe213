package load_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/load"
)

// sent are the first requests of a template as they reach a server.
func sent(t *testing.T, template load.Template, n int64) []load.Request {
	t.Helper()
	all := make([]load.Request, n)
	next, err := load.Requests(1, load.Stream{Name: "search", Template: &template, Profile: load.Constant(1, time.Second)})
	require.NoError(t, err)
	for i := range n {
		all[i] = next(i)
	}
	return all
}

func words(list ...string) load.Var { return load.Var{Words: list} }

func TestATemplateBecomesRequests(t *testing.T) {
	odd := words(`a b/c?d&e"f\g{h}`)
	for _, row := range []struct {
		name     string
		template load.Template
		want     load.Request
	}{
		{"nothing to fill in", load.Template{Path: "/items"}, load.Request{Path: "/items"}},
		{"a segment of the path and a query", load.Template{Path: "/items/{x}?q={x}", Vars: map[string]load.Var{"x": odd}},
			load.Request{Path: "/items/" + url.PathEscape(`a b/c?d&e"f\g{h}`) + "?q=" + url.QueryEscape(`a b/c?d&e"f\g{h}`)}},
		{"a brace that means nothing", load.Template{Path: "/{{x}/{2,3}?a={"}, load.Request{Path: "/{x}/{2,3}?a={"}},
		{"a header", load.Template{Method: "PUT", Path: "/", Header: map[string]string{"authorization": "Bearer {token}"}, Vars: map[string]load.Var{"token": words("t0")}},
			load.Request{Method: "PUT", Path: "/", Header: http.Header{"Authorization": {"Bearer t0"}}}},
		{"JSON: a string, a number, a key", load.Template{Method: "POST", Path: "/", Body: `{"x": "a{x}b", "n": "{n:int}", "{n}": {"list": ["{n}"]}}`,
			Vars: map[string]load.Var{"x": words(`"\` + "\n"), "n": words("-7")}},
			load.Request{Method: "POST", Path: "/", Body: []byte(`{"x": "a\"\\\nb", "n": -7, "-7": {"list": ["-7"]}}`)}},
		{"JSON with escapes and braces of its own", load.Template{Path: "/", Body: `{"a": "\"{x}\\", "b": "{{x}"}`, Vars: map[string]load.Var{"x": words("1")}},
			load.Request{Path: "/", Body: []byte(`{"a": "\"1\\", "b": "{x}"}`)}},
		{"a form", load.Template{Path: "/", Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, Body: "a={x}&b=1", Vars: map[string]load.Var{"x": words("1&2")}},
			load.Request{Path: "/", Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte("a=1%262&b=1")}},
		{"any text", load.Template{Path: "/", Body: "{x}<{x}>", Vars: map[string]load.Var{"x": words("&")}}, load.Request{Path: "/", Body: []byte("&<&>")}},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, row.want, sent(t, row.template, 1)[0])
		})
	}
}

// values are those of a variable in the first requests of a stream.
func values(t *testing.T, v load.Var, n int64) []string {
	t.Helper()
	var all []string
	for _, r := range sent(t, load.Template{Path: "/", Body: "{x}", Vars: map[string]load.Var{"x": v}}, n) {
		all = append(all, string(r.Body))
	}
	return all
}

func TestVariables(t *testing.T) {
	const n = 2000
	count := func(list []string) map[string]int {
		seen := map[string]int{}
		for _, s := range list {
			seen[s]++
		}
		return seen
	}
	t.Run("words", func(t *testing.T) {
		seen := count(values(t, words("a", "b"), n))
		require.InDelta(t, n/2, seen["a"], n/10)
		require.Equal(t, n, seen["a"]+seen["b"])
	})
	t.Run("weighted words", func(t *testing.T) {
		seen := count(values(t, load.Var{Words: []string{"a", "b", "never"}, Weights: []float64{9, 1, 0}}, n))
		require.InDelta(t, n*9/10, seen["a"], n/20)
		require.Equal(t, n, seen["a"]+seen["b"])
	})
	t.Run("integers", func(t *testing.T) {
		seen := count(values(t, load.Var{Integers: &load.Integers{Min: -1, Max: 2}}, n))
		require.Len(t, seen, 4)
		for _, s := range []string{"-1", "0", "1", "2"} {
			require.InDelta(t, n/4, seen[s], n/10)
		}
		for _, s := range values(t, load.Var{Integers: &load.Integers{Min: -1 << 63, Max: 1<<63 - 1}}, 10) {
			_, err := strconv.ParseInt(s, 10, 64)
			require.NoError(t, err)
		}
	})
	t.Run("unique", func(t *testing.T) {
		require.Equal(t, []string{"0", "1", "2"}, values(t, load.Var{Unique: load.UniqueNumber}, 3))
		uuids := values(t, load.Var{Unique: load.UniqueUUID}, n)
		require.Len(t, count(uuids), n)
		for _, s := range uuids {
			require.Regexp(t, regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`), s)
		}
	})
	t.Run("addresses", func(t *testing.T) {
		for _, network := range []string{"10.0.0.0/8", "192.168.4.0/22", "10.1.2.3/32", "2001:db8::/36"} {
			prefix := netip.MustParsePrefix(network)
			for _, s := range values(t, load.Var{IP: network}, 100) {
				require.True(t, prefix.Contains(netip.MustParseAddr(s)), "%s in %s", s, network)
			}
		}
		require.Greater(t, len(count(values(t, load.Var{IP: "10.0.0.0/8"}, n))), n*9/10)
	})
	t.Run("lines in turn", func(t *testing.T) {
		require.Equal(t, []string{"a", "b", "a"}, values(t, load.Var{Lines: []string{"a", "b"}}, 3))
	})
}

// TestOneMoreVariableChangesNoOther, and one variable is the same wherever it
// stands in a request.
func TestOneMoreVariableChangesNoOther(t *testing.T) {
	vars := map[string]load.Var{"cart": {Unique: load.UniqueUUID}, "n": {Integers: &load.Integers{Max: 1 << 40}}}
	before := sent(t, load.Template{Path: "/{cart}", Body: "{cart}{n}", Vars: vars}, 20)
	vars["another"] = words("a", "b")
	after := sent(t, load.Template{Path: "/{cart}", Body: "{cart}{n}", Vars: vars}, 20)
	require.Equal(t, before, after)
	for _, r := range before {
		require.True(t, strings.HasPrefix(string(r.Body), strings.TrimPrefix(r.Path, "/")))
	}
}

func TestATemplateSaysAllThatIsWrong(t *testing.T) {
	for _, row := range []struct {
		name     string
		template load.Template
		says     []string
	}{
		{"several at once", load.Template{Method: "G T", Path: "items/{carts}", Header: map[string]string{"X": "{visitr}"}, Body: "{y}",
			Vars: map[string]load.Var{"cart": {Unique: "uid"}, "visitor": {IP: "10.0.0.0"}, "n": {Integers: &load.Integers{Min: 2, Max: 1}}, "none": {}}},
			[]string{
				`method: "G T" is none`, `path: "items/{carts}" does not begin with a single /`, "path: there is no variable carts, did you mean cart?",
				"header X: there is no variable visitr, did you mean visitor?", "body: there is no variable y",
				`variable cart: unique: "uid" is neither number nor uuid`, `variable visitor: ip: "10.0.0.0" is no network`,
				"variable n: integers: 1 is less than 2", "variable none: it needs exactly one of",
			}},
		{"two kinds in one", load.Template{Path: "/", Vars: map[string]load.Var{"x": {Words: []string{"a"}, IP: "10.0.0.0/8"}}}, []string{"exactly one of"}},
		{"no words and no lines", load.Template{Path: "/", Vars: map[string]load.Var{"x": {Words: []string{}}, "y": {Lines: []string{}}}}, []string{"words: there are none", "lines: there are none"}},
		{"weights without words", load.Template{Path: "/", Vars: map[string]load.Var{"x": {Weights: []float64{1}}}}, []string{"words: there are none"}},
		{"too few weights", load.Template{Path: "/", Vars: map[string]load.Var{"x": {Words: []string{"a", "b"}, Weights: []float64{1}}}}, []string{"there are 1 for 2 words"}},
		{"a weight below 0", load.Template{Path: "/", Vars: map[string]load.Var{"x": {Words: []string{"a"}, Weights: []float64{-1}}}}, []string{"-1 is none"}},
		{"no weight at all", load.Template{Path: "/", Vars: map[string]load.Var{"x": {Words: []string{"a"}, Weights: []float64{0}}}}, []string{"greater than 0"}},
		{"JSON that is none", load.Template{Path: "/", Header: map[string]string{"content-type": "application/json"}, Body: `{"n": {n:int}}`, Vars: map[string]load.Var{"n": {Unique: load.UniqueNumber}}},
			[]string{`it is declared as JSON and is none`, `"{name:int}"`}},
		{"a number in the path", load.Template{Path: "/{n:int}", Vars: map[string]load.Var{"n": {Unique: load.UniqueNumber}}}, []string{"only as a whole string of a JSON body"}},
		{"a number within a string", load.Template{Path: "/", Body: `["a{n:int}"]`, Vars: map[string]load.Var{"n": {Unique: load.UniqueNumber}}}, []string{"only as a whole string"}},
		{"a number that is none", load.Template{Path: "/", Body: `["{n:int}"]`, Vars: map[string]load.Var{"n": {Words: []string{"1", "two"}}}}, []string{"not every value of n is a whole number"}},
		{"an unknown kind", load.Template{Path: "/", Body: `["{n:float}"]`, Vars: map[string]load.Var{"n": {Unique: load.UniqueNumber}}}, []string{"there is no such kind, only int"}},
		{"a header's name of two words", load.Template{Path: "/", Header: map[string]string{"X Y": "1"}}, []string{"header X Y: its name is not one word"}},
		{"a line break in a header", load.Template{Path: "/", Header: map[string]string{"X": "{x}"}, Vars: map[string]load.Var{"x": words("a\r\nb")}}, []string{"line break"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := row.template.Validate()
			for _, says := range row.says {
				require.ErrorContains(t, err, says)
			}
		})
	}
}

// TestATemplateIsTheFunctionThatItStandsFor: a load that is the same is the same
// plan, however it was written down.
func TestATemplateIsTheFunctionThatItStandsFor(t *testing.T) {
	s := load.Stream{Name: "search", Profile: load.Constant(100, 10*time.Second)}
	byFunction, byTemplate, byOther := s, s, s
	byFunction.Next = func(n int64, _ *rand.Rand) load.Request {
		return load.Request{Method: "POST", Path: "/items/" + strconv.FormatInt(n, 10), Header: http.Header{"X-Kind": {"a"}}}
	}
	byTemplate.Template = &load.Template{Method: "POST", Path: "/items/{n}", Header: map[string]string{"x-kind": "a"}, Vars: map[string]load.Var{"n": {Unique: load.UniqueNumber}}}
	byOther.Template = &load.Template{Method: "POST", Path: "/items/{n}", Vars: map[string]load.Var{"n": {Unique: load.UniqueNumber}}}
	want := load.PlanHash(1, byFunction, 1000)
	require.Equal(t, want, load.PlanHash(1, byTemplate, 1000))
	require.NotEqual(t, want, load.PlanHash(1, byOther, 1000))
}

func TestATemplateIsData(t *testing.T) {
	was := load.Template{Method: "POST", Path: "/{cart}", Header: map[string]string{"A": "{v}"}, Body: `{"n": "{n:int}"}`, Vars: map[string]load.Var{
		"cart": {Unique: load.UniqueUUID}, "v": {IP: "10.0.0.0/8"}, "n": {Integers: &load.Integers{Min: 1, Max: 9}},
		"w": {Words: []string{"a"}, Weights: []float64{1}}, "l": {Lines: []string{"a"}},
	}}
	data, err := json.Marshal(was)
	require.NoError(t, err)
	var back load.Template
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, was, back)
	require.Equal(t, sent(t, was, 10), sent(t, back, 10))
}

// TestAValueStaysAValue: whatever a word is made of, it does not leave its place.
func TestAValueStaysAValue(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.String().Draw(rt, "word")
		r := sent(t, load.Template{Path: "/a/{x}/b?q={x}&z=1", Body: `{"x": "{x}", "y": 1}`, Vars: map[string]load.Var{"x": words(word)}}, 1)[0]
		u, err := url.ParseRequestURI(r.Path)
		require.NoError(rt, err)
		require.Equal(rt, "/a/"+word+"/b", u.Path)
		require.Equal(rt, url.Values{"q": {word}, "z": {"1"}}, u.Query())
		var body map[string]any
		require.NoError(rt, json.Unmarshal(r.Body, &body))
		require.Equal(rt, map[string]any{"x": word, "y": 1.0}, body)
	})
}

func FuzzTemplate(f *testing.F) {
	f.Add("/items/{n}?q={w}", "Bearer {w}", `{"a": "{n:int}", "b": "{{"}`)
	f.Add("/{", "{{", `{x`)
	f.Fuzz(func(t *testing.T, path, header, body string) {
		template := load.Template{Path: path, Header: map[string]string{"X-A": header}, Body: body,
			Vars: map[string]load.Var{"n": {Unique: load.UniqueNumber}, "w": words("a", `"`)}}
		if template.Validate() != nil {
			return
		}
		r := sent(t, template, 1)[0]
		if json.Valid([]byte(body)) {
			require.True(t, json.Valid(r.Body), "%s became %s", body, r.Body)
		}
	})
}
