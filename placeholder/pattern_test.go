package placeholder_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/placeholder"
)

// known knows a few names.
func known(name string) (string, bool) {
	v, ok := map[string]string{
		"port": "8080", "web.url": "http://127.0.0.1:1", "odd": `a/b?c&d "e` + "\n", "form.metadata[cart]": "c-1", "n": "42",
	}[name]
	return v, ok
}

func TestValuesStandWhereTheirNamesAreKnown(t *testing.T) {
	for _, c := range []struct {
		name    string
		pattern placeholder.Pattern
		want    string
	}{
		{"a name", placeholder.Text("0.0.0.0:{port}"), "0.0.0.0:8080"},
		{"a name with dots", placeholder.Text("{web.url}/x"), "http://127.0.0.1:1/x"},
		{"a name with an index", placeholder.Text("{form.metadata[cart]}"), "c-1"},
		{"nobody knows it", placeholder.Text("/tasks/{id}"), "/tasks/{id}"},
		{"a literal brace", placeholder.Text("{{port}"), "{port}"},
		{"a regular expression", placeholder.Text(`^\d{3,4}$`), `^\d{3,4}$`},
		{"JSON in a text", placeholder.Text(`{"a": {"b": {}}}`), `{"a": {"b": {}}}`},
		{"nothing", placeholder.Text(""), ""},
		{"in a path", placeholder.Path("/x/{odd}?q={odd}"), "/x/a%2Fb%3Fc&d%20%22e%0A?q=a%2Fb%3Fc%26d+%22e%0A"},
		{"in JSON", placeholder.JSON(`{"a":"{odd}","n":"{n:int}","port":"{x}"}`), `{"a":"a/b?c\u0026d \"e\n","n":42,"port":"{x}"}`},
	} {
		require.Equal(t, c.want, c.pattern.Fill(known), c.name)
	}
}

// What is no number has no place where one is to stand.
func TestWhereANumberIsToBeThereIsOneOrNull(t *testing.T) {
	for value, want := range map[string]string{
		"42": "42", "-1.5e3": "-1.5e3", "": "null", "x": "null", `1,"a":2`: "null", "01": "null", "1 ": "null", "NaN": "null", "[1]": "null",
	} {
		got := placeholder.JSON(`{"n":"{n:int}"}`).Fill(func(string) (string, bool) { return value, true })
		require.Equal(t, `{"n":`+want+"}", got, "%q", value)
	}
}

func TestAnUnknownNameIsToldWithTheNearest(t *testing.T) {
	_, err := placeholder.Text("{prot}").Bind([]string{"host", "port"})
	require.ErrorContains(t, err, "there is no variable prot")
	require.ErrorContains(t, err, "port")
}

// Whatever a value brings, it stays a value.
func TestAValueCannotBecomeMoreThanAValue(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		value := strings.ToValidUTF8(rapid.String().Draw(rt, "value"), "?")
		fill := func(p placeholder.Pattern) string {
			return p.Fill(func(string) (string, bool) { return value, true })
		}
		var body struct{ A, B string }
		require.NoError(rt, json.Unmarshal([]byte(fill(placeholder.JSON(`{"a":"{v}","b":"-"}`))), &body))
		require.Equal(rt, value, body.A)
		u, err := url.Parse("http://h" + fill(placeholder.Path("/a/{v}/b?q={v}&r=1")))
		require.NoError(rt, err)
		require.Equal(rt, []string{value}, u.Query()["q"])
		require.Equal(rt, "/a/"+url.PathEscape(value)+"/b", u.EscapedPath())
	})
}

// Filled by name or by place in a list, the text is the same.
func TestBoundIsTheSameAsByName(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringMatching(`([a-z{}/ ]|\{port\}|\{host\})*`).Draw(rt, "text")
		p := placeholder.Text(text)
		names := map[string]string{"host": "h", "port": "1"}
		bound, err := p.Bind([]string{"host", "port"})
		if err != nil {
			return // another name than these
		}
		require.Equal(rt, p.Fill(func(n string) (string, bool) { v, ok := names[n]; return v, ok }), bound.Fill([]string{"h", "1"}))
	})
}

// FuzzText: no text is refused, and without values it is what it was but for doubled
// braces.
func FuzzText(f *testing.F) {
	f.Add("{port} {{x} {web.url}")
	f.Fuzz(func(t *testing.T, text string) {
		none := func(string) (string, bool) { return "", false }
		require.Equal(t, strings.ReplaceAll(text, "{{", "{"), placeholder.Text(text).Fill(none))
	})
}
