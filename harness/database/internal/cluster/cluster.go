// Package cluster runs a Postgres from binaries that are on this machine, as a
// child of this process, on a data directory that is kept for the next run.
//
// Enter at [Find], which finds binaries, and [Start], which takes the first
// data directory that nobody uses, makes it where there is none yet, and starts
// a server on it. The server listens on 127.0.0.1 only, at a free port, behind a
// random password. It dies with this process, however that ends, where the
// system can promise it (Linux); elsewhere, and as a second line there, [Undo]
// and the next Start end it.
//
// Postgres refuses to run as root. As root, it is started as the user postgres,
// or nobody.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/database/internal/address"
	"holdfast.dev/holdfast/harness/internal/port"
	"holdfast.dev/holdfast/harness/undo"

	"github.com/jackc/pgx/v5"
)

// How long is waited for what. Starting is long for the sake of a server that
// replays its log after a crash.
const (
	startPatience = 60 * time.Second
	stopPatience  = 15 * time.Second // for a clean shutdown, before an unclean one
	killPatience  = 10 * time.Second // for an unclean one
	portAttempts  = 5
)

// superuser is the name of the role that owns each cluster.
const superuser = "holdfast"

// Config says what to start. Dir is all it needs beside Binaries.
type Config struct {
	Binaries Binaries
	Dir      string            // where clusters are kept between runs; one folder per kind of binaries, one numbered folder per cluster
	Journal  *undo.Journal     // told of the server before it is started; may be nil
	Log      func(line string) // told of what is out of the ordinary; may be nil
	Settings map[string]string // over those that every server has
}

// Cluster is a running server.
type Cluster struct {
	config  Config
	slot    *slot
	step    *undo.Step
	process *child
	address address.Address
	kept    *port.Reservation // of its port, so that it can come back there; nil where the system has no such thing
	number  uint16            // of its port
}

// Start starts a server and returns once it answers. The context bounds the
// start, not the server's life: that lasts until Close.
func Start(ctx context.Context, config Config) (*Cluster, error) {
	if config.Log == nil {
		config.Log = func(string) {}
	}
	who, err := serverAccount()
	if err != nil {
		return nil, err
	}
	taken, err := takeSlot(config, who)
	if err != nil {
		return nil, err
	}
	c := &Cluster{config: config, slot: taken}
	if err := c.start(ctx); err != nil {
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience+killPatience)
		defer cancel()
		return nil, errors.Join(err, c.Close(stopCtx))
	}
	return c, nil
}

// Address returns where the server is, as its superuser, on database postgres.
func (c *Cluster) Address() address.Address { return c.address }

// Dir returns the folder of this cluster.
func (c *Cluster) Dir() string { return c.slot.dir }

// PID returns the process id of the server.
func (c *Cluster) PID() int { return c.process.pid() }

func (c *Cluster) start(ctx context.Context) error {
	if err := clearOrphans(ctx, c.slot.data()); err != nil {
		return err
	}
	made, err := c.slot.initialize(ctx, c.config.Binaries)
	if err != nil {
		return err
	}
	if c.config.Journal != nil {
		step, err := c.config.Journal.Plan(undoKind, map[string]string{"data": c.slot.data()})
		if err != nil {
			return err
		}
		c.step = &step
	}
	err = c.launch(ctx)
	if !errors.Is(err, errDied) || made || passes(err) {
		return err
	}
	// It is a cache: a data directory that no longer starts is made anew.
	c.config.Log(fmt.Sprintf("the kept data directory %s does not start any more and is made anew: %v", c.slot.data(), err))
	if err := os.RemoveAll(c.slot.data()); err != nil {
		return fmt.Errorf("remove data directory: %w", err)
	}
	if _, err := c.slot.initialize(ctx, c.config.Binaries); err != nil {
		return err
	}
	return c.launch(ctx)
}

// passes reports whether a server died for want of something that there may be again
// soon: its data is as good as ever.
func passes(err error) bool {
	text := strings.ToLower(err.Error())
	return slices.ContainsFunc([]string{
		"too many open files", "insufficient file descriptors", "no space left", "disk quota", "file too large",
		"cannot allocate memory", "could not fork", "resource temporarily unavailable", "could not create shared memory", "could not create semaphores",
	}, func(shortage string) bool { return strings.Contains(text, shortage) })
}

// launch starts the server, at another port where the one that was free is
// taken by the time the server gets to it.
func (c *Cluster) launch(ctx context.Context) error {
	var err error
	for range portAttempts {
		if err := c.takePort(); err != nil {
			return err
		}
		if err = c.launchAt(ctx, c.number); !errors.Is(err, errDied) || !strings.Contains(err.Error(), "could not bind") {
			return err
		}
	}
	return err
}

// takePort finds a port that nobody listens on, and keeps it where the system lets
// a server listen at a port that is kept.
func (c *Cluster) takePort() (err error) {
	if runtime.GOOS != "linux" {
		c.number, err = freePort()
		return err
	}
	c.letPortGo()
	if c.kept, err = port.Reserve(); err != nil {
		return err
	}
	c.number = uint16(c.kept.Addr().Port)
	return nil
}

func (c *Cluster) letPortGo() {
	if c.kept != nil {
		c.kept.Release()
		c.kept = nil
	}
}

func (c *Cluster) launchAt(ctx context.Context, port uint16) error {
	password, err := c.slot.password()
	if err != nil {
		return err
	}
	args := []string{"-D", c.slot.data()}
	for _, s := range append(placement(c.config.Binaries.Major, port), Settings()...) {
		args = append(args, "-c", s.Name+"="+s.Value)
	}
	for _, name := range slices.Sorted(maps.Keys(c.config.Settings)) {
		args = append(args, "-c", name+"="+c.config.Settings[name])
	}
	c.address = address.New("127.0.0.1", port, superuser, password, "postgres")
	run := ""
	if c.config.Journal != nil {
		run = c.config.Journal.Run()
	}
	c.process, err = startServer(c.config.Binaries, c.slot, run, args)
	if err != nil {
		return err
	}
	return c.awaitReady(ctx)
}

// errDied marks a server that ended by itself.
var errDied = errors.New("the server ended by itself")

func (c *Cluster) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ping(ctx, c.address)
		if err == nil {
			return nil
		}
		select {
		case <-c.process.exited:
			return fmt.Errorf("start %s: %w (%v); its last words: %s",
				c.config.Binaries, errDied, c.process.err, lastLines(c.slot.log(), 5))
		case <-ctx.Done():
			return fmt.Errorf("start %s: it does not answer: %w", c.config.Binaries, err)
		case <-tick.C:
		}
	}
}

func ping(ctx context.Context, a address.Address) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, a.DSN())
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// Close stops the server and sees that it is gone: cleanly if it can, within
// 15 s, else uncleanly, which costs the next start a replay of the log and
// nothing else. It may be called again.
func (c *Cluster) Close(ctx context.Context) error {
	if c.slot == nil {
		return nil
	}
	if c.process != nil {
		if err := c.process.stop(ctx); err != nil {
			return fmt.Errorf("stop %s: %w", c.config.Binaries, err)
		}
	}
	if err := clearOrphans(ctx, c.slot.data()); err != nil {
		return err
	}
	var err error
	if c.step != nil {
		err = c.config.Journal.Done(*c.step)
	}
	c.letPortGo()
	c.slot.release()
	c.slot = nil
	return err
}

// freePort asks the system for a port that nobody listens on.
func freePort() (uint16, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return uint16(l.Addr().(*net.TCPAddr).Port), nil
}

// lastLines returns the last n lines of a file on one line.
func lastLines(path string, n int) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], " | ")
}

// undoKind is the kind of the journal's steps that [Undo] undoes.
const undoKind = "postgres"

// Undoers returns how to undo what Start plans in the journal.
func Undoers() map[string]undo.Func { return map[string]undo.Func{undoKind: Undo} }

// Undo ends whatever server a dead run left on a data directory. A directory
// that is in use by a living run is left alone: then nothing is left of the dead
// one's.
func Undo(ctx context.Context, args map[string]string) error {
	data := args["data"]
	s := slot{dir: filepath.Dir(data)}
	if data == "" || s.data() != data {
		return fmt.Errorf("undo a Postgres server: %q is not a data directory of ours", data)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "lock")); errors.Is(err, os.ErrNotExist) {
		return nil // the cluster is not there any more
	}
	locked, err := s.lock()
	if err != nil || !locked {
		return err
	}
	defer s.release()
	return clearOrphans(ctx, data)
}
