package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"holdfast.dev/holdfast/harness/autogroup"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/database/providers"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/redact"
)

// finding is one thing that a machine offers or lacks.
type finding struct {
	what, found string
	ok          bool
	cost        string // what its lack costs, and what to type
}

func newDoctor(env environ) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "What this machine offers, and what each missing thing costs",
		Long: `Looks at this machine. Exits with 0 when there is a way to a database, else as a run
would: 4 when there is none, or the address that was given leads to none, 2 when that
address cannot be read.`,
		Example: "  holdfast doctor",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return doctor(cmd.Context(), env)
		},
	}
}

func doctor(ctx context.Context, env environ) error {
	ways, open := databaseFindings(ctx, env)
	findings := append(machineFindings(ctx), ways...)
	w := tabwriter.NewWriter(env.stdout, 0, 4, 2, ' ', 0)
	for _, f := range findings {
		mark := "✓"
		if !f.ok {
			mark = "–"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", mark, f.what, f.found, f.cost)
	}
	if err := w.Flush(); err != nil {
		return environment(err)
	}
	if open != nil {
		return runError(ctx, open)
	}
	return nil
}

// databaseFindings tries each way to a Postgres for real: opens it and closes
// it again. Embedded is not tried, since it may fetch binaries. The error is that of a
// run that has no other way than these, or was given an address that is none.
func databaseFindings(ctx context.Context, env environ) (all []finding, _ error) {
	opts := providers.FromEnvironment(env.getenv)
	var given error
	none := database.ErrNoDatabase
	for _, way := range opts.Providers {
		f := finding{what: "database: " + way.Name}
		if providers.Fetches(way.Name) {
			f.found = "not tried: fetches Postgres once, where the network allows it"
			all = append(all, f)
			continue
		}
		opts.Provider = way.Name
		err := f.try(ctx, opts)
		if f.ok {
			none = nil
		}
		if err != nil {
			f.cost = redact.Text(err.Error())
		}
		if errors.Is(err, database.ErrBadDSN) { // no other way is tried then
			given = err
		}
		all = append(all, f)
	}
	return all, cmp.Or(given, none)
}

// wayPatience is how long one way to a Postgres may take: none takes the time of the next.
const wayPatience = 30 * time.Second

// try opens a way and closes it again, and notes what was found there.
func (f *finding) try(ctx context.Context, opts database.Options) error {
	ctx, cancel := context.WithTimeout(ctx, wayPatience)
	defer cancel()
	server, err := database.Open(ctx, opts)
	if err != nil {
		return err
	}
	f.ok, f.found = true, server.Describe()
	return server.Close(ctx)
}

// enginePatience is how long a Docker engine may take to say that it is there.
const enginePatience = 5 * time.Second

func machineFindings(ctx context.Context) []finding {
	cpus := runtime.NumCPU()
	all := []finding{
		{what: "processors", found: fmt.Sprint(cpus), ok: cpus >= 2, cost: pick(cpus >= 2, "", "the generator and the target share one: many runs will be inconclusive")},
		openFiles(), memory(), shares(),
	}
	asking, cancel := context.WithTimeout(ctx, enginePatience)
	defer cancel()
	engine := exec.CommandContext(asking, "docker", "version", "--format", "{{.Server.Version}}")
	engine.WaitDelay = time.Second
	version, err := engine.Output()
	all = append(all, finding{what: "Docker engine", found: pick(err == nil, trim(version), "none"), ok: err == nil,
		cost: pick(err == nil, "", "no --target container, so no kill by a memory limit; apt-get install docker.io")})
	_, err = exec.LookPath("gcc")
	all = append(all, finding{what: "C compiler", found: pick(err == nil, "gcc", "none"), ok: err == nil,
		cost: pick(err == nil, "", "make test runs without the race detector; apt-get install gcc")})
	return all
}

func openFiles() finding {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return finding{what: "open files", found: "unknown"}
	}
	ok := limit.Max >= 8192
	return finding{what: "open files", found: fmt.Sprintf("up to %d", limit.Max), ok: ok,
		cost: pick(ok, "", "fewer requests can be in flight at once; ulimit -n 65536")}
}

func memory() finding {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return finding{what: "memory", found: "unknown"}
	}
	total := float64(info.Totalram) * float64(info.Unit)
	return finding{what: "memory", found: result.Bytes(total), ok: total >= 2e9,
		cost: pick(total >= 2e9, "", "the larger data sets will not fit the database's cache")}
}

// shares is how the processors are shared out.
func shares() finding {
	starving := autogroup.Starving()
	return finding{what: "shares of processors", found: pick(starving, "one for each session: as much for a backend of Postgres as for the harness with all targets", "by thread, or as control groups say"), ok: !starving,
		cost: pick(starving, "beside other work requests are sent late, and runs inconclusive; run as root, or: sudo sysctl kernel.sched_autogroup_enabled=0", "")}
}

func pick(ok bool, yes, no string) string {
	if ok {
		return yes
	}
	return no
}

func trim(b []byte) string {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return string(b)
}
