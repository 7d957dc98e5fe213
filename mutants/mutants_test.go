package mutants_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/mutants"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sampleFile is a program with one place at least for each kind of mistake.
const sampleFile = "testdata/sample.go.txt"

// sample is that program as a module of its own.
func sample(t *testing.T) *mutants.Source {
	t.Helper()
	dir := t.TempDir()
	source, err := os.ReadFile(sampleFile)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sample.go"), source, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module sample.example/sample\n\ngo 1.26.0\n"), 0o600))
	s, err := mutants.Load(t.Context(), dir, ".")
	require.NoError(t, err)
	return s
}

func drawable(t *testing.T, s *mutants.Source, skipped ...mutants.Skipped) []mutants.Mutant {
	t.Helper()
	all, err := s.Drawable(skipped)
	require.NoError(t, err)
	return all
}

// Each kind of mistake, made wherever it can be in the sample: read the golden file.
func TestOperators(t *testing.T) {
	s := sample(t)
	var b strings.Builder
	seen := map[string]bool{}
	for _, m := range drawable(t, s) {
		require.False(t, seen[m.Name], "two mutants are named %s", m.Name)
		seen[m.Name] = true
		compiles := ""
		if s.Check(m) != nil {
			compiles = " (does not compile)"
		}
		fmt.Fprintf(&b, "%s%s\n%s\n", m.Name, compiles, m.Diff())
	}
	golden := filepath.Join("testdata", "operators.golden")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

// Nobody promises anything of a log line, and a skipped function is skipped.
func TestWhatNoMistakeIsMadeIn(t *testing.T) {
	s := sample(t)
	for _, m := range drawable(t, s, mutants.Skipped{Func: "main.store.write", Why: "a test"}) {
		require.NotContains(t, m.Diff(), "names)+", "a log line")
		require.NotContains(t, m.Diff(), "SELECT", "what is skipped")
	}
	_, err := s.Drawable([]mutants.Skipped{{Func: "main.store.rite"}})
	require.ErrorContains(t, err, "main.store.rite")
}

// A mistake changes what it says it changes and nothing else, and no line moves.
func TestApply(t *testing.T) {
	source, err := os.ReadFile(sampleFile)
	require.NoError(t, err)
	for _, m := range drawable(t, sample(t)) {
		changed, err := m.Apply("sample.go", source)
		require.NoError(t, err)
		require.NotEqual(t, string(source), string(changed), m.Name)
		require.Equal(t, strings.Count(string(source), "\n"), strings.Count(string(changed), "\n"), m.Name)
		_, err = m.Apply("sample.go", source[1:])
		require.ErrorContains(t, err, "not as it was", m.Name)
	}
}

// The same seed gives the same draw, of all mutants each once, and no line comes
// twice before every line had its turn.
func TestDraw(t *testing.T) {
	all := drawable(t, sample(t))
	lines := map[string]bool{}
	for _, m := range all {
		lines[m.Where()] = true
	}
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		drawn := mutants.Draw(seed, all)
		require.Equal(rt, drawn, mutants.Draw(seed, all))
		require.ElementsMatch(rt, all, drawn)
		first := map[string]bool{}
		for _, m := range drawn[:len(lines)] {
			require.False(rt, first[m.Where()])
			first[m.Where()] = true
		}
	})
	require.NotEqual(t, mutants.Draw(1, all), mutants.Draw(2, all))
	_, err := mutants.ByName(all, "sample.none")
	require.ErrorContains(t, err, "sample.none")
}

// A mutant becomes a program that does something else. One that does not compile,
// and one that is the same program, are none.
func TestBuild(t *testing.T) {
	s := sample(t)
	b := mutants.Builder{Source: s, Package: ".", Dir: t.TempDir()}
	intact, err := b.Intact(t.Context())
	require.NoError(t, err)
	require.NoError(t, run(intact), "it should say that there is no database")
	all := drawable(t, s)
	for _, row := range []struct{ change, what string }{
		{"false && err != nil", "fits"}, {"n - 1", "same"}, {"done := make(chan string)", "fits"},
	} {
		t.Run(row.change, func(t *testing.T) {
			m := find(t, all, row.change)
			program, err := b.Build(t.Context(), m)
			if row.what == "same" {
				require.ErrorIs(t, err, mutants.ErrUnfit)
				return
			}
			require.NoError(t, err)
			require.FileExists(t, program)
		})
	}
	left, err := filepath.Glob(filepath.Join(b.Dir, "overlay-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// run starts the sample, which ends with an exit code of 1 as it stands.
func run(program string) error {
	if err := exec.Command(program, "a").Run(); err == nil || err.Error() != "exit status 1" {
		return fmt.Errorf("it ended with %w", err)
	}
	return nil
}

// find is the first mutant that leaves a text in the sample that was not there.
func find(t *testing.T, all []mutants.Mutant, text string) mutants.Mutant {
	t.Helper()
	source, err := os.ReadFile(sampleFile)
	require.NoError(t, err)
	for _, m := range all {
		changed, err := m.Apply("sample.go", source)
		require.NoError(t, err)
		if strings.Contains(string(changed), text) {
			return m
		}
	}
	require.Fail(t, "no mutant leaves "+text)
	return mutants.Mutant{}
}

const invented = `
- name: no-lock
  why: it was slow
  kinds: [content]
  edits:
    - {file: sample.go, replace: "s.mu.Lock()", with: "_ = s"}
`

func TestRead(t *testing.T) {
	s := sample(t)
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	good := fstest.MapFS{
		"store.yaml": file(invented), "reasons.yaml": file(`content: ["*.wrong"]`),
		"skipped.yaml": file("# none\n"), "survivors.yaml": file("- {mutant: store.no-lock, is: gap, why: nobody writes at once}"),
		"noticed.yaml": file("store.no-lock: store/many-writers"),
	}
	c, err := mutants.Read(good, s)
	require.NoError(t, err)
	require.Len(t, c.Invented, 1)
	m := c.Invented[0]
	require.Equal(t, "store.no-lock", m.Name)
	require.Equal(t, "store", m.Service)
	require.Equal(t, "sample.go:54", m.Where())
	require.Equal(t, []string{"*.wrong"}, c.Globs(m))
	require.Empty(t, c.Globs(mutants.Mutant{}), "any reason fits one that was drawn")
	require.Equal(t, mutants.Gap, c.Of("store.no-lock").Is)
	require.Empty(t, c.Of("store.other"))
	require.Equal(t, "store/many-writers", c.Noticed["store.no-lock"])
	for _, row := range []struct{ name, file, text, says string }{
		{"what is not there", "store.yaml", strings.ReplaceAll(invented, "s.mu.Lock()", "s.mu.RLock()"), "stands 0 times"},
		{"what is there twice", "store.yaml", strings.ReplaceAll(invented, "s.mu.Lock()", "s.names = "), "stands 2 times"},
		{"a file that is none", "store.yaml", strings.ReplaceAll(invented, "sample.go", "simple.go"), "simple.go is in none"},
		{"a kind that is none", "store.yaml", strings.ReplaceAll(invented, "[content]", "[contents]"), `no kind of reason "contents"`},
		{"no reason", "store.yaml", strings.ReplaceAll(invented, "it was slow", ""), "it needs a why"},
		{"two of a name", "store.yaml", invented + invented[1:], "two of that name"},
		{"a field that is none", "store.yaml", strings.ReplaceAll(invented, "why:", "because:"), "because"},
		{"a judgement that is none", "survivors.yaml", "- {mutant: x, is: fine, why: y}", "equivalent, outside or gap"},
	} {
		t.Run(row.name, func(t *testing.T) {
			bad := fstest.MapFS{}
			for name, f := range good {
				bad[name] = f
			}
			bad[row.file] = file(row.text)
			_, err := mutants.Read(bad, s)
			require.ErrorContains(t, err, row.says)
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	_, err := mutants.Load(t.Context(), ".", "./none")
	require.ErrorContains(t, err, "list the packages")
	_, err = mutants.Load(t.Context(), t.TempDir(), ".")
	require.Error(t, err)
}

// The interval of Wilson, by the values of Newcombe (1998), method 3.
func TestScore(t *testing.T) {
	for _, row := range []struct {
		killed, of int
		low, high  float64
	}{{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}, {29, 29, 0.8830, 1}, {0, 0, 0, 1}} {
		low, high := mutants.Score{Killed: row.killed, Of: row.of}.Interval()
		require.InDelta(t, row.low, low, 0.0001, "%d of %d", row.killed, row.of)
		require.InDelta(t, row.high, high, 0.0001, "%d of %d", row.killed, row.of)
	}
	require.Zero(t, mutants.Score{}.Share())
	require.Equal(t, 0.75, mutants.Score{Killed: 3, Of: 4}.Share())
}
