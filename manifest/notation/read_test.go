package notation_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/manifest/notation"
)

// sample has a field of each sort.
type sample struct {
	Name   string                 `yaml:"name,required"`
	Count  int                    `yaml:"count"`
	Share  float64                `yaml:"share"`
	On     bool                   `yaml:"enabled"`
	Color  color                  `yaml:"color"`
	Words  notation.Words         `yaml:"words"`
	Table  notation.Table[string] `yaml:"table"`
	Either either                 `yaml:"either"`
	List   []sample               `yaml:"list"`
	Part   *sample                `yaml:"part"`
	Value  notation.JSON          `yaml:"value"`
	As     notation.Literal       `yaml:"as"`
}

type color string

func (color) Words() []string { return []string{"red", "green"} }

type either struct {
	Text string                 `yaml:",scalar"`
	List []string               `yaml:",list"`
	Key  string                 `yaml:"key"`
	Rest notation.Table[string] `yaml:",rest"`
}

func environment(name string) (string, bool) {
	v, ok := map[string]string{"USER_NAME": "ada", "EMPTY": "", "BRACES": `{"a":1}`}[name]
	return v, ok
}

func read(text string) (sample, error) {
	var s sample
	_, err := notation.Read([]byte(text), &s, notation.Options{File: "f.yaml", Environment: environment})
	return s, err
}

// Each row is a text of one key and what comes of it.
func TestValuesAreReadAsTheyAreWritten(t *testing.T) {
	for _, row := range []struct {
		text string
		want sample
	}{
		{"name: False", sample{Name: "False"}},
		{"name: 010", sample{Name: "010"}},
		{"name: 1.10", sample{Name: "1.10"}},
		{"name: yes", sample{Name: "yes"}},
		{"name: 2001-01-01", sample{Name: "2001-01-01"}},
		{`name: ""`, sample{}},
		{"name: |\n  a\n  b\n", sample{Name: "a\nb\n"}},
		{"{name: x, enabled: true, count: 3, share: 0.5}", sample{Name: "x", On: true, Count: 3, Share: 0.5}},
		{"{name: x, words: a}", sample{Name: "x", Words: notation.Words{"a"}}},
		{"{name: x, words: [a, b]}", sample{Name: "x", Words: notation.Words{"a", "b"}}},
		{"{name: x, either: a}", sample{Name: "x", Either: either{Text: "a"}}},
		{"{name: x, either: [a]}", sample{Name: "x", Either: either{List: []string{"a"}}}},
		{"{name: x, either: {key: a, other: b}}", sample{Name: "x", Either: either{Key: "a", Rest: notation.Table[string]{{Name: "other", Value: "b"}}}}},
		{`{name: x, value: {b: [1, 1.50, "{n:int}"], a: null, t: true}}`, sample{Name: "x", Value: `{"b":[1,1.50,"{n:int}"],"a":null,"t":true}`}},
		{"{name: x, value: no}", sample{Name: "x", Value: `"no"`}},
		{"base: &b {name: x}\n", sample{}},
		{"name: &n x\ntable: {a: *n}", sample{Name: "x", Table: notation.Table[string]{{Name: "a", Value: "x"}}}},
		{"name: x\npart: &p {name: y, count: 1}\nlist: [{<<: *p, count: 2}]", sample{Name: "x", Part: &sample{Name: "y", Count: 1}, List: []sample{{Name: "y", Count: 2}}}},
		{"name: a ${USER_NAME} b", sample{Name: "a ada b"}},
		{"name: ${NONE:-x} ${EMPTY:-y} ${EMPTY-z}.", sample{Name: "x y ."}},
		{"name: $${USER_NAME} $1 $", sample{Name: "${USER_NAME} $1 $"}},
		{"name: ${BRACES}\nas: ${BRACES}", sample{Name: `{{"a":1}`, As: `{"a":1}`}},
	} {
		got, err := read(row.text)
		if row.want.Name == "" && strings.HasPrefix(row.text, "base") {
			require.Error(t, err)
			continue
		}
		require.NoError(t, err, row.text)
		require.Equal(t, row.want, got, row.text)
	}
}

// Each row is a text, and how its first problem is told.
func TestWhatIsWrongIsToldWithItsPlace(t *testing.T) {
	for _, row := range []struct{ text, says string }{
		{"", "f.yaml:1:1: the file is empty"},
		{"nme: x", `f.yaml:1:1: unknown key "nme" in the file, did you mean name?`},
		{"name: x\nname: y", `f.yaml:2:1: the key "name" stands here for the second time, after line 1`},
		{"count: 3", "f.yaml:1:1: the file has no name"},
		{"name: x\ncount: three", `f.yaml:2:8: count: "three" is no whole number`},
		{"name: x\ncount: 010", "f.yaml:2:8: count"},
		{"name: x\ncount: 99999999999", "f.yaml:2:8: count"},
		{"name: x\nshare: .inf", "f.yaml:2:8: share"},
		{"name: x\nenabled: yes", `f.yaml:2:10: enabled: "yes" is neither true nor false`},
		{"name: x\ncolor: rot", `f.yaml:2:8: color: there is no "rot"`},
		{"name: x\ncolor: grean", "did you mean green?"},
		{"name: {port}", `f.yaml:1:7: name: {port} without quotes is a mapping in YAML; write "{port}"`},
		{"name: [a]", "f.yaml:1:7: name is one text here, not a list"},
		{"name:", `f.yaml:1:6: name is empty; write "" for an empty text`},
		{"name: ~", "name is empty"},
		{"name: x\npart:", "f.yaml:2:6: part is empty; write {}"},
		{"name: x\ntable: [a]", "f.yaml:2:8: table is a mapping from names here"},
		{"name: x\nlist: {a: b}", "f.yaml:2:7: list is a list here"},
		{"name: x\nvalue: {n: 010}", "f.yaml:2:12: value.n: is 010 a number or a text?"},
		{"name: x\nvalue: {n: 1_000}", "a number or a text?"},
		{"name: x\nvalue: {a: 1, a: 2}", "second time"},
		{"name: ${NONE}", "f.yaml:1:7: name: the variable NONE is not set; set it, or write ${NONE:-default}"},
		{"name: ${NONE:?say who}", "the variable NONE is not set: say who"},
		{"name: ${1x}", "is no variable such as ${NAME}"},
		{"name: a\n\tcount: 3", "f.yaml:2:1: a tab is in the indentation"},
		{"name: [a", "f.yaml:1:1: this is no YAML"},
		{"name: x\n---\nname: y", "f.yaml:2:1: a second document begins here"},
		{"name: \xff", "f.yaml:1:7: the byte 0xff is no UTF-8"},
		{"name: \x00", "f.yaml:1:7: the control character 0x00"},
		{"name: !!python/object:os.system x", "the tag"},
		{"name: !vault x", "the tag !vault is not read here"},
		{"name: !!binary aGk=", "the tag !!binary is not read here"},
		{"&a [*a]", "nested deeper than 64"},
		{"name: *nobody", "this is no YAML: unknown anchor"},
		{strings.Repeat("[", 100), "f.yaml:1"},
		{strings.Repeat("- ", 9000) + "x", "f.yaml:1"},
		{"? [a]\n: b", "a key is a text here"},
		{"- a", "the file is a mapping here"},
		{"name: x\n<<: 3", "<< takes a mapping"},
	} {
		_, err := read(row.text)
		var problems *notation.Problems
		require.ErrorAs(t, err, &problems, row.text)
		require.Contains(t, err.Error(), row.says, row.text)
		for line := range strings.Lines(err.Error()) {
			require.True(t, strings.HasPrefix(line, "f.yaml:"), line)
			require.Less(t, len(line), 600, "a line is for people")
		}
	}
}

func TestProblemsStandInTheOrderOfTheFile(t *testing.T) {
	_, err := read("count: x\nname: [a]\nshare: y\n")
	var at []string
	for line := range strings.Lines(err.Error()) {
		at = append(at, strings.Join(strings.SplitN(line, ":", 4)[1:3], ":"))
	}
	require.Equal(t, []string{"1:8", "2:7", "3:8"}, at)
}

// What was made to take long, or all of the memory, is refused at once.
func TestWhatIsTooBigIsRefusedAtOnce(t *testing.T) {
	big := map[string]string{
		"10 MB of text":      "name: " + strings.Repeat("x", 10<<20),
		"many keys":          manyKeys(200_000),
		"deep lists":         "name: " + strings.Repeat("[", 200_000),
		"deep mappings":      strings.Repeat("{a: ", 100_000),
		"many anchors":       manyAnchors(),
		"many documents":     strings.Repeat("---\nname: x\n", 50_000),
		"one long line":      strings.Repeat("a: {", 50_000),
		"many complex keys":  strings.Repeat("? ", 100_000),
		"many dashes":        strings.Repeat("- ", 400_000),
		"many quotes":        "name: " + strings.Repeat(`"`, 900_000),
		"many comments":      strings.Repeat("# x\n", 200_000),
		"many tags":          strings.Repeat("!x ", 200_000),
		"aliases of aliases": billion(t),
	}
	for name, text := range big {
		begun := time.Now()
		_, err := read(text)
		require.Error(t, err, name)
		require.Less(t, time.Since(begun), 10*time.Second, name) // a bomb takes minutes
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n / 4 {
		fmt.Fprintf(&b, "k%d: {a: b}\n", i)
	}
	return b.String()
}

func manyAnchors() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x]\n")
	for i := range 20_000 {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d, *a%d]\n", i+1, i+1, i, i)
	}
	return b.String()
}

func billion(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "bomb.yaml"))
	require.NoError(t, err)
	return string(text)
}

func TestAPartIsFoundByItsPath(t *testing.T) {
	var s sample
	d, err := notation.Read([]byte("name: x\nlist:\n  - name: y\n    table: {a.b: \"${USER_NAME}\"}\n"), &s, notation.Options{File: "f", Environment: environment})
	require.NoError(t, err)
	require.Equal(t, notation.Position{Line: 1, Column: 7}, d.At("name"))
	require.Equal(t, notation.Position{Line: 1, Column: 1}, d.At("name#"))
	require.Equal(t, notation.Position{Line: 3, Column: 11}, d.At("list[0].name"))
	require.Equal(t, notation.Position{Line: 4, Column: 18}, d.At("list[0].table.a.b"))
	require.Equal(t, notation.Position{Line: 3, Column: 5}, d.At("list[0].color"), "what is not there stands where it would be")
	require.True(t, d.HasVariable("list[0].table.a.b"))
	require.False(t, d.HasVariable("name"))
}

func TestEveryErrorIsOfTheFile(t *testing.T) {
	_, err := read("name: [")
	var problems *notation.Problems
	require.True(t, errors.As(err, &problems))
}
