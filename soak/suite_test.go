package soak

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

// program is a script in place of the suite, with what a run of it is told.
func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "suite")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755))
	return path
}

const onePassed = `echo '{"kind":"note","text":"seed '$3'"}'
echo '{"kind":"scenario-started","scenario":"a/b"}'
echo '{"kind":"scenario-ended","scenario":"a/b","verdict":"pass","reason":"fine"}'
`

func TestARunIsRecorded(t *testing.T) {
	for _, row := range []struct {
		name, script string
		seen         int
		fails        bool
	}{
		{"it passed", onePassed, 1, false},
		{"it was judged and did not pass", onePassed + "exit 3", 1, false},
		{"it could not take place", "exit 4", 0, true},
		{"it died", onePassed + "kill -9 $$", 1, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			all, err := Suite{Program: program(t, row.script), Scenarios: 1, Runs: 2, Seed: 5, Dir: dir}.Run(t.Context())
			require.NoError(t, err)
			require.Len(t, all, 2)
			require.Equal(t, uint64(6), all[1].Seed, "each run has a seed of its own")
			require.Len(t, all[0].Scenarios, row.seen)
			require.Equal(t, row.fails, all[0].Error != "", all[0].Error)
			logged, err := ReadLog(filepath.Join(dir, LogName))
			require.NoError(t, err)
			require.Equal(t, all, logged)
		})
	}
}

// Several scenarios go on at the same time, and one that did not pass in company is run
// once more: what it comes to then counts, and each has its own times.
func TestARunSideBySideIsRecorded(t *testing.T) {
	events := strings.NewReader(`{"kind":"scenario-started","scenario":"a"}
{"kind":"scenario-started","scenario":"b"}
{"kind":"scenario-ended","scenario":"a","verdict":"inconclusive","reason":"late"}
{"kind":"scenario-ended","scenario":"b","verdict":"pass","reason":"fine"}
{"kind":"scenario-started","scenario":"a"}
{"kind":"scenario-ended","scenario":"a","verdict":"pass","reason":"fine"}
`)
	clock := time.Duration(0)
	var begun []int
	all := follow(events, func() time.Duration { clock++; return clock }, func(n int) { begun = append(begun, n) })
	require.Equal(t, []Seen{
		{Name: "a", From: 5, To: 6, Verdict: result.Pass, Reason: "fine", Tries: []Seen{{Name: "a", From: 1, To: 3, Verdict: result.Inconclusive, Reason: "late"}}},
		{Name: "b", From: 2, To: 4, Verdict: result.Pass, Reason: "fine"},
	}, all)
	require.Equal(t, []int{0, 1, 2}, begun)
	s := Summarise([]Record{{Run: 1, Scenarios: all}})
	require.Equal(t, map[result.Verdict]int{result.Pass: 1}, s.Repeated)
	var text strings.Builder
	require.NoError(t, s.Markdown(&text))
	require.Contains(t, text.String(), "1 of 2 did not pass in company of others and were run alone: 1 passed there, 0 failed, 0 showed nothing.")
}

func TestASoakGoesOnWhereItStopped(t *testing.T) {
	dir := t.TempDir()
	s := Suite{Program: program(t, onePassed), Scenarios: 1, Runs: 3, Seed: 1, Dir: dir, Done: []Record{{Run: 2, Seed: 2}}}
	all, err := s.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{2, 1, 3}, []int{all[0].Run, all[1].Run, all[2].Run})
}

// Who gives up waits for what is under way to be taken back, and no process of the
// run stays behind, also where it was stopped.
func TestASoakThatIsInterruptedLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	script := `echo $$ > ` + filepath.Join(dir, "pid") + `
trap 'exit 130' INT
echo '{"kind":"scenario-started","scenario":"a/b"}'
while true; do sleep 0.05; done`
	ctx, cancel := context.WithCancelCause(t.Context())
	gaveUp := errors.New("given up")
	s := Suite{
		Program: program(t, script), Scenarios: 1, Runs: 1, Dir: dir, Kinds: []Kind{StopHarness},
		Draw: func(uint64, int, []Kind) []Disturbance { return []Disturbance{{Kind: StopHarness, For: time.Hour}} },
	}
	go func() {
		for !stopped(filepath.Join(dir, "pid")) {
			time.Sleep(5 * time.Millisecond) // what is waited for is another process's state
		}
		cancel(gaveUp)
	}()
	all, err := s.Run(ctx)
	require.ErrorIs(t, err, gaveUp)
	require.Empty(t, all, "a run that was cut short is not kept")
	pid, err := os.ReadFile(filepath.Join(dir, "pid"))
	require.NoError(t, err)
	require.NoFileExists(t, "/proc/"+strings.TrimSpace(string(pid))+"/stat")
}

// stopped reports whether the process whose id is in a file is stopped.
func stopped(pidFile string) bool {
	pid, err := os.ReadFile(pidFile)
	if err != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
	return err == nil && strings.Contains(string(stat), ") T ")
}

// What is carried out is taken back.
func TestADisturbanceIsTakenBack(t *testing.T) {
	if _, err := processes(); err != nil {
		t.Skip(err)
	}
	child := exec.Command("sleep", "60")
	require.NoError(t, child.Start())
	defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
	state := func() string {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child.Process.Pid))
		require.NoError(t, err)
		return strings.Fields(string(stat))[2]
	}
	finish, err := stop([]int{child.Process.Pid})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return state() == "T" }, 30*time.Second, time.Millisecond)
	require.NoError(t, finish())
	require.Eventually(t, func() bool { return state() != "T" }, 30*time.Second, time.Millisecond)

	dir := t.TempDir()
	for _, d := range []Disturbance{{Kind: Neighbour, Size: 1}, {Kind: FsyncStorm, Size: 2}} {
		h := d.hold(t.Context(), victim{dir: dir}, func() time.Duration { return 0 })
		require.Empty(t, h.Error, d)
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
	h := Disturbance{Kind: StopPostgres}.hold(t.Context(), victim{pid: child.Process.Pid}, func() time.Duration { return 0 })
	require.Contains(t, h.Error, "no Postgres of its own")
}

func TestAQuotaHoldsAGroup(t *testing.T) {
	if err := quotaAllowed(); err != nil {
		t.Skip(err)
	}
	dir, remove, err := newGroup(fmt.Sprintf("holdfast-soak-test-%d", os.Getpid()))
	require.NoError(t, err)
	defer func() { require.NoError(t, remove()) }()
	file, _, err := quotaFile(dir, 1)
	require.NoError(t, err)
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	finish, err := limitTo(dir, 0.7)
	require.NoError(t, err)
	limited, err := os.ReadFile(file)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(limited), "70000"), string(limited))
	require.NoError(t, finish())
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
}

func TestTheProcessTableIsRead(t *testing.T) {
	for text, want := range map[string]process{
		"12 (postgres) S 3 12 12 0": {12, 3, "postgres"},
		"7 (a) b (c) R 1 7":         {7, 1, "a) b (c"},
	} {
		got, ok := parseStat(text)
		require.True(t, ok)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "12 postgres S 3", "x (y) S 1", "12 (y)"} {
		_, ok := parseStat(text)
		require.False(t, ok, text)
	}
}

func TestWhatWasNotPassedIsKept(t *testing.T) {
	require.Equal(t, []string{"fail latency: slow", "inconclusive load: late"}, notPassed(result.Scenario{
		Checks:   []result.Check{{Name: "latency", Verdict: result.Fail, Reason: "slow"}, {Name: "memory", Verdict: result.Pass}},
		Evidence: []result.Check{{Name: "load", Verdict: result.Inconclusive, Reason: "late"}},
	}))
}
