// Package conformance is what every runtime of targets must hold to, as tests
// that each runtime's package runs with its own [Kind].
//
// Enter at [Run] and [Sweep]. The program that is run is package subject's.
package conformance

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/undo"
	"holdfast.dev/holdfast/safefile"
)

// Kind is one way to run the test program.
type Kind struct {
	Name string
	// Make prepares a target that runs binary.
	Make func(p target.Program, binary string) (target.Target, error)
	// Limited is the same with a limit of MemoryLimit bytes.
	Limited func(p target.Program, binary string) (target.Target, error)
	// Variables is how many the runtime adds to the program's environment.
	Variables int
	// Undoers are the runtime's own.
	Undoers map[string]undo.Func
	// Outlives says that a target outlives a harness that is killed.
	Outlives bool
}

// MemoryLimit is what the Limited targets are to have.
const MemoryLimit = 64 << 20

// secretVariable is in the environment of these tests and must not be in that of
// a target.
const secretVariable = "HOLDFAST_DATABASE_URL"

// Run holds a runtime to all that a target promises.
func Run(t *testing.T, k Kind) {
	t.Setenv(secretVariable, "postgres://somebody:hunter2@localhost/db")
	t.Run("lifecycle", func(t *testing.T) { // a group: Run returns when its parallel tests have
		for name, test := range map[string]func(*testing.T, Kind){
			"start returns when it is ready and Stop when it is gone":    startReturnsWhenItIsReadyAndStopWhenItIsGone,
			"Stop is idempotent and legal before Start":                  stopIsIdempotentAndLegalBeforeStart,
			"a restart keeps the address and tells both ends in order":   aRestartKeepsTheAddressAndTellsBothEndsInOrder,
			"a crash is seen and not expected":                           aCrashIsSeenAndNotExpected,
			"one that ignores SIGTERM is killed after the grace":         oneThatIgnoresSIGTERMIsKilledAfterTheGrace,
			"a cancelled context cuts the grace short":                   aCancelledContextCutsTheGraceShort,
			"a paused target can still stop in peace":                    aPausedTargetCanStillStopInPeace,
			"one that dies at once says how and what it wrote":           oneThatDiesAtOnceSaysHowAndWhatItWrote,
			"one that never gets ready is stopped at the deadline":       oneThatNeverGetsReadyIsStoppedAtTheDeadline,
			"Stop cuts a Start short":                                    stopCutsAStartShort,
			"the environment is exactly what was configured":             theEnvironmentIsExactlyWhatWasConfigured,
			"secrets stay out of log and errors":                         secretsStayOutOfLogAndErrors,
			"two run at the same time at their own addresses":            twoRunAtTheSameTimeAtTheirOwnAddresses,
			"a port that someone else took is said":                      aPortThatSomeoneElseTookIsSaid,
			"a program that is not there is one clear error":             aProgramThatIsNotThereIsOneClearError,
			"want of memory is told apart":                               wantOfMemoryIsToldApart,
			"a child that escaped is stopped with its target":            aChildThatEscapedIsStoppedWithItsTarget,
			"the sweep of another run's things touches none of this one": aSweepOfAnotherRunTouchesNothing,
		} {
			t.Run(name, func(t *testing.T) {
				if !strings.Contains(name, "environment") { // nothing is measured in time but by lower bounds
					t.Parallel()
				}
				test(t, k)
			})
		}
	})
	t.Run("peak", func(t *testing.T) { thePeakIsTheTargetsOwn(t, k) })
}

// Subject is the test program, static so that it can be a whole image.
func Subject(t *testing.T) string {
	t.Helper()
	path, err := buildSubject()
	require.NoError(t, err)
	return path
}

var buildSubject = sync.OnceValues(func() (string, error) {
	cache, err := "/var/cache", error(nil) // root's own is closed to others, whom tests start it as
	if os.Geteuid() != 0 {
		cache, err = safefile.Cache()
	}
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "holdfast-target-test")
	if err := safefile.Secure(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "subject") // kept: the build cache makes the next one instant
	build := exec.Command("go", "build", "-o", path, "holdfast.dev/holdfast/harness/target/internal/subject")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the test program: %w\n%s", err, out)
	}
	return path, nil
})

// bench is what a test of one target has at hand.
type bench struct {
	target.Target
	journal *undo.Journal
}

// Program is a Program for tests, with a journal of its own, which must be
// empty at the end.
func Program(t *testing.T, env map[string]string) target.Program {
	t.Helper()
	dir := t.TempDir()
	journal, err := undo.Open(dir, "test-"+newToken())
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, journal.Close())
		left, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(t, err)
		require.Empty(t, left, "everything that was started was undone")
	})
	return target.Program{
		Env: env, Start: time.Now(), Journal: journal,
		ReadyTimeout: 20 * time.Second, Grace: 5 * time.Second,
	}
}

func newToken() string { return strconv.FormatInt(time.Now().UnixNano(), 36) }

// prepare makes a target of that kind; it is stopped at the end.
func prepare(t *testing.T, k Kind, env map[string]string, change ...func(*target.Program)) *bench {
	t.Helper()
	p := Program(t, env)
	for _, c := range change {
		c(&p)
	}
	made, err := k.Make(p, Subject(t))
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := made.Stop(t.Context())
		require.NoError(t, err)
	})
	return &bench{Target: made, journal: p.Journal}
}

func started(t *testing.T, k Kind, env map[string]string, change ...func(*target.Program)) *bench {
	t.Helper()
	b := prepare(t, k, env, change...)
	require.NoError(t, b.Start(t.Context()))
	return b
}

// tell asks the test program to do something; that it dies of it is fine.
func (b *bench) tell(t *testing.T, path string) {
	t.Helper()
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(b.URL() + path)
	if err == nil {
		_ = resp.Body.Close()
	}
}

// ended waits until the current life is over.
func (b *bench) ended(t *testing.T) {
	t.Helper()
	select {
	case <-b.Exited():
	case <-time.After(20 * time.Second):
		require.FailNow(t, "it should have ended", "log: %q", b.Log())
	}
}

// logged waits until it has written a line that holds text.
func (b *bench) logged(t *testing.T, text string) {
	t.Helper()
	require.Eventually(t, func() bool { return holds(b.Log(), text) }, 30*time.Second, 5*time.Millisecond, "log: %q", b.Log())
}

func holds(lines []string, text string) bool {
	return slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, text) })
}
