package database

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"strings"
	"testing"
	"time"

	"holdfast.dev/holdfast/harness/undo"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// helperVariable makes the test binary play a run that is going to be killed.
// Its value is "PROVIDER MOMENT": the run opens the provider, goes as far as the
// moment, says so, and waits.
const helperVariable = "HOLDFAST_TEST_DATABASE_RUN"

// journalsVariable names the folder of its undo journal.
const journalsVariable = "HOLDFAST_TEST_JOURNALS"

// keyOf is the key of the data set of the run with that journal: one that no
// server has a template of yet.
func keyOf(journals string) string { return "killed " + journals }

// The moments, in their order.
const (
	opening  = "opening"
	building = "building" // half of the data set is there
	cloned   = "cloned"
)

func playRun() {
	provider, moment, _ := strings.Cut(os.Getenv(helperVariable), " ")
	go func() { // it must not outlive the test that started it
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	err := func() error {
		ctx := context.Background()
		journal, err := undo.Open(os.Getenv(journalsVariable), fmt.Sprintf("run-%d", os.Getpid()))
		if err != nil {
			return err
		}
		o := FromEnvironment(os.Getenv)
		o.Provider, o.Journal = provider, journal
		say := func(at string) {
			fmt.Println(at)
			if at == moment {
				select {} // until killed
			}
		}
		if moment == opening {
			fmt.Println(opening)
		}
		s, err := Open(ctx, o)
		if err != nil {
			return err
		}
		set, _ := counted(keyOf(os.Getenv(journalsVariable)))
		whole := set.Build
		set.Build = func(ctx context.Context, dsn string) error {
			if err := exec(ctx, dsn, "CREATE TABLE half (id int)"); err != nil {
				return err
			}
			say(building)
			return whole(ctx, dsn)
		}
		t, err := s.Template(ctx, set)
		if err != nil {
			return err
		}
		if _, err := s.Clone(ctx, t); err != nil {
			return err
		}
		say(cloned)
		select {}
	}()
	fmt.Println("error:", strings.ReplaceAll(err.Error(), "\n", " | "))
	os.Exit(1)
}

// killAt starts a run, waits until it is at the moment, waits a little longer,
// and kills it. It returns the folder of its undo journal.
func killAt(t *testing.T, provider, moment string, longer time.Duration, env ...string) (journals string) {
	t.Helper()
	journals = t.TempDir()
	cmd := osexec.CommandContext(within(t, time.Minute), os.Args[0])
	_, err := cmd.StdinPipe() // closed with this process, however that ends
	require.NoError(t, err)
	cmd.Env = append(os.Environ(), helperVariable+"="+provider+" "+moment,
		journalsVariable+"="+journals, CacheVariable+"="+cache)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	scan := bufio.NewScanner(out)
	for scan.Scan() && scan.Text() != moment {
		require.NotContains(t, scan.Text(), "error:")
	}
	require.Equal(t, moment, scan.Text())
	if longer > 0 {
		<-time.After(longer) // not to wait for something, but to kill at another moment
	}
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	return journals
}

func requireSwept(t *testing.T, journals string) {
	t.Helper()
	// Whom the kill met on its way to start a program, that program holds the journal's
	// lock until it has begun: as long as this, the run counts as alive.
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		swept, err := undo.Sweep(t.Context(), journals, Options{}.Undoers())
		require.NoError(c, err)
		for _, s := range swept {
			require.NoError(c, s.Err)
		}
		left, err := os.ReadDir(journals)
		require.NoError(c, err)
		require.Empty(c, left, "nothing is left to undo")
	}, 30*time.Second, 20*time.Millisecond)
}

func TestWhatAKilledRunLeavesOnASharedServerIsClearedByTheNext(t *testing.T) {
	living := fresh(t)
	set, _ := counted("living")
	template, err := living.Template(t.Context(), set)
	require.NoError(t, err)
	clone, err := living.Clone(t.Context(), template)
	require.NoError(t, err)

	for _, at := range []struct {
		moment string
		left   kind
		count  int
	}{{building, buildKind, 1}, {cloned, cloneKind, 2}} {
		t.Run(at.moment, func(t *testing.T) {
			journals := killAt(t, "dsn", at.moment, 0, URLVariable+"="+hostDSN())
			require.Len(t, ours(t, host, at.left), at.count, "the killed run left what it had")
			// The server needs a moment to see that the killed run's connection is gone.
			require.Eventually(t, func() bool {
				next := shared(t)
				return next.Close(t.Context()) == nil && len(ours(t, host, buildKind, cloneKind)) == 1
			}, 30*time.Second, 50*time.Millisecond)
			require.Equal(t, []string{clone.Name()}, ours(t, host, buildKind, cloneKind), "the living run's clone stays")
			require.EqualValues(t, 100, query[int64](t, clone.DSN(), "SELECT count(*) FROM project"))
			requireSwept(t, journals)
		})
	}
}

func TestAKilledRunWithAServerOfItsOwnLeavesNothingForTheNext(t *testing.T) {
	first := open(t, Options{Provider: "local"})
	dir := dirOf(t, first)
	require.NoError(t, writeWithoutSync(t.Context(), first))
	require.NoError(t, first.Close(t.Context()))
	for _, at := range []struct {
		moment string
		longer time.Duration
	}{{opening, 0}, {opening, 100 * time.Millisecond}, {building, 0}, {cloned, 0}} {
		t.Run(fmt.Sprintf("%s and %v", at.moment, at.longer), func(t *testing.T) {
			journals := killAt(t, "local", at.moment, at.longer)
			requireSwept(t, journals)
			began := time.Now()
			next := open(t, Options{Provider: "local"})
			t.Logf("the next run had its server in %v", time.Since(began))
			require.Equal(t, dir, dirOf(t, next), "the killed run's cluster is free again")
			require.Empty(t, ours(t, next, buildKind, cloneKind))
			set, _ := counted(keyOf(journals))
			template, err := next.Template(t.Context(), set)
			require.NoError(t, err)
			clone, err := next.Clone(t.Context(), template)
			require.NoError(t, err)
			require.EqualValues(t, 100, query[int64](t, clone.DSN(), "SELECT count(*) FROM project"), "a half-built template is never used")
			require.NoError(t, next.Close(t.Context()))
		})
	}
}

func dirOf(t *testing.T, s *Server) string {
	t.Helper()
	return query[string](t, s.admin.DSN(), "SHOW data_directory")
}
