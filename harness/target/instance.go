package target

import (
	"context"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
	"sync"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/placeholder"
)

// Instance is one replica of one process of a [System]: a [Target] that follows
// the process's restart policy.
type Instance struct {
	name      string
	process   Process
	replica   int
	addresses map[string]string // of its ports
	runner    *Runner
	system    *System

	mu       sync.Mutex // guards below
	watch    *watch     // since the last Start; nil before the first
	restarts int
}

var _ Target = (*Instance)(nil)

func (s *System) newInstance(p Process, replica int) (*Instance, error) {
	name := ReplicaName(p.Name, replica)
	i := &Instance{name: name, process: p, replica: replica, addresses: s.config.Addresses[name], system: s}
	prog := Program{
		Name: i.name, Address: i.addresses[p.Ports[0]], Grace: p.Grace, LogLines: s.config.LogLines, Secrets: s.config.Secrets,
		Gate: s.config.Gate, Start: s.config.Start, Journal: s.config.Journal,
	}
	if tell := s.config.Line; tell != nil {
		prog.Line = func(line string) { tell(i.name, line) }
	}
	prog = prog.withDefaults(i.name)
	how, err := i.launcher(prog)
	if err != nil {
		return nil, err
	}
	i.runner = newRunner(prog, how)
	i.runner.compose, i.runner.ready, i.runner.at = i.compose, p.Ready, func(port string) string { return i.addresses[port] }
	return i, nil
}

// launcher is what begins its lives.
func (i *Instance) launcher(prog Program) (Launcher, error) {
	if i.process.Image != "" {
		return i.system.config.Image(ImageSpec{
			Name: i.name, Image: i.process.Image, Dir: i.process.Dir,
			MemoryLimit: i.process.Memory, CPUs: i.process.CPUs, Journal: prog.Journal,
		})
	}
	return processes{ProcessConfig{
		Program: prog, Command: i.process.Command[0], Dir: i.process.Dir, MemoryLimit: i.process.Memory, CPUs: i.process.CPUs,
	}}, nil
}

// compose is what a life is told: the command with its program, and the environment.
func (i *Instance) compose(string) (args []string, env map[string]string, err error) {
	for _, word := range i.process.Command {
		arg, err := i.argument(word)
		if err != nil {
			return nil, nil, err
		}
		args = append(args, arg)
	}
	env = map[string]string{}
	if i.process.Image == "" {
		maps.Copy(env, i.system.passed)
		args = args[1:] // the launcher has the program
	}
	for name, value := range i.process.Env {
		env[name] = placeholder.Text(value).Fill(i.value)
	}
	return args, env, nil
}

// argument fills in a word of the command. No secret may come into it that way.
func (i *Instance) argument(word string) (text string, err error) {
	text = placeholder.Text(word).Fill(func(name string) (string, bool) {
		value, known := i.value(name)
		for _, secret := range i.system.config.Secrets {
			if secret != "" && strings.Contains(value, secret) {
				err = fmt.Errorf("its command %q would hold a secret: everybody on the machine can read a command; put {%s} into the environment", word, name)
			}
		}
		return value, known
	})
	return text, err
}

// value is that of a placeholder in its command or environment.
func (i *Instance) value(name string) (string, bool) {
	if value, known := i.own(name); known {
		return value, true
	}
	if value, known := i.system.Value(name); known {
		return value, true
	}
	if i.system.config.Value == nil {
		return "", false
	}
	return i.system.config.Value(name)
}

// own is what its own placeholders stand for.
func (i *Instance) own(name string) (string, bool) {
	if name == "replica" {
		return strconv.Itoa(i.replica), true
	}
	return addressValue(i.addresses, i.process.Ports[0], name)
}

// Name is what it is called: its process's name for the first replica, NAME.2 for
// the second.
func (i *Instance) Name() string { return i.name }

// Process is what it is a replica of, with all defaults.
func (i *Instance) Process() Process { return i.process }

// Replica is which one it is, from 1.
func (i *Instance) Replica() int { return i.replica }

// Address is host:port of one of its ports, known before it starts.
func (i *Instance) Address(port string) (string, bool) {
	address, known := i.addresses[port]
	return address, known
}

// Start implements [Target]. While a restart is due it fails with [ErrRunning].
func (i *Instance) Start(ctx context.Context) error {
	if i.present().active() {
		return fmt.Errorf("start %s: %w", i.name, ErrRunning)
	}
	if err := i.runner.Start(ctx); err != nil {
		return i.process.pointed(err)
	}
	supervised, cancel := context.WithCancel(context.Background())
	w := &watch{cancel: cancel, down: make(chan struct{})}
	i.mu.Lock()
	i.watch = w
	i.mu.Unlock()
	go i.supervise(supervised, w) // Stop waits for it
	return nil
}

// Stop implements [Target]. The restart policy does not start it again.
func (i *Instance) Stop(ctx context.Context) (result.End, error) {
	w := i.present()
	if w != nil {
		w.cancel()
	}
	end, err := i.runner.Stop(ctx)
	if w != nil && err == nil { // where something is left of a life, it may never be down
		<-w.down
	}
	return end, err
}

func (i *Instance) present() *watch {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.watch
}

// URL implements [Target]: where its first port is, known before it starts.
func (i *Instance) URL() string { return i.runner.URL() }

// PID implements [Target].
func (i *Instance) PID() (int32, bool) { return i.runner.PID() }

// Signal implements [Target].
func (i *Instance) Signal(sig os.Signal) error { return i.runner.Signal(sig) }

// Exited implements [Target]: it is closed when a life has ended that the restart
// policy leaves at that.
func (i *Instance) Exited() <-chan struct{} {
	if w := i.present(); w != nil {
		return w.down
	}
	return i.runner.Exited() // of a Start that failed
}

// Ends implements [Target]. A life whose end the restart policy healed says so.
func (i *Instance) Ends() []result.End { return i.runner.Ends() }

// Restarts is how often the restart policy has started it again.
func (i *Instance) Restarts() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.restarts
}

// Log implements [Target].
func (i *Instance) Log() []string { return i.runner.Log() }

// Describe implements [Target].
func (i *Instance) Describe() string { return i.runner.Describe() }

// MemoryDir is the directory of the memory cgroup that it alone runs in, for
// probes; false while it does not run, or has none of its own.
func (i *Instance) MemoryDir() (string, bool) { return i.runner.MemoryDir() }

// Mark is the environment variable, NAME=VALUE, that all of its processes inherit,
// for probes; empty while it does not run.
func (i *Instance) Mark() string { return i.runner.Mark() }

// SignalTo is [Runner.SignalTo].
func (i *Instance) SignalTo(sig os.Signal, to Scope) (reached []int32, err error) {
	return i.runner.SignalTo(sig, to)
}

// Members is [Runner.Members].
func (i *Instance) Members() []int32 { return i.runner.Members() }

// Children is [Runner.Children].
func (i *Instance) Children() []int32 { return i.runner.Children() }

// OOMKills is [Runner.OOMKills].
func (i *Instance) OOMKills() int { return i.runner.OOMKills() }

// CgroupDir is [Runner.CgroupDir].
func (i *Instance) CgroupDir(controller string) (dir string, ok bool) {
	return i.runner.CgroupDir(controller)
}
