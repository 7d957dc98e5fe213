package visible_test

import (
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/visible"
)

func TestVisible(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain text stays", "Grüße, 日本 — ≤ 100\u00a0MB ✓", "Grüße, 日本 — ≤ 100\u00a0MB ✓"},
		{"lines and tabs stay", "a\n\tb", "a\n\tb"},
		{"a path of Windows stays", `C:\temp\x`, `C:\temp\x`},
		{"colours of a terminal", "\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`},
		{"direction is not turned", "abc\u202egpj.exe", `abc\u202egpj.exe`},
		{"isolates are seen", "\u2066x\u2069", `\u2066x\u2069`},
		{"zero width is seen", "a\u200bb\ufeff", `a\u200bb\ufeff`},
		{"NUL and CR are seen", "a\x00b\r\n", "a\\x00b\\x0d\n"},
		{"bytes that are not UTF-8", "a\xff\xfeb", `a\xff\xfeb`},
		{"a replacement character that someone wrote stays", "a\ufffdb", "a\ufffdb"},
		{"tags beyond the first plane", "\U000e0041", `\U000e0041`},
		{"line separators", "a\u2028b", `a\u2028b`},
		{"an escape can't be forged beside a real one", "\\u202e\u202e", `\\u202e\u202e`},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, visible.Text(c.in)) })
	}
}

func FuzzVisible(f *testing.F) {
	f.Add("x</script>\" \u202egnp.exe \u2066\x00\x1b[31m\ufeff\xff\xfe {{.}}\r\nline")
	f.Add("plain")
	f.Fuzz(func(t *testing.T, s string) {
		got := visible.Text(s)
		require.True(t, utf8.ValidString(got))
		for _, r := range got {
			require.True(t, r == '\n' || r == '\t' || unicode.IsGraphic(r), "%U", r)
		}
		require.Equal(t, got, visible.Text(got), "what is visible stays as it is")
	})
}

func TestACopyIsVisibleAndTheSourceStays(t *testing.T) {
	run := &result.Run{ID: "a\x1b", Scenarios: []result.Scenario{{Settings: map[string]string{"k\u200b": "v"}}}}
	got := visible.Copy(run)
	require.Equal(t, `a\x1b`, got.ID)
	require.Equal(t, map[string]string{`k\u200b`: "v"}, got.Scenarios[0].Settings)
	require.Equal(t, "a\x1b", run.ID)
}
