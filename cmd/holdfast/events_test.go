package main

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
)

// Every line keeps to the schema; the schema names all that a line may say, and nothing
// that none says.
func TestEventsKeepToTheirSchema(t *testing.T) {
	code, printed, stderr := holdfast(t, nil, "schema", "events")
	require.Equal(t, exitPass, code, stderr)
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(printed))
	require.NoError(t, err)
	properties := func(node any) []string {
		var names []string
		for name := range node.(map[string]any)["properties"].(map[string]any) {
			names = append(names, name)
		}
		return slices.Sorted(slices.Values(names))
	}
	require.Equal(t, tagsOf(reflect.TypeFor[eventLine]()), properties(doc))
	require.Equal(t, tagsOf(reflect.TypeFor[streamLine]()), properties(doc.(map[string]any)["$defs"].(map[string]any)["stream"]))

	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("events.json", doc))
	schema, err := compiler.Compile("events.json")
	require.NoError(t, err)
	v, out, _ := watching(true)
	v.planned = []string{"search/x", "search/y"}
	v.say("a note")
	v.observe(harness.Event{Kind: harness.ScenarioStarted, Scenario: "search/x", Text: "it holds", N: 1, All: 2})
	v.observe(harness.Event{Kind: harness.PhaseStarted, Scenario: "search/x", Phase: "warm-up"})
	v.observe(tickAt(1.5, 300))
	ended := result.Scenario{Name: "search/x", Verdict: result.NotExercised, Reason: "no samples"}
	v.observe(harness.Event{Kind: harness.ScenarioEnded, Scenario: "search/x", Result: &ended})
	v.conclude(&result.Run{Verdict: result.NotExercised, Reason: "x", Scenarios: []result.Scenario{ended}}, "r.html")
	kinds := map[string]bool{}
	for line := range bytes.Lines(out.Bytes()) {
		event, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		require.NoError(t, err)
		require.NoError(t, schema.Validate(event), "%s", line)
		kinds[event.(map[string]any)["kind"].(string)] = true
	}
	require.Len(t, kinds, 6, "every kind was seen")
	require.Contains(t, out.String(), `"not_begun":["search/y"]`)
	require.Contains(t, out.String(), `"p99_s":0.0415`)
	broken, err := jsonschema.UnmarshalJSON(strings.NewReader(`{"kind":"tick","at_s":"1.5"}`))
	require.NoError(t, err)
	require.Error(t, schema.Validate(broken), "a schema that takes everything proves nothing")
}

// tagsOf are the names of a struct's fields in JSON, sorted: lower case, with _.
func tagsOf(of reflect.Type) []string {
	var names []string
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestNamesAreCompleted(t *testing.T) {
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"run", "search/pop"}, "search/popular-term\t"},
		{[]string{"run", "search", "--without", "search.sql"}, "search.sql-limit\t"},
		{[]string{"run", "search", "--profile", ""}, "smoke"},
		{[]string{"run", "search", "--fail-on", ""}, "not-exercised"},
		{[]string{"run", "search", "--database", ""}, "local"},
		{[]string{"prove", "search.sql"}, "search.sql-limit\t"},
		{[]string{"run", "search", "--standing-off", ""}, "answers"},
		{[]string{"explain", "search.latency.p9"}, "search.latency.p99\tmetric"},
		{[]string{"explain", "inconc"}, "inconclusive\tverdict"},
		{[]string{"explain", "dela"}, "delay\tfault"},
		{[]string{"report", "--export", ""}, "hdr"},
		{[]string{"show", "search/pop"}, "search/popular-term\t"},
		{[]string{"run", "--service", "../../examples/flask", ""}, "/"},
	} {
		code, stdout, stderr := holdfast(t, nil, append([]string{"__complete"}, row.args...)...)
		require.Equal(t, exitPass, code, stderr)
		require.Contains(t, stdout, row.want, "%v", row.args)
	}
	code, stdout, _ := holdfast(t, nil, "completion", "bash")
	require.Equal(t, exitPass, code)
	require.Contains(t, stdout, "__complete")
}
