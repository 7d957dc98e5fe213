package importer_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/redact"
)

// decoded is a file of JSON or YAML as values, false where it is neither.
func decoded(f importer.File) (any, bool) {
	if strings.HasSuffix(f.Name, ".js") || strings.HasSuffix(f.Name, ".txt") || strings.Count(string(f.Text), "\n{") > 0 {
		return nil, false
	}
	var v any
	return v, yaml.Unmarshal(f.Text, &v) == nil && v != nil
}

// again is a file with other values, one value a line.
func again(t *testing.T, f importer.File, v any) importer.File {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	require.NoError(t, err)
	return importer.File{Name: f.Name, Text: text}
}

// visit calls fn with each scalar of a value in turn changed, and with each mapping in
// turn having one key more; it is told where.
func visit(v any, path string, changed func(path string), more func(path string)) {
	switch v := v.(type) {
	case map[string]any:
		v["zz-nobody"] = "zz"
		more(strings.TrimPrefix(path+".zz-nobody", "."))
		delete(v, "zz-nobody")
		for key, part := range v {
			at := strings.TrimPrefix(path+"."+key, ".")
			if other, is := different(part); is {
				v[key] = other
				changed(at)
				v[key] = part
			}
			visit(part, at, changed, more)
		}
	case []any:
		for i, part := range v {
			at := path + "[" + strconv.Itoa(i) + "]"
			if other, is := different(part); is {
				v[i] = other
				changed(at)
				v[i] = part
			}
			visit(part, at, changed, more)
		}
	}
}

// different is another value of the same kind, false for what is no scalar.
func different(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		return v + "7", true
	case bool:
		return !v, true
	case int:
		return v + 1, true
	case float64:
		return v + 0.25, true
	}
	return nil, false
}

// told reports whether a part, or what it is in, is among what was not carried over.
func told(left []importer.Left, path string) bool {
	for _, l := range left {
		l.What, _, _ = strings.Cut(l.What, " (")
		if l.What == path || l.What == "all of it" || strings.HasPrefix(path, l.What+".") || strings.HasPrefix(path, l.What+"[") || l.Why != "" && strings.Contains(l.What, path) {
			return true
		}
	}
	return false
}

// meansNothing are parts that say nothing but what is there anyway, each with why.
func meansNothing() map[string]string {
	return map[string]string{
		"phases[0].name": "what a phase is called",
		"abortOnFail":    "false is what is so anyway",
		"absent":         "any value says the same",
		"enabled":        "true is what is so anyway",
	}
}

// Nothing is dropped in silence: whatever a file says, if it said something else then
// something else would come of it, or it is named among what was not carried over. And a
// key that nobody knows is named once, if it is not taken over as data.
func TestNothingIsDroppedInSilence(t *testing.T) {
	parts := 0
	for tool := range tools() {
		for _, f := range corpus(t, tool) {
			v, ok := decoded(f)
			if !ok {
				continue
			}
			t.Run(tool+"/"+f.Name, func(t *testing.T) {
				base, err := imported(tool, again(t, f, v))
				stripped := func(path string) bool {
					return slices.ContainsFunc(base.Stripped, func(found redact.Found) bool {
						return strings.HasSuffix(found.Where, " "+path) || strings.HasSuffix(path, found.Where[strings.LastIndex(found.Where, " ")+1:])
					})
				}
				whole := said(base, err)
				visit(v, "", func(path string) {
					parts++
					changed, err := imported(tool, again(t, f, v))
					if said(changed, err) != whole || told(base.Left, path) || stripped(path) {
						return
					}
					for known := range meansNothing() {
						if strings.HasSuffix(path, known) {
							return
						}
					}
					t.Errorf("%s is dropped in silence", path)
				}, func(path string) {
					parts++
					more, err := imported(tool, again(t, f, v))
					n := 0
					for _, l := range more.Left {
						if strings.Contains(l.What, "zz-nobody") {
							n++
						}
					}
					asData := strings.Contains(string(more.Text), "zz-nobody")
					if n != 1 && !asData && !told(more.Left, path) {
						t.Errorf("%s is told %d times: %s", path, n, fmt.Sprint(err))
					}
				})
			})
		}
	}
	require.Greater(t, parts, 500)
}

// A secret that can be told by its shape is neither in what was made nor in what is said,
// wherever it stood.
func TestNoSecretIsTakenOver(t *testing.T) {
	const secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"
	parts := 0
	for tool := range tools() {
		for _, f := range corpus(t, tool) {
			v, ok := decoded(f)
			if !ok {
				continue
			}
			plant(v, secret, func(at string) {
				if slices.Contains([]string{"as", "method", "path", "header", "hasProperty"}, at) {
					return // names, which are told and written as such
				}
				parts++
				got := said(imported(tool, again(t, f, v)))
				if strings.Contains(strings.ToLower(got), "4ec39hqlyjwdarjtt1zdp7dc") {
					t.Errorf("%s/%s: a secret at %s is in what came of it", tool, f.Name, at)
				}
			})
		}
	}
	require.Greater(t, parts, 200)
}

// plant puts a text in place of each text of a value in turn.
func plant(v any, text string, planted func(at string)) {
	switch v := v.(type) {
	case map[string]any:
		for key, part := range v {
			if _, is := part.(string); is {
				v[key] = text
				planted(key)
				v[key] = part
			}
			plant(part, text, planted)
		}
	case []any:
		for i, part := range v {
			if _, is := part.(string); is {
				v[i] = text
				planted("a list")
				v[i] = part
			}
			plant(part, text, planted)
		}
	}
}
