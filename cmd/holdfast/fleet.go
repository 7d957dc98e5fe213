package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"holdfast.dev/holdfast/fleet"
	"holdfast.dev/holdfast/fleet/broker"
	"holdfast.dev/holdfast/fleet/coordinator"
	"holdfast.dev/holdfast/harness/load"
)

// fleetFlags are the flags of a run whose load workers send, as typed.
type fleetFlags struct {
	workers int
	url     string
	lost    string
	nats    natsFlags
}

func (f *fleetFlags) register(flags *pflag.FlagSet) {
	flags.IntVar(&f.workers, "workers", 0, "have so many workers send the load: processes of this program, or with --fleet those that wait there")
	flags.StringVar(&f.url, "fleet", "", "have workers send the load that wait at this broker: nats://HOST:PORT or tls://HOST:PORT")
	flags.StringVar(&f.lost, "lost-worker", string(fleet.TakeOver), "what is done about a lost worker: take-over, shrink or fail; no run that lost one passes")
	f.nats.register(flags)
}

// natsFlags are how a broker of one's own is reached.
type natsFlags struct{ creds, nkey, ca, cert, key string }

func (f *natsFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.creds, "nats-creds", "", "a file with the credentials for the broker")
	flags.StringVar(&f.nkey, "nats-nkey", "", "a file with an nkey's seed, instead of credentials")
	flags.StringVar(&f.ca, "nats-ca", "", "a file with the authorities that vouch for the broker (default: the system's)")
	flags.StringVar(&f.cert, "nats-cert", "", "a file with a certificate by which the broker knows this side")
	flags.StringVar(&f.key, "nats-key", "", "a file with its key")
}

func (f natsFlags) broker(url, name string) broker.Options {
	return broker.Options{URL: url, Creds: f.creds, NKey: f.nkey, CA: f.ca, Cert: f.cert, Key: f.key, Name: name}
}

// wanted reports whether workers are to send the load.
func (f fleetFlags) wanted() bool { return f.workers > 0 || f.url != "" }

// again are the flags by which the same workers send the load again, with a space before
// each.
func (f fleetFlags) again() string {
	if !f.wanted() {
		return ""
	}
	var b strings.Builder
	if f.workers > 0 {
		fmt.Fprintf(&b, " --workers %d", f.workers)
	}
	if f.lost != string(fleet.TakeOver) {
		fmt.Fprintf(&b, " --lost-worker %s", f.lost)
	}
	for _, one := range []struct{ flag, value string }{
		{"fleet", f.url}, {"nats-creds", f.nats.creds}, {"nats-nkey", f.nats.nkey}, {"nats-ca", f.nats.ca}, {"nats-cert", f.nats.cert}, {"nats-key", f.nats.key},
	} {
		if one.value != "" {
			fmt.Fprintf(&b, " --%s %s", one.flag, typed([]string{one.value}))
		}
	}
	return b.String()
}

// readFleet reads who sends the load.
func (p *plan) readFleet() error {
	f := p.flags.fleet
	var errs []error
	if f.workers < 0 {
		errs = append(errs, fmt.Errorf("--workers %d: at least one", f.workers))
	}
	if _, err := fleet.ParsePolicy(f.lost); f.lost != "" && err != nil {
		errs = append(errs, fmt.Errorf("--lost-worker: %w", err))
	}
	if f.url == "" && f.nats != (natsFlags{}) {
		errs = append(errs, errors.New("--nats-…: the broker of this program needs none of that; name another one with --fleet"))
	}
	if f.url != "" {
		if err := f.nats.broker(f.url, "").Check(); err != nil {
			errs = append(errs, fmt.Errorf("--fleet: %w", err))
		}
	}
	if !f.wanted() {
		return errors.Join(errs...)
	}
	if p.flags.sideBySide > 1 {
		errs = append(errs, fmt.Errorf("--side-by-side %d: workers send one load at a time; leave the flag out", p.flags.sideBySide))
	}
	p.config.SideBySide = 1
	if err := hasBroker(); f.url == "" && err != nil {
		errs = append(errs, fmt.Errorf("--workers: %w", err))
	}
	for _, s := range p.scenarios {
		if err := load.CheckPortable(s.Load); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.Name, err))
		}
	}
	return errors.Join(errs...)
}

// openFleet has workers ready to send the load. The function that it returns lets them go.
func (p *plan) openFleet(ctx context.Context, say func(string)) (free func() error, err error) {
	f := p.flags.fleet
	if !f.wanted() {
		return func() error { return nil }, nil
	}
	options := coordinator.Options{
		Run: p.config.ID, Broker: f.nats.broker(f.url, "holdfast run "+p.config.ID), Workers: f.workers, Policy: fleet.Policy(f.lost),
		Version: version(), Say: say, Hosts: load.Config{BaseURL: p.config.Target.URL}.Hosts(),
	}
	gone := func() error { return nil }
	var frees []func() error
	free = func() (err error) {
		for _, one := range slices.Backward(frees) {
			err = errors.Join(err, one())
		}
		return err
	}
	if f.url == "" {
		own, err := ownBroker()
		if err != nil {
			return nil, err
		}
		frees = append(frees, func() error { own.Close(); return nil })
		options.Broker = own.Broker()
		options.Broker.Name = "holdfast run " + p.config.ID
		crew, err := hire(f.workers, own.URL(), own.Token(), slices.Concat(loopbackHosts(), p.flags.allowHost))
		if err != nil {
			return nil, errors.Join(err, free())
		}
		frees, gone = append(frees, crew.dismiss), crew.gone
	}
	c, err := coordinator.Open(ctx, options)
	if err != nil {
		return nil, errors.Join(err, gone(), free())
	}
	frees = append(frees, c.Close)
	p.config.Sender, p.config.Ceiling = c, c.Ceiling()
	say("the load is sent by " + counted(len(c.Workers()), "worker") + ": " + strings.Join(c.Workers(), ", "))
	return free, nil
}

// brokerOfOurs is a broker in this process.
type brokerOfOurs interface {
	Broker() broker.Options
	URL() string
	Token() string
	Close()
}

// loopbackHosts are where the targets are that a run starts itself.
func loopbackHosts() []string { return []string{"127.0.0.1", "::1", "localhost"} }

// dismissTimeout is how long workers of ours may take to end by themselves.
const dismissTimeout = 5 * time.Second
