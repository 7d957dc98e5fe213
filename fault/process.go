package fault

import "fmt"

// Whom says which of a program's processes a fault is for.
type Whom string

// Whom a fault may be for.
const (
	// Usual is whom a service manager would mean: a pause and a kill reach all of its
	// processes, a request to end the main one, which looks after the others.
	Usual Whom = ""
	// Child is one of those that it has started: the oldest that has no child of its own,
	// for example the first worker of a server that forks.
	Child Whom = "child"
	// WholeTree is the main process and all that it has started.
	WholeTree Whom = "tree"
)

func (w Whom) validate(kind string) error {
	if w == Usual {
		return nil
	}
	return oneOf(kind, string(w), string(Child), string(WholeTree))
}

// whom takes the word that says for whom a fault is, if it is there.
func (w *words) whom() Whom {
	for _, whom := range []Whom{Child, WholeTree} {
		if w.flag(string(whom)) {
			return whom
		}
	}
	return Usual
}

// all is whom of a kind that reaches all processes in any case: one value for it.
func (w Whom) all() Whom {
	if w == WholeTree {
		return Usual
	}
	return w
}

// Pause stops the process (SIGSTOP) and lets it go on (SIGCONT).
type Pause struct {
	Whom Whom // Defaults to all of its processes
}

// Name implements [Kind].
func (Pause) Name() string { return "pause" }

// String implements [Kind].
func (p Pause) String() string { return text("pause", string(p.Whom)) }

// Validate refuses whom there is not.
func (p Pause) Validate() error { return validAll("pause", p.Whom) }

func parsePause(w *words) Kind { return Pause{Whom: w.whom().all()} }

// Kill ends the process at once, with no chance to clean up (SIGKILL).
type Kill struct {
	Whom Whom // Defaults to all of its processes
}

// Name implements [Kind].
func (Kill) Name() string { return "kill" }

// String implements [Kind].
func (k Kill) String() string { return text("kill", string(k.Whom)) }

// Validate refuses whom there is not.
func (k Kill) Validate() error { return validAll("kill", k.Whom) }

// OneShot implements [OneShot].
func (Kill) OneShot() {}

func parseKill(w *words) Kind { return Kill{Whom: w.whom().all()} }

// validAll refuses what a kind that reaches all processes does not know. That it is
// for all has one value, so that equal faults are equal.
func validAll(kind string, w Whom) error {
	if w == WholeTree {
		return fmt.Errorf("%s reaches the whole tree as it is", kind)
	}
	return w.validate(kind)
}

// Terminate asks the process to end (SIGTERM). It does not wait for that: how
// long a drain takes is for the target to show, and for checks to judge.
type Terminate struct {
	Whom Whom // Defaults to the main process
}

// Name implements [Kind].
func (Terminate) Name() string { return "terminate" }

// String implements [Kind].
func (t Terminate) String() string { return text("terminate", string(t.Whom)) }

// Validate refuses whom there is not.
func (t Terminate) Validate() error { return t.Whom.validate("terminate") }

// OneShot implements [OneShot].
func (Terminate) OneShot() {}

func parseTerminate(w *words) Kind { return Terminate{Whom: w.whom()} }
