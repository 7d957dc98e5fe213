package shellwords_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/shellwords"
)

// The witness is bash: a command that prints its words, each with an end of its own.
func TestTheWordsAreThoseOfBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("needs bash")
	}
	for _, text := range []string{
		`a b  c`, `'a b' "c d"`, `a'b'"c"d`, `"" ''`, `"a \"b\" \\ \n"`, `'a\b'`, `a\ b`, "a \\\n b", `$'a\'b\n\x41é'`, `a # b`, `a#b`,
		`--x="y z"`, `"a
b"`, `{"a":1}`, `a=b`, `http://h/?a=b\&c`,
	} {
		out, err := exec.Command(bash, "-c", "shopt -u expand_aliases; set -f; p() { for w; do printf '%s\\0' \"$w\"; done; }; p "+text).Output()
		require.NoError(t, err, text)
		commands, err := shellwords.Split("p " + text)
		require.NoError(t, err, text)
		require.Len(t, commands, 1, text)
		require.Equal(t, strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"), commands[0].Words[1:], text)
		require.False(t, commands[0].Shell, text)
	}
}

func TestWhatIsMoreThanWordsIsTold(t *testing.T) {
	for text, shell := range map[string]bool{
		`a b`: false, `a '$b'`: false, `a \$b`: false, `a $b`: true, `a "$b"`: true, "a `b`": true, `a > b`: true, `a | b`: true, `a *.go`: true, `a ~/b`: true, `a b~`: false, `a $(b)`: true,
	} {
		commands, err := shellwords.Split(text)
		require.NoError(t, err)
		require.Equal(t, shell, commands[0].Shell, text)
	}
}

func TestCommandsEndWhereAShellEndsThem(t *testing.T) {
	commands, err := shellwords.Split("a b | c\nd && e; f\n\n g")
	require.NoError(t, err)
	require.Equal(t, []shellwords.Command{
		{Line: 1, Words: []string{"a", "b"}, Shell: true}, {Line: 2, Words: []string{"d"}}, {Line: 2, Words: []string{"e"}}, {Line: 2, Words: []string{"f"}}, {Line: 4, Words: []string{"g"}},
	}, commands)
	_, err = shellwords.Split("a\n'b")
	require.EqualError(t, err, "line 2: a quote ' is not closed")
}

func FuzzSplit(f *testing.F) {
	f.Add(`a 'b' "c" $'d\x41' | e`)
	f.Fuzz(func(_ *testing.T, text string) { _, _ = shellwords.Split(text) })
}
