package vegeta_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	theirs "github.com/tsenart/vegeta/v12/lib"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/importer/vegeta"
	"holdfast.dev/holdfast/manifest"
)

const base = "http://127.0.0.1:9090"

// byVegeta are the targets that Vegeta itself reads, each with how often it comes.
func byVegeta(t theirs.Targeter) (map[string]int, error) {
	all := map[string]int{}
	for {
		var target theirs.Target
		switch err := t(&target); {
		case errors.Is(err, theirs.ErrNoTargets):
			return all, nil
		case err != nil:
			return nil, err
		}
		var headers []string
		for _, name := range slices.Sorted(maps.Keys(target.Header)) {
			if !strings.Contains(name, " ") { // no client sends such a one
				headers = append(headers, name+": "+target.Header[name][0])
			}
		}
		all[fmt.Sprint(target.Method, " ", strings.TrimPrefix(target.URL, base), " ", headers, " ", string(target.Body))]++
	}
}

// byUs are those that were made of the same file, by their share of the rate.
func byUs(t require.TestingT, text string, total int) (map[string]int, error) {
	result, err := vegeta.Read([]importer.File{{Name: "targets", Text: []byte(text)}}, importer.Options{Rate: fmt.Sprintf("%d/s", max(1, total))})
	if err != nil {
		return nil, err
	}
	service, err := manifest.Read(result.Text, "holdfast.yaml", manifest.Options{})
	require.NoError(t, err, "%s", result.Text)
	all := map[string]int{}
	for _, s := range service.File.Scenarios[0].Load {
		var headers []string
		for name, value := range s.Request.Headers.Map() {
			headers = append(headers, name+": "+strings.ReplaceAll(value, "{{", "{"))
		}
		slices.Sort(headers)
		var rate float64
		_, err := fmt.Sscanf(s.Rate.Text, "%f/s", &rate)
		require.NoError(t, err)
		method := s.Request.Method
		if method == "" {
			method = "GET"
		}
		all[fmt.Sprint(method, " ", strings.ReplaceAll(s.Request.Path, "{{", "{"), " ", headers, " ", s.Request.Body)] += int(rate + 0.5) // a header that no client sends tells two targets apart
	}
	return all, nil
}

// Whatever a file of targets is made of, Vegeta itself reads the same targets in it, or
// none either.
func TestTargetsAreThoseThatVegetaReads(t *testing.T) {
	line := rapid.SampledFrom([]string{
		"GET " + base + "/a", "GET " + base + "/b?x={y}&z=1", "DELETE " + base + "/a", "POST " + base + "/c", "X-One: 1", "X-Two: a: b {c}", "Accept:*/*", "", "", "# comment", "  ", "\tX-Tab: 1",
		"get " + base + "/lower", "GET", "GET  " + base + "/two-blanks", "no header", "X-Empty:", ": x", "GET nowhere", "GET " + base + "/a\r",
	})
	read, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		text := "GET " + base + "/first\n" + strings.Join(rapid.SliceOfN(line, 0, 12).Draw(t, "lines"), "\n") + "\n"
		want, theirErr := byVegeta(theirs.NewHTTPTargeter(strings.NewReader(text), nil, nil))
		total := 0
		for _, n := range want {
			total += n
		}
		got, err := byUs(t, text, total)
		if theirErr != nil {
			refused++
			require.Error(t, err, "Vegeta says %v of\n%s", theirErr, text)
			require.Regexp(t, `^targets:\d+: `, err.Error())
			return
		}
		read++
		require.NoError(t, err, "%s", text)
		require.Equal(t, want, got, "%s", text)
	})
	require.Positive(t, read)
	require.Positive(t, refused)
}

func TestTargetsInJSONAreThoseThatVegetaReads(t *testing.T) {
	text := `{"method":"GET","url":"` + base + `/a?b={c}","header":{"X-A":["1"],"X-B":["2"]}}

{"method":"POST","url":"` + base + `/b","body":"aGVsbG8ge3dvcmxkfQ=="}
{"method":"POST","url":"` + base + `/b","body":"aGVsbG8ge3dvcmxkfQ=="}
`
	want, err := byVegeta(theirs.NewJSONTargeter(strings.NewReader(text), nil, nil))
	require.NoError(t, err)
	got, err := byUs(t, text, 3)
	require.NoError(t, err)
	for key, n := range got { // what a body was made of
		delete(got, key)
		got[strings.ReplaceAll(key, "{{", "{")] = n
	}
	require.Equal(t, want, got)
}

func TestRatesAreThoseOfVegeta(t *testing.T) {
	for _, row := range []struct {
		text, want string
	}{
		{"50", "50/s"}, {"50/s", "50/s"}, {"50/1s", "50/s"}, {"3000/1m", "50/s"}, {"3000/m", "50/s"}, {"1/100ms", "10/s"},
		{"", "50/s"}, {"0", ""}, {"infinity", ""}, {"-1/s", ""}, {"1/x", ""}, {"1/0s", ""}, {"1e999", ""},
	} {
		result, err := vegeta.Read([]importer.File{{Name: "t", Text: []byte("GET " + base + "/")}}, importer.Options{Rate: row.text})
		if row.want == "" {
			require.ErrorContains(t, err, "--rate", row.text)
			continue
		}
		require.NoError(t, err, row.text)
		require.Contains(t, string(result.Text), "rate: "+row.want+"\n", row.text)
	}
}
