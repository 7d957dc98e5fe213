package target

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/undo"
	"holdfast.dev/holdfast/placeholder"
)

// Restart is when a process that ended by itself is started again. The words are
// Compose's.
type Restart string

// The policies of restarting.
const (
	// RestartNo leaves it down.
	RestartNo Restart = "no"
	// RestartOnFailure starts it again when it ended with another code than 0 or of
	// a signal.
	RestartOnFailure Restart = "on-failure"
	// RestartAlways starts it again whatever its end was.
	RestartAlways Restart = "always"
)

// DefaultPort is the name of a process's only port where none is named.
const DefaultPort = "http"

// Process is one of the programs that a service consists of, as its [System] is to
// start it: a plain value.
//
// In the elements of Command and the values of Env, {port} stands for its first
// port and {ports.NAME} for any, {host}, {address} (host:port) and {url} for where
// that is, and {replica} for which of its replicas it is, from 1. {NAME.url} and
// so on are another process's ({NAME.2.url} its second replica's); everything else
// is asked of [SystemConfig.Value]. A name that nobody knows stays as written; {{
// is a brace.
type Process struct {
	// Name is what faults, metrics and messages call it, for example web. Letters,
	// digits, - and _, beginning with a letter. Required.
	Name string
	// Build is run once per run before anything starts, in Dir, by [Build]. Optional.
	Build []string
	// Command is the program and its arguments; no shell comes between. Of an Image
	// it replaces the command. Required without an Image.
	Command []string
	// Image is a container image that the machine has or can pull. Optional.
	Image string
	// Dir is the working directory; inside of the container for an Image. Defaults
	// to the harness's own, or the image's.
	Dir string
	// Ports names its ports, each a free one of loopback that is picked before
	// anything starts and kept over restarts. Defaults to one, [DefaultPort].
	Ports []string
	// Env is added to what passes from the harness's environment ([Passed]).
	Env map[string]string
	// Ready is when it can serve.
	Ready Ready
	// DependsOn names the processes that are to be ready before it starts.
	DependsOn []string
	// Replicas is how many of it there are: NAME, NAME.2 and so on. Defaults to 1.
	Replicas int
	// Restart defaults to [RestartNo].
	Restart Restart
	// Memory, in bytes, is the most that it and all that it starts may hold; at more
	// the kernel kills. It takes a cgroup: [ErrNoMemoryLimit]. Defaults to 0, no
	// limit.
	Memory uint64
	// CPUs is the most CPU time that it and all that it starts get, in CPUs, for
	// example 0.5. It takes a cgroup: [ErrNoCPULimit]. Defaults to 0, no limit.
	CPUs float64
	// Grace is the time between SIGTERM and SIGKILL. Defaults to [DefaultGrace].
	Grace time.Duration
	// Declared is where it is declared, for messages. Optional.
	Declared Declared
}

// MaxReplicas bounds the replicas of one process.
const MaxReplicas = 16

// leastMemory is what any process needs to begin at all.
const leastMemory = 4 << 20

// reserved are what begins the names of other values than a process's.
func reserved() []string { return []string{"ports", "own", "secrets", "parameters"} }

var processName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// Validate reports all that is wrong with it by itself; what it has to do with
// other processes is seen by [ValidateProcesses].
func (p Process) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("process %s: %w", cmp.Or(p.Name, "without a name"), fmt.Errorf(format, args...)))
	}
	if !processName.MatchString(p.Name) {
		wrong("its name %q is not of letters, digits, - and _, beginning with a letter", p.Name)
	}
	if slices.Contains(reserved(), p.Name) {
		wrong("its name means something else in texts, as in {%s.…}", p.Name)
	}
	if p.Image == "" && len(p.Command) == 0 {
		wrong("it has neither a command nor an image")
	}
	for _, argv := range [][]string{p.Command, p.Build} {
		if len(argv) > 0 && argv[0] == "" {
			wrong("its command begins with an empty word")
		}
	}
	if p.Replicas < 0 || p.Replicas > MaxReplicas {
		wrong("it has %d replicas: 1 to %d are possible", p.Replicas, MaxReplicas)
	}
	switch p.Restart {
	case "", RestartNo, RestartOnFailure, RestartAlways:
	default:
		wrong("its restart policy %q is none of no, on-failure, always", p.Restart)
	}
	if p.Memory > 0 && p.Memory < leastMemory {
		wrong("its memory limit of %d bytes is too low for any program", p.Memory)
	}
	if p.CPUs != 0 && !(p.CPUs >= 0.01 && p.CPUs <= 1024) {
		wrong("its limit of %v CPUs is not between 0.01 and 1024", p.CPUs)
	}
	if p.Grace < 0 {
		wrong("its grace is negative")
	}
	errs = append(errs, p.validatePorts()...)
	errs = append(errs, p.validateTexts()...)
	if err := p.Ready.validate(p.ports()); err != nil {
		wrong("%w", err)
	}
	return errors.Join(errs...)
}

func (p Process) validatePorts() (errs []error) {
	seen := map[string]bool{}
	for _, name := range p.Ports {
		if !processName.MatchString(name) {
			errs = append(errs, fmt.Errorf("process %s: the name of its port %q is not of letters, digits, - and _, beginning with a letter", p.Name, name))
		}
		if seen[name] {
			errs = append(errs, fmt.Errorf("process %s: two of its ports are called %s", p.Name, name))
		}
		seen[name] = true
	}
	return errs
}

// validateTexts looks at what the operating system would refuse, and at secrets
// where everybody on the machine can read them.
func (p Process) validateTexts() (errs []error) {
	for _, word := range slices.Concat(p.Command, p.Build) {
		if strings.Contains(word, "\x00") {
			errs = append(errs, fmt.Errorf("process %s: its command %q holds a zero byte", p.Name, word))
		}
		for _, name := range placeholder.Text(word).Names() {
			if isSecret(name) {
				errs = append(errs, fmt.Errorf("process %s: its command holds {%s}: everybody on the machine can read a command; put it into the environment", p.Name, name))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(p.Env[name], "\x00") {
			errs = append(errs, fmt.Errorf("process %s: its environment holds an impossible variable %q", p.Name, name))
		}
		if name == undo.RunVariable || name == stepVariable {
			errs = append(errs, fmt.Errorf("process %s: its environment sets %s, which is the harness's own", p.Name, name))
		}
	}
	return errs
}

// isSecret is whether the value of a placeholder may not stand in a command.
func isSecret(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	return strings.HasPrefix(name, "secrets.") || last == "dsn" || last == "password"
}

func (p Process) ports() []string {
	if len(p.Ports) == 0 {
		return []string{DefaultPort}
	}
	return p.Ports
}

// withDefaults is a copy in which nothing is left open.
func (p Process) withDefaults() Process {
	p.Build, p.Command, p.DependsOn = slices.Clone(p.Build), slices.Clone(p.Command), slices.Clone(p.DependsOn)
	p.Env = maps.Clone(p.Env)
	p.Ports = slices.Clone(p.ports())
	p.Replicas = max(1, p.Replicas)
	p.Restart = cmp.Or(p.Restart, RestartNo)
	p.Grace = cmp.Or(p.Grace, DefaultGrace)
	p.Ready = p.Ready.withDefaults(p)
	return p
}

// ReplicaName is what the nth replica of a process is called, counted from 1: the
// first has the process's name, the second NAME.2.
func ReplicaName(process string, n int) string {
	if n <= 1 {
		return process
	}
	return fmt.Sprintf("%s.%d", process, n)
}
