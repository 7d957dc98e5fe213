//go:build attack && linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/database/container"
	"holdfast.dev/holdfast/harness/database/databasetest"
	"holdfast.dev/holdfast/harness/undo"
)

// prey is one kind of run that is killed, with a home of its own.
type prey struct {
	attacked
	name string
	args []string // but for --out
	last []string // of the run that is not killed, where it is another
	out  string

	// What the journals said at the moments of the kills.
	runs, cgroups []string
	daemon        string // the command of a daemon without an environment
	dsn           string // of a server that outlives the runs
	ours          string // the role that the server's own session has there
}

// latestKill is how long after its start a run is killed at the latest.
const latestKill = 6 * time.Second

// killed kills runs of all kinds at random moments, two at a time, lets one of each kind
// run to its end, and looks what is left.
func killed(t *testing.T, a attacked) (tried int, broken []string) {
	began := time.Now()
	kills, err := strconv.Atoi(os.Getenv("ATTACK_KILLS"))
	if err != nil {
		kills = 10
	}
	preys, absent := a.preys(t)
	of := make([]attackKilled, len(preys))
	var mu sync.Mutex // guards what the lanes have in common
	var lanes sync.WaitGroup
	queue := make(chan int)
	for range 2 {
		lanes.Go(func() {
			for n := range queue {
				share := kills / len(preys)
				if n < kills%len(preys) {
					share++
				}
				left := preys[n].hunt(t, share)
				mu.Lock()
				of[n] = attackKilled{preys[n].name, share}
				broken = append(broken, left...)
				mu.Unlock()
			}
		})
	}
	for n := range preys {
		queue <- n
	}
	close(queue)
	lanes.Wait()
	a.tell(killsTold(time.Since(began), runtime.NumCPU(), of, absent))
	return kills, broken
}

// hunt kills that many runs and returns what is left after one that was not killed.
func (p *prey) hunt(t *testing.T, kills int) (left []string) {
	began := time.Now()
	for n := range kills {
		cmd, _ := p.command(t, "", slices.Concat(p.args, []string{"--out", p.out})...)
		if err := cmd.Start(); err != nil {
			return []string{err.Error()}
		}
		time.Sleep(rand.N(latestKill)) // the moment is what is tried
		p.read()
		pid := cmd.Process.Pid
		if n%2 == 1 {
			pid = -pid
		}
		_ = syscall.Kill(pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}
	last := p.args
	if p.last != nil {
		last = p.last
	}
	code, said := p.run(t, "", slices.Concat(last, []string{"--out", p.out})...)
	if code == exitEnvironment || code == exitUsage || code < 0 {
		left = append(left, fmt.Sprintf("the next run ended with %d: %s", code, said))
	}
	left = append(left, p.left(t)...)
	t.Logf("%s: %d kills, %d left, %v", p.name, kills, len(left), time.Since(began).Round(time.Second))
	for i := range left {
		left[i] = p.name + ": " + left[i]
	}
	return left
}

// read notes what the journals of the run that is about to be killed know.
func (p *prey) read() {
	journals, _ := filepath.Glob(filepath.Join(p.undo(), "*.jsonl"))
	for _, journal := range journals {
		p.runs = append(p.runs, strings.TrimSuffix(filepath.Base(journal), ".jsonl"))
		text, _ := os.ReadFile(journal)
		for line := range bytes.Lines(text) {
			var entry struct{ Plan undo.Step }
			if json.Unmarshal(line, &entry) == nil && entry.Plan.Kind == "cgroup" {
				for _, dir := range entry.Plan.Args {
					p.cgroups = append(p.cgroups, dir)
				}
			}
		}
	}
}

// left is all that the runs have left: processes, files, cgroups, containers, databases
// and roles.
func (p *prey) left(t *testing.T) (left []string) {
	left = append(p.marked(), p.moreThan(p.unharmed(t))...)
	for _, dir := range p.cgroups {
		if _, err := os.Stat(dir); err == nil {
			left = append(left, dir)
		}
	}
	if p.daemon != "" {
		if out, err := exec.Command("pgrep", "-fx", p.daemon).Output(); err == nil {
			left = append(left, "daemons "+string(out))
		}
	}
	for _, run := range p.runs {
		for _, list := range [][]string{{"ps", "-aq"}, {"images", "-q"}} {
			out, err := exec.Command("docker", append(list, "--filter", "label="+undo.RunLabel+"="+run)...).Output()
			if err == nil && len(bytes.TrimSpace(out)) > 0 {
				left = append(left, "of a Docker engine: "+string(out))
			}
		}
	}
	if p.dsn != "" {
		conn, err := pgx.Connect(t.Context(), p.dsn)
		require.NoError(t, err)
		defer conn.Close(context.Background())
		rows, err := conn.Query(t.Context(), `SELECT datname FROM pg_database WHERE datname ~ '^holdfast_[bc]_' UNION ALL SELECT rolname FROM pg_roles WHERE rolname ~ '^holdfast_r_'`)
		require.NoError(t, err)
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		for _, name := range names {
			if name != p.ours {
				left = append(left, name)
			}
		}
	}
	return left
}

// unharmed is the same prey with folders of its own, of which no run was killed: each that
// others were killed of has ended once.
func (p *prey) unharmed(t *testing.T) *prey {
	twin := *p
	twin.home, twin.temp, twin.out = p.folder(t, p.as), p.folder(t, p.as), p.folder(t, p.as)
	if p.daemon != "" {
		twin.args = p.several(t)
	}
	for _, args := range [][]string{twin.args, twin.last} {
		if args != nil {
			twin.run(t, "", slices.Concat(args, []string{"--out", twin.out})...)
		}
	}
	return &twin
}

// moreThan are the files and folders of a prey of which its twin has fewer, by what they
// are named like.
func (p *prey) moreThan(twin *prey) (more []string) {
	for _, folders := range [][2]string{{p.home, twin.home}, {p.temp, twin.temp}, {p.out, twin.out}} {
		is, wanted := census(folders[0]), census(folders[1])
		for like, paths := range is {
			if len(paths) > len(wanted[like]) {
				more = append(more, fmt.Sprintf("%d and not %d like %s: %s", len(paths), len(wanted[like]), like, strings.Join(paths, " ")))
			}
		}
	}
	return more
}

// drawn is what is drawn or counted in a name: of such the names differ from run to run.
var drawn = regexp.MustCompile(`[0-9a-f]*[0-9][0-9a-f]*`)

// census are all files and folders below a folder, by what they are named like. What a
// Postgres keeps in its data is its own affair.
func census(root string) map[string][]string {
	all := map[string][]string{}
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return nil
		}
		like := drawn.ReplaceAllString(strings.TrimPrefix(path, root+"/"), "#")
		all[like] = append(all[like], path)
		if _, err := os.Stat(filepath.Join(path, "PG_VERSION")); err == nil && d.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
	return all
}

// preys are all kinds of targets and databases that this machine can have, and in words
// those that it cannot.
func (a attacked) preys(t *testing.T) (all []*prey, absent []string) {
	add := func(name string, args ...string) *prey {
		p := &prey{attacked: a, name: name, args: append([]string{"run"}, args...), out: a.folder(t, 0)}
		p.home, p.temp = a.folder(t, 0), a.folder(t, 0)
		all = append(all, p)
		return p
	}
	search := []string{"search/popular-term", "--profile", "smoke"}
	add("a process on a Postgres of this machine", append(search, "--database", "local")...)
	p := add("a process on a server that is somebody else's", append(search, "--database", "dsn")...)
	server, err := database.Open(t.Context(), database.Options{Provider: "local", CacheDir: a.folder(t, 0)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close(context.Background())) })
	p.dsn = server.DSN()
	conn, err := pgx.Connect(t.Context(), p.dsn)
	require.NoError(t, err)
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT rolname FROM pg_roles WHERE rolname ~ '^holdfast_r_'`).Scan(&p.ours))
	require.NoError(t, conn.Close(t.Context()))
	p.env = []string{database.URLVariable + "=" + p.dsn}
	p = add("a process with a secret in a file", "task/key-rotated", "--profile", "smoke", "--database", "local")
	p.last = slices.Concat([]string{"run"}, search, []string{"--database", "local"}) // it has no secret, and clears that of others
	if exec.Command("docker", "version").Run() == nil {
		inContainer := add("a process on a Postgres in a container", append(search, "--database", "container")...)
		inContainer.env = []string{container.ImageVariable + "=" + databasetest.Image(t)}
		add("a container on a Postgres of this machine", append(search, "--database", "local", "--target", "container")...)
	} else {
		absent = append(absent, "targets and databases in containers: no Docker engine answers")
	}
	const several = "a service with a worker, a broker and a daemon without an environment, as "
	users := map[uint32]string{0: "root (with cgroups)", 65534: "nobody (without)"}
	if os.Getuid() != 0 {
		users = map[uint32]string{0: "who runs it"}
		absent = append(absent, several+"somebody else: only root becomes another user")
	}
	for _, as := range slices.Sorted(maps.Keys(users)) {
		daemon := fmt.Sprintf("sleep 6%09d", rand.N(1_000_000_000))
		p := add(several + users[as])
		p.out, p.home, p.temp, p.as, p.daemon = a.folder(t, as), a.folder(t, as), a.folder(t, as), as, daemon
		p.args = p.several(t)
	}
	return all, absent
}

// several runs a service of several processes whose data nobody has built yet: the server
// that root's runs keep is one for all homes, and a run that finds its data there does no
// setup.
func (p *prey) several(t *testing.T) (args []string) {
	dir := p.folder(t, p.as)
	rows := 1000 + rand.N(100_000)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "holdfast.yaml"), fmt.Appendf(nil, severalProcesses, p.daemon, rows), 0o644))
	return []string{"run", "--service", dir, "--all", "--database", "local"}
}

// folder is a folder of that user, which others may pass through.
func (a attacked) folder(t *testing.T, of uint32) string {
	dir, err := os.MkdirTemp("", "attack-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	if of != 0 {
		require.NoError(t, os.Chown(dir, int(of), int(of)))
	}
	return dir
}

// severalProcesses is a service with a worker that leaves a daemon, a broker and a
// database.
const severalProcesses = `version: 1
name: several
processes:
  web:
    command: [/usr/bin/python3, -m, http.server, "{port}", --bind, "{host}"]
    ready: tcp
  worker:
    command: [/bin/sh, -c, "(setsid env -i %s &); exec sleep 600"]
    ready: started
dependencies:
  db:
    postgres: {}
    export: { DATABASE_URL: "{dsn}" }
  broker:
    command: [/bin/sh, -c, "exec /usr/bin/python3 -m http.server {own.port} --bind {own.host}"]
    export: { BROKER: "{address}" }
setup:
  once:
    - sql: create table item as select generate_series(1, %d) id
scenarios:
  - name: several/steady
    claim: All is well.
    timeline: { warm_up: 1s, baseline: 2s }
    load:
      - { name: page, rate: 5/s, request: { path: / } }
    checks:
      - page.ok_ratio >= 50%%
`
