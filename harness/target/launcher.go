package target

import (
	"context"
	"io"
	"syscall"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/undo"
)

// Runtime is a way to run a program, for who chooses among several: [AsProcess],
// or the one of the package docker.
type Runtime struct {
	// Name is what a person calls it.
	Name string
	// New prepares a target; it starts nothing.
	New func(Spec) (Target, error)
	// Image makes a launcher of a container image, for processes that are one. Nil: it
	// cannot.
	Image func(ImageSpec) (Launcher, error)
	// Undoers undo, kind by kind, what its targets leave behind when their harness
	// is killed: they are for [undo.Sweep].
	Undoers map[string]undo.Func
}

// Spec is what every runtime is told of the program.
type Spec struct {
	Program
	// Command is its executable. Required.
	Command string
	// MemoryLimit in bytes; 0 is none, or the runtime's own default.
	MemoryLimit uint64
	// PassEnv names variables of the harness's environment that pass to a process of this
	// machine. Defaults to none.
	PassEnv []string
}

// ImageSpec is a container image to run as a process of a service. Its command and
// its environment come with each [Invocation]: an empty one of Args means the
// image's own.
type ImageSpec struct {
	// Name is what messages call it. Required.
	Name string
	// Image is a reference, for example ghcr.io/acme/shop:3. It is pulled where the
	// machine has none. Required.
	Image string
	// Dir is the working directory in it. Defaults to the image's own.
	Dir string
	// MemoryLimit in bytes and CPUs bound it; 0 is no limit.
	MemoryLimit uint64
	CPUs        float64
	// Journal is the run's undo journal. Required.
	Journal *undo.Journal
}

// Launcher begins lives of a program: the part in which one runtime differs from
// another. Its methods are called by one Start or Stop at a time, but Describe.
type Launcher interface {
	// Launch begins one life. What it starts it first plans in the journal; where
	// it fails, nothing is left.
	Launch(ctx context.Context, i Invocation) (Life, error)
	// Release removes what outlives single lives; it is idempotent.
	Release(ctx context.Context) error
	// Describe says in one line what is run and how, without secrets.
	Describe() string
}

// Invocation is what a life begins with.
type Invocation struct {
	// Args and Env, as name=value and sorted, with the address to listen on.
	Args, Env []string
	// Run and Step mark all that is started for it. Env carries them already.
	Run, Step string
	// Log opens one more stream of lines to be kept. It is for one goroutine;
	// closing it keeps a last line without an end.
	Log func() io.WriteCloser
}

// Life is one life of a program, from its start until all of it is gone.
type Life interface {
	// PID is its main process on this machine, while it runs.
	PID() (int32, bool)
	// MemoryDir is its memory cgroup's directory, while it runs, if known.
	MemoryDir() (string, bool)
	// Signal sends to all of its processes or to the main one.
	Signal(sig syscall.Signal, all bool) error
	// Done is closed once it has ended and nothing is left of it, or no more can
	// be done about what is left: then Outcome's error says so.
	Done() <-chan struct{}
	// Outcome is how it ended, without times and Expected; only after Done.
	Outcome() (result.End, error)
}
