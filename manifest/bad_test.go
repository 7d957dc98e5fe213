package manifest_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/manifest"
)

// bad is one mistake in a good file: what stands there, what stands there instead,
// and what is said of it.
type bad struct {
	name     string
	old, new string
	says     string
	// text says that the schema refuses it, too: it is wrong as a text already.
	text bool
}

// base is the good file in which one thing at a time is made wrong.
func base(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/good/shop.yaml")
	require.NoError(t, err)
	return string(text)
}

// with is the good file with the mistake in it.
func (b bad) with(t *testing.T, good string) string {
	t.Helper()
	if b.old == "" {
		return b.new
	}
	require.Equal(t, 1, strings.Count(good, b.old), "%s: %q stands there once", b.name, b.old)
	return strings.Replace(good, b.old, b.new, 1)
}

// inNoTime is how long a file may take to be refused. Machines that do other things
// at the same time are given a second try.
const inNoTime = 50 * time.Millisecond

func TestBadFilesAreRefused(t *testing.T) {
	good := base(t)
	checked := schema(t)
	require.GreaterOrEqual(t, len(badFiles()), 80)
	for _, row := range badFiles() {
		t.Run(row.name, func(t *testing.T) {
			text := row.with(t, good)
			_, err := manifest.Read([]byte(text), "holdfast.yaml", manifest.Options{Environment: shell})
			require.Error(t, err)
			require.Contains(t, err.Error(), row.says)
			lines := strings.Split(err.Error(), "\n")
			require.LessOrEqual(t, len(lines), 2, "one mistake is one line, or two where it stands in two places:\n%s", err)
			require.Regexp(t, `^holdfast\.yaml:\d+:\d+: \S`, lines[0])
			require.NotContains(t, err.Error(), "admin-key-of-today", "a secret was printed")
			if v, unreadable := instance(t, []byte(text)); unreadable == nil {
				require.Equal(t, row.text, checked.Validate(v) != nil, "whether the schema refuses it: %v", checked.Validate(v))
			}
			quickest := time.Hour
			for range 5 {
				begun := time.Now()
				_, _ = manifest.Read([]byte(text), "holdfast.yaml", manifest.Options{Environment: shell})
				quickest = min(quickest, time.Since(begun))
			}
			require.Less(t, quickest, inNoTime*slowdown)
		})
	}
}
