package target

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/undo"
)

// SystemConfig is a service of several processes and what they are told.
type SystemConfig struct {
	// Processes of the service; their order means nothing. Required.
	Processes []Process
	// Value answers the placeholders that are not of the processes themselves:
	// addresses of dependencies, secrets, parameters. It is asked at each start.
	// Optional.
	Value func(name string) (value string, known bool)
	// Addresses are where its instances listen. Defaults to those of [PickAddresses],
	// which are given back when it is stopped.
	Addresses Addresses
	// PassEnv names variables of Environ that pass beside those that always do.
	PassEnv []string
	// Environ is the environment that [Passed] picks from. Defaults to the
	// harness's own.
	Environ []string
	// Image makes a launcher of a process that is an image, as [Runtime.Image]
	// does. Without it none may be.
	Image func(ImageSpec) (Launcher, error)
	// Secrets are cut out of all logs. No command may hold one.
	Secrets []string
	// Line is told of each line of each log, with the instance's name, whole and with
	// its secrets, from several goroutines. Defaults to nobody.
	Line func(instance, line string)
	// LogLines is how many of its last lines are kept of each instance. Defaults to
	// DefaultLogLines.
	LogLines int
	// Gate stands between the processes of this machine and everybody whom nobody
	// named; images are not behind it. Defaults to none.
	Gate Gate
	// Start is the run's start, from which ends count. Required.
	Start time.Time
	// Journal is the run's undo journal. Required.
	Journal *undo.Journal
}

// Validate reports all that is wrong with it.
func (c SystemConfig) Validate() error {
	errs := []error{ValidateProcesses(c.Processes)}
	if len(c.Processes) == 0 {
		errs = append(errs, errors.New("no process is named"))
	}
	for _, p := range c.Processes {
		if p.Image != "" && c.Image == nil {
			errs = append(errs, fmt.Errorf("process %s is an image, and no runtime of containers was chosen for this program", p.Name))
		}
	}
	if c.Start.IsZero() {
		errs = append(errs, errors.New("the run's Start is missing"))
	}
	if c.Journal == nil {
		errs = append(errs, errors.New("the run's undo Journal is missing"))
	}
	return errors.Join(errs...)
}

// System is a service of several processes: it starts each when those that it
// depends on are ready, and stops them the other way round. Its methods may be
// called from several goroutines.
type System struct {
	config    SystemConfig
	processes []Process // with their defaults
	passed    map[string]string
	instances []*Instance
	release   func() // of the addresses that it picked
}

// NewSystem prepares a service. It picks all addresses, which are kept from then
// on, and starts nothing.
func NewSystem(c SystemConfig) (*System, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("target system: %w", err)
	}
	if c.Environ == nil {
		c.Environ = os.Environ()
	}
	s := &System{config: c, passed: Passed(c.Environ, c.PassEnv), release: func() {}}
	if c.Addresses == nil {
		var err error
		if s.config.Addresses, s.release, err = PickAddresses(c.Processes); err != nil {
			return nil, fmt.Errorf("target system: %w", err)
		}
	}
	for _, p := range c.Processes {
		p = p.withDefaults()
		s.processes = append(s.processes, p)
		for n := range p.Replicas {
			i, err := s.newInstance(p, n+1)
			if err != nil {
				s.release()
				return nil, fmt.Errorf("target system: process %s: %w", p.Name, err)
			}
			s.instances = append(s.instances, i)
		}
	}
	return s, nil
}

// Instances are all replicas of all processes, in the order in which the processes
// were named.
func (s *System) Instances() []*Instance { return slices.Clone(s.instances) }

// Instance finds one by its name: a process's for its first replica, NAME.2 for
// its second.
func (s *System) Instance(name string) (*Instance, bool) {
	for _, i := range s.instances {
		if i.name == name {
			return i, true
		}
	}
	return nil, false
}

// Replicas are the instances of one process, in order.
func (s *System) Replicas(process string) []*Instance {
	var all []*Instance
	for _, i := range s.instances {
		if i.process.Name == process {
			all = append(all, i)
		}
	}
	return all
}

// Value is that of a placeholder of the processes, known from the beginning:
// NAME.url, NAME.host, NAME.port, NAME.address and NAME.ports.PORT, and the same of
// NAME.2.
func (s *System) Value(name string) (string, bool) {
	for _, i := range s.instances {
		if rest, ok := strings.CutPrefix(name, i.name+"."); ok {
			if value, known := i.own(rest); known {
				return value, true
			}
		}
	}
	return "", false
}

// Start starts every process as soon as those that it depends on are ready, and
// returns when all are. Where one fails, all that was started is stopped again; the
// error is its [*StartError].
func (s *System) Start(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ready := map[string]chan struct{}{}
	for _, p := range s.processes {
		ready[p.Name] = make(chan struct{})
	}
	var work sync.WaitGroup
	for _, p := range s.processes {
		work.Go(func() {
			for _, other := range p.DependsOn {
				select {
				case <-ready[other]:
				case <-ctx.Done():
					return
				}
			}
			if err := s.startProcess(ctx, p); err != nil {
				cancel(err)
				return
			}
			close(ready[p.Name])
		})
	}
	work.Wait()
	if ctx.Err() == nil {
		return nil
	}
	err := context.Cause(ctx) // the first that failed: the others were cut short by it
	if undone := s.Stop(context.WithoutCancel(ctx)); undone != nil {
		err = errors.Join(err, undone)
	}
	return err
}

// startProcess starts the replicas of a process together. Where one fails, the
// others are cut short, and the error is its own.
func (s *System) startProcess(ctx context.Context, p Process) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	_ = together(s.Replicas(p.Name), func(i *Instance) error {
		err := i.Start(ctx)
		if err != nil {
			cancel(err)
		}
		return err
	})
	return context.Cause(ctx)
}

// Stop stops every process as soon as those that depend on it have ended. It is
// idempotent; the error says what could not be undone.
func (s *System) Stop(ctx context.Context) error {
	defer s.release()
	ended := map[string]chan struct{}{}
	for _, p := range s.processes {
		ended[p.Name] = make(chan struct{})
	}
	return together(s.processes, func(p Process) error {
		defer close(ended[p.Name])
		for _, other := range s.processes {
			if slices.Contains(other.DependsOn, p.Name) {
				<-ended[other.Name] // comes, for there is no circle and each Stop is bounded
			}
		}
		return together(s.Replicas(p.Name), func(i *Instance) error {
			_, err := i.Stop(ctx)
			return err
		})
	})
}

// Describe says in a line for each process what is run and how, without secrets.
func (s *System) Describe() []string {
	var all []string
	for _, p := range s.processes {
		i, _ := s.Instance(p.Name)
		text := i.Describe()
		if p.Replicas > 1 {
			text += fmt.Sprintf(", %d replicas", p.Replicas)
		}
		all = append(all, text)
	}
	return all
}

// together calls f with all at once and returns what failed, in their order.
func together[T any](all []T, f func(T) error) error {
	errs := make([]error, len(all))
	var work sync.WaitGroup
	for n, one := range all {
		work.Go(func() { errs[n] = f(one) })
	}
	work.Wait()
	return errors.Join(errs...)
}
