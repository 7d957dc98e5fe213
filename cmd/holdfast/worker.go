package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"holdfast.dev/holdfast/fleet/worker"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
)

// workerFlags are the flags of holdfast worker, as typed.
type workerFlags struct {
	url       string
	name      string
	allowHost []string
	runs      int
	nats      natsFlags
}

func newWorker(env environ) *cobra.Command {
	var f workerFlags
	cmd := &cobra.Command{
		Use:   "worker --nats URL --allow-host HOST",
		Short: "Wait at a broker for runs, and send the load that they hand out",
		Long: `Waits at a NATS broker with JetStream until holdfast run --fleet claims it, and sends the
part of a load that it is handed. It is given data alone, never code, and sends to the
hosts of --allow-host and nobody else, whatever a run asks.

Off loopback the broker must speak TLS and ask for credentials. docs/fleet.md says how a
fleet is set up, on machines or in Kubernetes.

Exits with 0 when it has served the runs of --runs, 3 when a run's coordinator went away.`,
		Example: `  holdfast worker --nats nats://127.0.0.1:4222 --allow-host 127.0.0.1
  holdfast worker --nats tls://nats.example.com:4222 --nats-creds worker.creds --allow-host api.staging.example.com:443`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			options, err := f.options(env)
			if err != nil {
				return usage(err)
			}
			ctx := cmd.Context()
			if env.getenv(stdinVariable) != "" {
				ctx = untilEOF(ctx, cmd.InOrStdin())
			}
			return serveRuns(ctx, options)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.url, "nats", "", "where the broker is: nats://HOST:PORT or tls://HOST:PORT")
	flags.StringVar(&f.name, "name", "", "what reports call it (default: the host's name and the process's number)")
	flags.StringSliceVar(&f.allowHost, "allow-host", nil, "a host that load may be sent to: HOST or HOST:PORT (repeatable)")
	flags.IntVar(&f.runs, "runs", 0, "end after so many runs (default: never)")
	f.nats.register(flags)
	return cmd
}

// options reads the flags and reports all that is wrong with them at once.
func (f workerFlags) options(env environ) (worker.Options, error) {
	o := worker.Options{
		Broker: f.nats.broker(f.url, "holdfast worker "+f.name), Name: f.name, Allow: f.allowHost, Runs: f.runs, Version: version(),
		Say: func(text string) { fmt.Fprintln(env.stderr, text) },
	}
	o.Broker.Token = env.getenv(tokenVariable)
	var errs []error
	if err := o.Broker.Check(); err != nil {
		errs = append(errs, fmt.Errorf("--nats: %w", err))
	}
	if len(f.allowHost) == 0 {
		errs = append(errs, errors.New("--allow-host is missing: a host that load may be sent to"))
	}
	for _, host := range f.allowHost {
		if strings.Contains(host, "/") || strings.ContainsAny(host, " *") || strings.TrimSpace(host) == "" {
			errs = append(errs, fmt.Errorf("--allow-host %q: it is to be HOST or HOST:PORT", host))
		}
		if name, port, err := net.SplitHostPort(host); err == nil && (name == "" || port == "") {
			errs = append(errs, fmt.Errorf("--allow-host %q: it is to be HOST or HOST:PORT", host))
		}
	}
	if f.runs < 0 {
		errs = append(errs, fmt.Errorf("--runs %d: at least one, or none for any number", f.runs))
	}
	return o, errors.Join(errs...)
}

// untilEOF ends a context when nothing more can be read. Who reads ends with the process.
func untilEOF(ctx context.Context, r io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, r) // however it ends, whoever held the other end is gone
	}()
	return ctx
}

// serveRuns measures what this process can send, and waits for runs.
func serveRuns(ctx context.Context, o worker.Options) error {
	ceiling, err := load.Calibrate(ctx, load.Calibration{})
	if err == nil {
		o.PerSecond = ceiling.PerSecond
		err = worker.Run(ctx, o)
	}
	switch interrupted := new(harness.Interrupted); {
	case errors.As(context.Cause(ctx), &interrupted):
		return &exitError{codeOfSignal(interrupted.Signal), nil}
	case errors.Is(err, worker.ErrAbandoned):
		return &exitError{exitInconclusive, err}
	case err != nil:
		return environment(err)
	}
	return nil
}
