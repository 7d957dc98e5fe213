package task

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/classification.md anew")

// The document is made from the table that the code goes by.
func TestTheDocumentedClassificationIsTheOneInUse(t *testing.T) {
	const path = "../../docs/classification.md"
	want := document()
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "%s is out of date: go test ./reference/task -run Classification -update", path)
}

func document() string {
	var b strings.Builder
	b.WriteString(`# Which error is tried again

<!-- generated from reference/task: go test ./reference/task -run Classification -update -->

What the reference's task service makes of each error, by its cause; by its text only where the e-mail API tells a refused
key in no other way. The rows are looked up from
top to bottom, and the first that fits counts.

- **temporary**: nothing was done, and it may pass. Tried again, at most ` + fmt.Sprint(defaultConfig().MaxRetries) + ` times.
- **permanent**: it will not pass. Never tried again; the task fails at once, visibly.
- **unknown**: it may have been done. Tried again like a temporary error, with the same idempotency key.

Where a refused key parks the queue (` + "`" + envParkRefusedKey + "=true`" + `), the rows marked with a key do so instead of failing the task.

The names ` + "`application_error` and `internal_server_error`" + ` stand for any failure: their status decides.
`)
	area := errorArea("")
	for _, r := range allRules() {
		if r.Area != area {
			area = r.Area
			fmt.Fprintf(&b, "\n## %s%s\n\n| cause | class | why |\n|---|---|---|\n", strings.ToUpper(string(area[:1])), area[1:])
		}
		class := string(r.Class)
		if r.KeyRefused {
			class += " 🔑"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.Cause, class, r.Why)
	}
	return b.String()
}
