package target_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/target/internal/conformance"
)

// Who wrote the file is told which of its lines to look at, and what may be wrong there.
func TestWhatDoesNotStartIsNamedByItsLine(t *testing.T) {
	t.Parallel()
	asked := func(ready target.Ready, declared string) target.Process {
		p := subject(t, "web", "SUBJECT_NEVER_READY=1")
		p.Ready, p.Declared.Ready = ready, declared
		p.Ready.Timeout = 300 * time.Millisecond
		return p
	}
	unsaid := asked(target.Ready{HTTP: "/readyz"}, "")
	silent := asked(target.Ready{TCP: true}, "f.yaml:6")
	silent.Command = []string{"sleep", "60"}
	for _, row := range []struct {
		name    string
		process target.Process
		says    string
	}{
		{"no such program", target.Process{Name: "web", Command: []string{"no-such-tool"}}, "no-such-tool is in no folder of its PATH; f.yaml:4 is its command"},
		{"it ends", subject(t, "web", "SUBJECT_DIE_AT_ONCE=1"), "(it exited with code 3); f.yaml:4 is its command: of your shell's variables it has PATH, HOME and their like; others stand under env, or are named under pass_env; its last lines:\n"},
		{"its path answers otherwise", asked(target.Ready{HTTP: "/readyz"}, "f.yaml:6"), "; f.yaml:6 says when it is ready: name a path that it answers with 2xx, or give it more time by timeout"},
		{"it never writes so", asked(target.Ready{Log: "not a word"}, "f.yaml:6"), "; f.yaml:6 says when it is ready: name a text that it writes, or"},
		{"the file does not say when", unsaid, "; f.yaml:4 is its command, and nothing there says when it is ready, so this was waited for: GET /readyz at its port http answers 2xx. Write ready: {"},
		{"it listens nowhere", silent, ", and it listens at no port (it was stopped with signal killed); f.yaml:4 is its command; it wrote nothing"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.process.Declared.Command = "f.yaml:4"
			err := newService(t, nil, row.process).Start(t.Context())
			require.ErrorContains(t, err, row.says)
		})
	}
	t.Run("its build", func(t *testing.T) {
		c := target.BuildConfig{Journal: conformance.Program(t, nil).Journal}
		_, err := target.Build(t.Context(), []target.Process{{Name: "web", Command: []string{"app"}, Build: []string{"false"}, Declared: target.Declared{Build: "f.yaml:3"}}}, c)
		require.ErrorContains(t, err, "; f.yaml:3 is that build")
	})
}

// Who is asked many times a second whether he is ready may write each time that he was.
func TestLinesThatDifferInNumbersStandOnce(t *testing.T) {
	failed := &target.StartError{Name: "web", Ended: true, Err: errors.New("not ready within 1s"), Log: []string{"no DATABASE_URL", "01:02 GET /health 404", "01:03 GET /health 404", "01:04 GET /health 404"}}
	require.Contains(t, failed.Error(), "its last lines:\n    no DATABASE_URL\n    01:04 GET /health 404")
	require.NotContains(t, failed.Error(), "01:03")
}
