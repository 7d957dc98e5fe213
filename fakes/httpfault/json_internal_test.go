package httpfault

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/fault"
)

// leaves are the values of an object that are neither object nor list, by their way there.
func leaves(at string, v any, into map[string]any) {
	switch v := v.(type) {
	case map[string]any:
		for name, one := range v {
			leaves(at+"."+name, one, into)
		}
	case []any:
		for _, one := range v {
			leaves(at+".", one, into)
		}
	default:
		into[at] = v
	}
}

// Answer after answer each value is wrong once in each way, and no other beside it.
func TestOneValueIsWrongAtATime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,3}`), 1, 4, rapid.ID[string]).Draw(t, "names")
		object := map[string]any{}
		for i, name := range names {
			object[name] = rapid.SampledFrom([]any{i, "x", true, 1.5, map[string]any{"in": i, "out": "y"}}).Draw(t, name)
		}
		body, err := json.Marshal(map[string]any{"of": object})
		require.NoError(t, err)
		right := map[string]any{}
		var was any
		require.NoError(t, json.Unmarshal(body, &was))
		leaves("", was, right)
		one := newSpoiling(fault.JSON{How: "one"})
		ways := map[string]map[string]bool{}
		for range 3 * len(right) {
			a := Answer{Status: 200, Body: body}
			require.True(t, one.Change(nil, &a))
			var is any
			require.NoError(t, json.Unmarshal(a.Body, &is), "it is JSON: %s", a.Body)
			got := map[string]any{}
			leaves("", is, got)
			wrong := ""
			for at, v := range right {
				if now, there := got[at]; !there || now != v {
					require.Empty(t, wrong, "%s: %s is wrong beside %s", a.Body, at, wrong)
					wrong = at
				}
			}
			require.NotEmpty(t, wrong, "%s", a.Body)
			if ways[wrong] == nil {
				ways[wrong] = map[string]bool{}
			}
			ways[wrong][string(a.Body)] = true
		}
		for at := range right {
			require.Len(t, ways[at], 3, at)
		}
	})
}

// What has no value to be wrong is left as it is, and the fault has not acted.
func TestNothingIsWrongWhereNothingIs(t *testing.T) {
	for _, body := range []string{`{}`, `[1]`, `{"a":{}}`, `no JSON`} {
		for _, how := range []string{"one", "bytes"} {
			require.False(t, Spoils(fault.JSON{How: how}, []byte(body)), "%s %s", how, body)
		}
	}
}
