package chaos

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTheTableIsWhole(t *testing.T) {
	names := map[string]bool{}
	for _, spec := range Kinds() {
		t.Run(spec.Name, func(t *testing.T) {
			require.False(t, names[spec.Name], "twice")
			names[spec.Name] = true
			require.True(t, strings.HasPrefix(spec.Form, spec.Name))
			for _, text := range []string{spec.Models, spec.Acts, spec.Counts, spec.Correct} {
				require.NotEmpty(t, text)
			}
			require.Equal(t, isOneShot(spec.Example), spec.Undoing == "", "what is undone says how that is read back")
			require.NoError(t, validate(spec.Example))
			for place, accepting := range map[string]Place{OnProxy: &Proxy{}, OnProcess: &Signals{}, OnSessions: &Sessions{}} {
				require.Equal(t, spec.Place == place, accepting.Accepts(spec.Example) == nil, "at %s", place)
			}
		})
	}
}

// What a place can carry out has a method by which it does; each type that has
// one must be a row of the table.
func TestNoKindIsMissingFromTheTable(t *testing.T) {
	listed := map[string]bool{}
	for _, spec := range Kinds() {
		listed[reflect.TypeOf(spec.Example).Name()] = true
	}
	paths, err := filepath.Glob("*.go")
	require.NoError(t, err)
	found := 0
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv == nil || (f.Name.Name != "effect" && f.Name.Name != "signal" && f.Name.Name != "session") {
				continue
			}
			receiver, ok := f.Recv.List[0].Type.(*ast.Ident)
			require.True(t, ok, "%s", f.Name.Name)
			require.True(t, listed[receiver.Name], "%s is not in the table", receiver.Name)
			found++
		}
	}
	require.Equal(t, len(listed), found)
}

func TestATextFormReadsBack(t *testing.T) {
	for _, spec := range Kinds() {
		t.Run(spec.Name, func(t *testing.T) {
			kind, err := ParseKind(spec.Example.String())
			require.NoError(t, err)
			require.Equal(t, spec.Example, kind)
		})
	}
	for text, want := range map[string]Kind{
		"delay 200ms jitter 50ms":         Delay{Each: 200 * time.Millisecond, Jitter: 50 * time.Millisecond},
		"  delay  1.5s   both ":           Delay{Each: 1500 * time.Millisecond, Direction: Both},
		"bandwidth 64kB/s up":             Bandwidth{BytesPerSecond: 64_000, Direction: Up},
		"bandwidth 1500B/s":               Bandwidth{BytesPerSecond: 1500},
		"slicer 1B":                       Slicer{Bytes: 1},
		"black-hole":                      BlackHole{},
		"black-hole down lose":            BlackHole{Direction: Down, Lose: true},
		"black-hole down upon COMMIT":     BlackHole{Direction: Down, Upon: "COMMIT"},
		"refuse cut":                      Refuse{Cut: true},
		"limit-data 0B":                   LimitData{},
		"lock-table public.task_attempts": LockTable{Table: "public.task_attempts"},
	} {
		kind, err := ParseKind(text)
		require.NoError(t, err, text)
		require.Equal(t, want, kind)
	}
}

func TestEveryValidKindReadsBackFromItsText(t *testing.T) {
	directions := rapid.SampledFrom([]Direction{Unset, Up, Down, Both})
	durations := rapid.Int64Range(1, int64(time.Hour))
	rapid.Check(t, func(r *rapid.T) {
		each := time.Duration(durations.Draw(r, "each"))
		dir := directions.Draw(r, "direction")
		size := rapid.Int64Range(1, maxBytes).Draw(r, "size")
		kind := rapid.SampledFrom([]Kind{
			Delay{Each: each, Jitter: time.Duration(rapid.Int64Range(0, int64(each)).Draw(r, "jitter")), Direction: dir},
			Bandwidth{BytesPerSecond: size, Direction: dir},
			Slicer{Bytes: 1 + size%chunkBytes, Gap: each, Direction: dir},
			LimitData{Bytes: size, Direction: dir},
			BlackHole{Direction: dir, Lose: size%2 == 0, Upon: []string{"", "COMMIT"}[size%2]},
			SlowAccept{Each: each},
			HoldConnections{N: int(1 + size%maxHeld)},
			LockTable{Table: rapid.StringMatching(`[\pL_][\pL\d_$]{0,10}(\.[\pL_]{1,10})?`).Draw(r, "table")},
		}).Draw(r, "kind")
		require.NoError(r, validate(kind))
		back, err := ParseKind(kind.String())
		require.NoError(r, err)
		require.Equal(r, kind, back)
	})
}

func TestATextThatIsNoKindSaysWhatToWrite(t *testing.T) {
	for text, want := range map[string]string{
		"":                            `there are ["delay" "bandwidth"`,
		"dely 200ms":                  `did you mean "delay"?`,
		"delay":                       "EACH is missing",
		"delay soon":                  "EACH is a time such as 200ms",
		"delay 200ms jitter 300ms":    "jitter is between 0 and the delay",
		"delay -1s":                   "more than nothing",
		"delay 1s sideways":           `"sideways" is too much`,
		"delay 1s up down":            `"down" is too much`,
		"bandwidth 64":                "a size such as 64kB/s",
		"bandwidth 0B/s":              "between 1 B/s",
		"bandwidth 99999999999GB/s":   "a size such as",
		"slicer 1MB":                  "a piece is between",
		"limit-data -5B":              "a limit is between",
		"lock-table":                  "TABLE is missing",
		"lock-table a.b.c":            "a table is TABLE or SCHEMA.TABLE",
		`lock-table projects;drop`:    "is not the name of a table",
		"hold-connections 0":          "between 1 and",
		"hold-connections many":       "a whole number",
		"kill twice":                  "too much",
		"slow-accept 0s":              "more than nothing",
		"hold-connections 5 and more": "it is written \"hold-connections N\"",
	} {
		_, err := ParseKind(text)
		require.ErrorIs(t, err, ErrKind, text)
		require.ErrorContains(t, err, want, text)
	}
}

func FuzzParseKind(f *testing.F) {
	for _, spec := range Kinds() {
		f.Add(spec.Example.String())
		f.Add(spec.Form)
	}
	f.Add("bandwidth +5kB/s both")
	f.Fuzz(func(t *testing.T, text string) {
		kind, err := ParseKind(text)
		if err != nil {
			require.ErrorIs(t, err, ErrKind)
			return
		}
		require.NoError(t, validate(kind))
		back, err := ParseKind(kind.String())
		require.NoError(t, err)
		require.Equal(t, kind, back)
		require.Equal(t, kind.String(), back.String())
	})
}

func TestTheCatalogueHasARowPerKindAndWholeTables(t *testing.T) {
	var b strings.Builder
	require.NoError(t, WriteCatalogue(&b))
	rows := 0
	for line := range strings.Lines(b.String()) {
		if strings.HasPrefix(line, "|") {
			require.Equal(t, 7, strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"), line)
		}
		if strings.HasPrefix(line, "| `") {
			rows++
		}
	}
	require.Equal(t, len(Kinds()), rows)
	for _, spec := range Kinds() {
		require.Contains(t, b.String(), strings.ReplaceAll(spec.Form, "|", `\|`))
	}
}
