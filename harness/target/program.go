package target

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/undo"
)

// stepVariable is the environment variable that marks the processes of one
// life, beside [undo.RunVariable], which marks all of the run.
const stepVariable = "HOLDFAST_STEP"

// Defaults of [Program].
const (
	DefaultAddrVariable = "LISTEN_ADDR"
	DefaultReadyPath    = "/readyz"
	DefaultReadyTimeout = 30 * time.Second
	DefaultGrace        = 10 * time.Second
	DefaultLogLines     = 200
)

// Program is what all runtimes are told alike.
//
// In Args and in the values of Env, {addr} stands for the address to listen on,
// {host} and {port} for its halves.
type Program struct {
	// Name is what messages call it. Defaults to the program's file name.
	Name string
	Args []string
	// Env is its environment. Of the harness's own a process of this machine gets what
	// [Passed] picks, and a container nothing, so no secret of the shell reaches it by
	// accident. Added are AddrVariable and the two variables by which a sweep knows it.
	Env map[string]string
	// AddrVariable is the variable that carries the address to listen on.
	// Defaults to LISTEN_ADDR.
	AddrVariable string
	// Address is host:port to listen on. Defaults to a free port of 127.0.0.1,
	// picked at the first Start and kept.
	Address string
	// ReadyPath answers 2xx once it can serve. Defaults to /readyz.
	ReadyPath string
	// ReadyTimeout bounds a start. Defaults to 30 s.
	ReadyTimeout time.Duration
	// Grace is the time between SIGTERM and SIGKILL. Defaults to 10 s.
	Grace time.Duration
	// LogLines is how many of its last lines are kept. Defaults to 200.
	LogLines int
	// Secrets are cut out of its log wherever they stand, as they are and as
	// they look in a URL or in JSON.
	Secrets []string
	// Line is told of each line of its log, whole and with its secrets, one at a
	// time. It is not to keep it. Defaults to nobody.
	Line func(string)
	// Gate stands between the program, with all that it starts, and everybody whom
	// nobody named. Only processes of this machine are started behind it. Defaults to
	// none.
	Gate Gate
	// Start is the run's start, from which Ends count. Required.
	Start time.Time
	// Journal is the run's undo journal. Required.
	Journal *undo.Journal
}

// Gate closes the way out of the processes that are started behind it.
type Gate interface {
	// Start has start start a process, called process in messages. The calling
	// goroutine is locked to its thread and is so until it ends: the thread may be
	// behind the gate itself afterwards.
	Start(process string, start func() error) error
}

// Validate reports all that is wrong with it.
func (p Program) Validate() error {
	var errs []error
	if p.Start.IsZero() {
		errs = append(errs, errors.New("the run's Start is missing"))
	}
	if p.Journal == nil {
		errs = append(errs, errors.New("the run's undo Journal is missing"))
	}
	if p.Address != "" {
		if _, _, err := net.SplitHostPort(p.Address); err != nil {
			errs = append(errs, fmt.Errorf("the Address %q is not host:port", p.Address))
		}
	}
	if p.ReadyPath != "" && !strings.HasPrefix(p.ReadyPath, "/") {
		errs = append(errs, fmt.Errorf("ReadyPath %q does not begin with a slash", p.ReadyPath))
	}
	if p.ReadyTimeout < 0 {
		errs = append(errs, errors.New("ReadyTimeout is negative"))
	}
	if p.Grace < 0 {
		errs = append(errs, errors.New("the Grace is negative"))
	}
	if p.LogLines < 0 {
		errs = append(errs, errors.New("LogLines is negative"))
	}
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(p.Env[name], "\x00") {
			errs = append(errs, fmt.Errorf("the Env holds an impossible variable %q", name))
		}
		if name == undo.RunVariable || name == stepVariable {
			errs = append(errs, fmt.Errorf("the Env sets %s, which is the harness's own", name))
		}
	}
	return errors.Join(errs...)
}

func (p Program) withDefaults(name string) Program {
	p.Args = slices.Clone(p.Args)
	p.Env = maps.Clone(p.Env)
	p.Secrets = slices.Clone(p.Secrets)
	if p.Name == "" {
		p.Name = name
	}
	if p.AddrVariable == "" {
		p.AddrVariable = DefaultAddrVariable
	}
	if p.ReadyPath == "" {
		p.ReadyPath = DefaultReadyPath
	}
	if p.ReadyTimeout == 0 {
		p.ReadyTimeout = DefaultReadyTimeout
	}
	if p.Grace == 0 {
		p.Grace = DefaultGrace
	}
	if p.LogLines == 0 {
		p.LogLines = DefaultLogLines
	}
	return p
}

// compose is what a life at that address is told.
func (p Program) compose(address string) (args []string, env map[string]string, err error) {
	host, port, _ := net.SplitHostPort(address)
	fill := strings.NewReplacer("{addr}", address, "{host}", host, "{port}", port)
	for _, arg := range p.Args {
		args = append(args, fill.Replace(arg))
	}
	env = map[string]string{p.AddrVariable: address}
	for name, value := range p.Env {
		env[name] = fill.Replace(value)
	}
	return args, env, nil
}

// invocation is a life that is told that and writes into log, with a mark of its
// own.
func (p Program) invocation(args []string, env map[string]string, log func() io.WriteCloser) Invocation {
	i := Invocation{Args: args, Run: p.Journal.Run(), Step: rand.Text(), Log: log}
	env = maps.Clone(env)
	env[undo.RunVariable], env[stepVariable] = i.Run, i.Step
	for _, name := range slices.Sorted(maps.Keys(env)) {
		i.Env = append(i.Env, name+"="+env[name])
	}
	return i
}
