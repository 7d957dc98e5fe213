package notation_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/manifest/notation"
)

func text(t *rapid.T, label string) string {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"yes", "no", "on", "010", "1.10", "null", "~", "{port}", "${USER_NAME}", "$$", "# x", "a: b", "- a", " lead", "trail ", "é", "\n", "true", "0x1F", "1e3", "2001-01-01", "<<", "=", "!x", "&a", "*a", "|", ">", "%", "@", "`"}),
		rapid.StringMatching(`[ -~é\n]{1,12}`),
	).Draw(t, label)
}

func drawn(t *rapid.T, depth int) sample {
	s := sample{Name: text(t, "name"), Count: rapid.IntRange(0, 1<<30).Draw(t, "count"), On: rapid.Bool().Draw(t, "enabled")}
	s.Share = rapid.SampledFrom([]float64{0, 1, 0.5, 1e-9, 1e21}).Draw(t, "share")
	s.Color = rapid.SampledFrom([]color{"", "red", "green"}).Draw(t, "color")
	if rapid.Bool().Draw(t, "has words") {
		s.Words = notation.Words{text(t, "word")}
	}
	for range rapid.IntRange(0, 2).Draw(t, "rows") {
		name := text(t, "row")
		if _, taken := s.Table.Get(name); !taken && name != "<<" {
			s.Table = append(s.Table, notation.Row[string]{Name: name, Value: text(t, "value")})
		}
	}
	switch rapid.IntRange(0, 3).Draw(t, "either") {
	case 1:
		s.Either.Text = text(t, "either")
	case 2:
		s.Either.List = []string{text(t, "one"), text(t, "two")}
	case 3:
		s.Either.Key = text(t, "key")
	}
	s.Value = rapid.SampledFrom([]notation.JSON{"", `{"a":[1,"no",null,{"${x}":"${y}"}],"b":"010"}`, `"x"`, "1", "true", `""`, `"yes"`}).Draw(t, "json")
	if depth > 0 && rapid.Bool().Draw(t, "has a part") {
		part := drawn(t, depth-1)
		s.Part, s.List = &part, []sample{drawn(t, 0)}
	}
	return s
}

// What is written is read as the same value, whatever its texts are.
func TestReaderAndPrinterAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawn(t, 2)
		written, err := notation.Write(s)
		require.NoError(t, err)
		var got sample
		_, err = notation.Read(written, &got, notation.Options{File: "f"})
		require.NoError(t, err, "%s", written)
		require.Equal(t, s, got, "%s", written)
	})
}

// FuzzRead: whatever the bytes, there is a value or a problem with a place, and what
// was read is written as something that reads the same.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"name: x", "a: &a [*a]", "<<: {name: y}\nlist: [{name: ${X:-z}}]", "value: {a: [1, 010]}", "\t", "? a\n: b", "--- |\n x", "name: !!str 1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var s sample
		if _, err := notation.Read(data, &s, notation.Options{File: "f"}); err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		written, err := notation.Write(s)
		require.NoError(t, err)
		var again sample
		_, err = notation.Read(written, &again, notation.Options{File: "f"})
		require.NoError(t, err, "%s", written)
		rewritten, err := notation.Write(again)
		require.NoError(t, err)
		require.Equal(t, string(written), string(rewritten))
	})
}
