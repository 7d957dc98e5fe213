package backing

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/target"
)

// archiveName is the file in [harness.Opening.Data] that holds an image's data.
const archiveName = "data.tar"

// open starts it: first its addresses, then the proxy, then the program, which may be
// told of all of them.
func (c Config) open(ctx context.Context, o harness.Opening) (harness.Fake, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	f := &Backing{config: c, own: c.Address}
	if c.Address == "" {
		if err := f.prepare(o); err != nil {
			return nil, err
		}
	}
	if err := f.stand(o); err != nil {
		return nil, err
	}
	if err := f.start(ctx, o); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if open := f.open(); open != "" && o.Say != nil {
		o.Say(fmt.Sprintf("%s listens on %s, where other machines may reach it: tell it to listen at {own.host} alone", c.Name, open))
	}
	return f, nil
}

// open is an address beyond loopback at which the program listens; empty where there
// is none, or nobody can see.
func (b *Backing) open() string {
	if b.instance == nil || b.config.Image != "" || !probe.SocketsAreSeen {
		return ""
	}
	sockets := probe.NewSockets(b.tree())
	defer sockets.Close()
	all, err := sockets.Look()
	if err != nil {
		return ""
	}
	for _, s := range all {
		if s.Listening && !s.Local.Addr().IsLoopback() {
			return s.Local.String()
		}
	}
	return ""
}

// prepare picks the program's address, and starts nothing.
func (b *Backing) prepare(o harness.Opening) error {
	c := b.config
	p := target.Process{
		Name: processName(c.Name), Image: c.Image, Dir: c.Dir, Memory: c.Memory, CPUs: c.CPUs, Grace: c.Grace, Ports: []string{ownPort},
		Env: map[string]string{}, Ready: c.Ready, Restart: target.RestartAlways,
	}
	for _, word := range c.Command {
		p.Command = append(p.Command, c.inner(word))
	}
	for name, value := range c.Env {
		p.Env[name] = c.inner(value)
	}
	p.Ready.Port = ""
	if p.Ready.Timeout == 0 {
		p.Ready.Timeout = DefaultReadyTimeout
	}
	if c.Image == "" && c.Port > 0 && p.Ready.Log == "" {
		p.Ready = target.Ready{Started: true, Timeout: p.Ready.Timeout} // asked by ourselves, at its own port
	} else if p.Ready.HTTP == "" && p.Ready.Log == "" && !p.Ready.Started {
		p.Ready.TCP = true
	}
	system, err := target.NewSystem(target.SystemConfig{
		Processes: []target.Process{p}, Value: func(name string) (string, bool) { return b.value(name, o) }, PassEnv: c.PassEnv,
		Image: func(s target.ImageSpec) (target.Launcher, error) { return b.image(s, o) }, Start: o.Start, Journal: o.Journal,
	})
	if err != nil {
		return err
	}
	b.system = system
	b.instance, _ = system.Instance(p.Name)
	b.own, _ = b.instance.Address(ownPort)
	if c.Image == "" && c.Port > 0 {
		b.own = net.JoinHostPort(loopback, strconv.Itoa(c.Port))
	}
	return nil
}

// ownPort is what the program's port is called among its process's.
const ownPort = "own"

// processName is the dependency's name as that of a process.
func processName(name string) string { return strings.ReplaceAll(name, ".", "-") }

// value answers the texts of the program.
func (b *Backing) value(name string, o harness.Opening) (string, bool) {
	if rest, ok := strings.CutPrefix(name, clientPrefix); ok {
		value, known := b.Values()[rest]
		return value, known
	}
	if name == "data" && b.config.Data != "" {
		if b.config.Image != "" {
			return b.config.Data, true
		}
		return o.Data, true
	}
	value, known := o.Values[name]
	return value, known
}

// image makes what runs the image, with its port published at the own address.
func (b *Backing) image(s target.ImageSpec, o harness.Opening) (target.Launcher, error) {
	spec := ImageSpec{ImageSpec: s, Port: b.config.Port, Publish: func() string { return b.own }, Data: b.config.Data, Save: b.config.Data != ""}
	if b.config.Data != "" {
		spec.Archive = filepath.Join(o.Data, archiveName)
	}
	return b.config.Images(spec)
}

// stand puts a proxy before it where the network is to be disturbed, and where the
// setup is to be seen writing to it.
func (b *Backing) stand(o harness.Opening) error {
	network := slices.ContainsFunc(o.Faults, func(k fault.Kind) bool { return !isOfProcess(k) })
	if b.instance != nil {
		b.signals = chaos.NewSignals(b.instance, o.Journal)
	}
	if !network && !o.Counted {
		return nil
	}
	proxy, err := chaos.NewProxy(chaos.ProxyConfig{Upstream: b.own, Seed: o.Seed, Protocol: chaos.TCP})
	if err != nil {
		return fmt.Errorf("put a proxy before %s: %w", b.config.Name, err)
	}
	b.proxy = proxy
	return nil
}

// start starts the program, or sees that the address answers.
func (b *Backing) start(ctx context.Context, o harness.Opening) error {
	c := b.config
	if b.system == nil {
		return b.await(ctx, "does anybody serve there?")
	}
	if c.Image == "" && c.Port > 0 && answers(ctx, b.own) == nil {
		return fmt.Errorf("%s is to listen at %s, where somebody serves already: end that, or leave its port out and tell it {own.port}", c.Name, b.own)
	}
	if err := b.system.Start(ctx); err != nil {
		return err
	}
	if c.Image == "" && c.Port > 0 {
		return b.await(ctx, "is that the port at which it listens?")
	}
	return nil
}

const (
	dialPatience = 2 * time.Second // for one connection
	dialPause    = 20 * time.Millisecond
)

// await waits until its own address takes connections, and says otherwise what may
// be the cause.
func (b *Backing) await(ctx context.Context, hint string) error {
	limit := b.config.Ready.Timeout
	if limit == 0 {
		limit = DefaultReadyTimeout
		if b.system == nil {
			limit = addressPatience
		}
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(dialPause)
	defer tick.Stop()
	last := errors.New("no answer yet")
	for {
		err := b.serves(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err // not that its time is over: that is said anyway
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not serve at %s within %s: %w; %s", b.config.Name, b.own, limit, last, hint)
		case <-tick.C:
		}
	}
}

// addressPatience bounds the wait for a service of somebody else's, which is there
// or is not.
const addressPatience = 5 * time.Second

// serves asks the program as its readiness has it.
func (b *Backing) serves(ctx context.Context) error {
	if b.config.Ready.HTTP == "" {
		return answers(ctx, b.own)
	}
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+b.own+b.config.Ready.HTTP, nil)
	if err != nil {
		return err
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true}, // of its own, and no proxy of the environment
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(req)
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("GET %s: %s", b.config.Ready.HTTP, answer.Status)
	}
	return nil
}

// answers opens a connection to an address and closes it again.
func answers(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}
