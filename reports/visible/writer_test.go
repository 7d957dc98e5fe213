package visible_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/reports/visible"
)

func TestWhatIsWrittenSteersNobody(t *testing.T) {
	for _, c := range []struct {
		name   string
		writes []string
		want   string
	}{
		{"plain text stays", []string{"Grüße, 日本 — ✓ [a] # b ##\n\tc::d\n"}, "Grüße, 日本 — ✓ [a] # b ##\n\tc::d\n"},
		{"a path of Windows stays", []string{`C:\temp\x`}, `C:\temp\x`},
		{"a family of several characters stays", []string{"👨‍👩‍👧"}, "👨‍👩‍👧"},
		{"colours", []string{"\x1b[31mred"}, `\u001b[31mred`},
		{"controls of the second set", []string{"a\u009b31m"}, `a\u009b31m`},
		{"a line that is written over", []string{"FAIL\rPASS"}, `FAIL\u000dPASS`},
		{"a direction that is turned", []string{"a\u202eb"}, `a\u202eb`},
		{"bytes that are not UTF-8", []string{"a\xffb"}, `a\u00ffb`},
		{"a character in two writes", []string{"a\xe2\x9c", "\x93b"}, "a✓b"},
		{"a command of GitHub", []string{"x\n  ::error::y\n"}, "x\n  :\\u003aerror::y\n"},
		{"a command in two writes", []string{":", ":error::y"}, `:\u003aerror::y`},
		{"no command", []string{"a ::error::y\n: :\n"}, "a ::error::y\n: :\n"},
		{"an older command of GitHub", []string{"say ##[error]y"}, `say ##\u005berror]y`},
		{"a command of Azure", []string{"say ##v", "so[task.setvariable]y"}, `say ##vso\u005btask.setvariable]y`},
		{"more hashes", []string{"###[error]"}, `###\u005berror]`},
		{"a command of TeamCity", []string{"##TeamCity[message]"}, `##TeamCity\u005bmessage]`},
		{"no command, a word between", []string{"## vso[x]"}, "## vso[x]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			w := visible.NewWriter(&out)
			for _, text := range c.writes {
				n, err := w.Write([]byte(text))
				require.NoError(t, err)
				require.Equal(t, len(text), n)
			}
			require.Equal(t, c.want, out.String())
		})
	}
}

// What the program itself says to a terminal or a CI job arrives as it is, and opens
// no door to the text after it.
func TestOnesOwnControlsAndCommands(t *testing.T) {
	var out strings.Builder
	w := visible.NewWriter(&out)
	require.NoError(t, w.Control("\x1b[31m"))
	_, err := w.Write([]byte("::error::x\n"))
	require.NoError(t, err)
	_, err = w.Commands().Write([]byte("::warning::a\x1bb ##vso[x]\n"))
	require.NoError(t, err)
	require.NoError(t, w.Control("half\r"))
	_, err = w.Write([]byte("::error::x"))
	require.NoError(t, err)
	require.Equal(t, "\x1b[31m:\\u003aerror::x\n::warning::a\\u001bb ##vso\\u005bx]\nhalf\r:\\u003aerror::x", out.String())
}

// JSON that is written means the same, and how a text is divided among writes changes
// nothing.
func TestWritingProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("::##vso[]\n\r\x1b\u202e\u2028 ")))).Draw(t, "text")
		line, err := json.Marshal(text)
		require.NoError(t, err)
		var read string
		require.NoError(t, json.Unmarshal([]byte(written(t, string(line))), &read))
		require.Equal(t, text, read)
		at := rapid.IntRange(0, len(text)).Draw(t, "at")
		require.Equal(t, written(t, text), written(t, text[:at], text[at:]))
	})
}

func written(t require.TestingT, parts ...string) string {
	var out strings.Builder
	w := visible.NewWriter(&out)
	for _, p := range parts {
		_, err := w.Write([]byte(p))
		require.NoError(t, err)
	}
	return out.String()
}

func FuzzWriter(f *testing.F) {
	f.Add("\x1b[31m\n::error::x ##vso[y]", "\xe2\x9c")
	f.Add("#", "#[error]")
	f.Fuzz(func(t *testing.T, a, b string) {
		got := written(t, a, b)
		require.True(t, utf8.ValidString(got))
		for line := range strings.Lines(got) {
			require.False(t, strings.HasPrefix(strings.TrimSpace(line), "::"), "%q", got)
			require.NotContains(t, strings.ToLower(line), "##vso[")
			require.NotContains(t, line, "##[")
			for _, r := range line {
				require.True(t, r == '\n' || r == '\t' || !unicode.IsControl(r), "%U", r)
			}
		}
	})
}
