package examples_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// block is a block of a document that says what is done with it.
type block struct {
	line int
	what string // file app.py; run 0; edit app.py before "…"; edit app.py from "…" to "…"
	text string
}

var blockForm = regexp.MustCompile("(?m)^<!-- ((?:file|run|edit) .*) -->\n```[a-z]+\n((?s:.*?))^```$")

// blocks are those of a document.
func blocks(text string) []block {
	var all []block
	for _, m := range blockForm.FindAllStringSubmatchIndex(text, -1) {
		all = append(all, block{1 + strings.Count(text[:m[0]], "\n"), text[m[2]:m[3]], text[m[4]:m[5]]})
	}
	return all
}

// The page that leads from an empty folder to a proof is carried out as it stands.
func TestYourServiceIsAsThePageSays(t *testing.T) {
	page, err := os.ReadFile("../docs/your-service.md")
	require.NoError(t, err)
	all := blocks(string(page))
	require.Equal(t, strings.Count(string(page), "\n```")/2, len(all), "each block says what is done with it")
	w := walk{folder: t.TempDir(), program: built(t)}
	for _, b := range all {
		w.carryOut(t, b)
	}
}

// walk is a person who follows the page.
type walk struct{ folder, program string }

func (w walk) carryOut(t *testing.T, b block) {
	t.Helper()
	verb, rest, _ := strings.Cut(b.what, " ")
	name, where, _ := strings.Cut(rest, " ")
	path := filepath.Join(w.folder, name)
	switch verb {
	case "file":
		require.NoError(t, os.WriteFile(path, []byte(b.text), 0o600))
	case "edit":
		before, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, []byte(edited(t, b, string(before), where)), 0o600))
	case "run":
		code, err := strconv.Atoi(name)
		require.NoError(t, err)
		w.run(t, b, code)
	}
}

// edited is a text with the block where it says.
func edited(t *testing.T, b block, text, where string) string {
	t.Helper()
	place := strings.Split(where, `"`)
	require.Contains(t, []int{3, 5}, len(place), "line %d", b.line)
	from := strings.Index(text, place[1])
	require.GreaterOrEqual(t, from, 0, "line %d: there is no %s", b.line, place[1])
	to := from
	if len(place) == 5 {
		to = from + strings.Index(text[from:], place[3])
		require.Greater(t, to, from, "line %d: there is no %s", b.line, place[3])
	}
	return text[:from] + b.text + text[to:]
}

// run types the command of a block and holds the output against the block's lines,
// which stand there in the same order, perhaps with others between them, but for
// figures.
func (w walk) run(t *testing.T, b block, code int) {
	t.Helper()
	command, shown, _ := strings.Cut(b.text, "\n")
	words := strings.Fields(strings.TrimPrefix(command, "$ holdfast "))
	if words[0] == "run" {
		words = append(words, "--retries", "2")
	}
	cmd := exec.Command(w.program, words...)
	cmd.Dir = w.folder
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		require.NoError(t, err)
	}
	require.Equal(t, code, cmd.ProcessState.ExitCode(), "line %d: %s\n%s", b.line, command, said.String())
	rest := withoutFigures(said.String())
	for line := range strings.Lines(shown) {
		_, after, found := strings.Cut(rest, withoutFigures(strings.TrimRight(line, "\n")))
		require.True(t, found, "line %d: %s does not say\n%s\nbut\n%s", b.line, command, line, said.String())
		rest = after
	}
}

var figures = regexp.MustCompile(`[0-9][0-9. ]*(ms|s|%|MB)?`)

// withoutFigures is a text in which no figure differs from another, nor the path of a
// program.
func withoutFigures(text string) string {
	text = strings.NewReplacer("\u00a0", " ", "\u202f", " ", "\u2009", " ").Replace(text)
	return figures.ReplaceAllString(regexp.MustCompile(`[^ ]*/python3`).ReplaceAllString(text, "python3"), "N")
}
