package scaffold

import (
	"fmt"
	"path"
	"strings"

	"holdfast.dev/holdfast/manifest"
)

// Finding is one thing that stands in the folder: exactly one of the pointers is set.
type Finding struct {
	// File and Line are where, the line from 1 or 0 for the whole file.
	File string
	Line int
	// Shown is what stands there, as a comment may show it. Empty: the place says enough.
	Shown string

	Process    *Process
	Dependency *Dependency
	Variable   *Variable
	Step       *Step
	// Note is something to tell, about nothing of the file in particular.
	Note string
}

// Process is a program that the service is made of.
type Process struct {
	Name string
	// Entry says that it answers HTTP, Port that it can be told its port.
	Entry bool
	// Command is how it is started; Shell that a shell is needed for it.
	Command []string
	Build   []string
	Shell   bool
	Env     []Variable
	Ready   manifest.Ready
	Dir     string // in which it runs
	After   []string
	PassEnv []string
	// Work is the word by which another finding of the same program is known: celery.
	Work string
	// Said are comments on what was guessed beside, and on what to fill in.
	Said []string
}

// Dependency is something that the service talks to.
type Dependency struct {
	Kind string // of kinds; http: an outside API
	// Name is what it is called in its file. Empty: by its kind.
	Name string
	// Image is what plays it there, and Env what the image is told; Port where the image listens.
	Image string
	Env   []Variable
	Port  int
	// Hosts are those of an outside API that are constants in its library.
	Hosts []string
	Path  string
	Said  []string
}

// Variable is a setting by the environment.
type Variable struct {
	Name, Value string
	// Private says that it stands in somebody's own .env: nothing of its value is copied.
	Private bool
	// Kept says that it may not reach the service of a run: it must be told another.
	Kept bool
	// InCode says that the code reads it, and Value is what it takes without it.
	InCode bool
	// Of is the process that gets it. Empty: all.
	Of string
}

// Step is a step that makes the data.
type Step struct {
	Run []string
	// Build is the build of a process that makes the program, too. Empty: it is there.
	Build []string
	Dir   string
	Said  []string
}

// place says where a finding stands.
func (f Finding) place() string {
	if f.Line == 0 {
		return f.File
	}
	return fmt.Sprintf("%s:%d", f.File, f.Line)
}

// because is the comment by which a guess is known as one.
func (f Finding) because() string {
	if f.Shown == "" {
		return "guess: found " + f.place()
	}
	return fmt.Sprintf("guess: found %q in %s", shown(f.Shown), f.place())
}

// detectors are what looks at a folder. Of several that find the same, the first is
// believed: who wrote a Procfile has said how the service is started.
func detectors() []detector {
	return []detector{
		{"Procfile", procfile}, {"Compose", compose}, {"Django, Flask, FastAPI", python}, {"Rails", ruby}, {"Node", node}, {"Spring", java},
		{"Laravel, Symfony", php}, {"Phoenix", elixir}, {"Go", golang}, {"Dockerfile", dockerfile}, {"environment", environment},
		{"code", source},
	}
}

// detector finds what one kind of file says.
type detector struct {
	name string
	find func(folder) []Finding
}

// look is what all detectors find in a folder.
func look(f folder) [][]Finding {
	all := make([][]Finding, 0, len(detectors()))
	for _, d := range detectors() {
		found := d.find(f)
		for i := range found {
			if p := found[i].Process; p != nil && f.path != "." {
				p.Dir = path.Join(f.path, p.Dir)
			}
			if s := found[i].Step; s != nil && f.path != "." {
				s.Dir = path.Join(f.path, s.Dir)
			}
		}
		all = append(all, found)
	}
	return all
}

// readyOf is how it is known that a process can serve, where its port does not say so.
func readyOf(p Process) manifest.Ready {
	if p.Entry {
		return manifest.Ready{}
	}
	all := strings.Join(p.Command, " ")
	for _, w := range workers {
		if w.ready != "" && p.Work == w.word && !strings.Contains(all, "celery beat") && !strings.Contains(all, " beat") {
			return manifest.Ready{Log: w.ready}
		}
	}
	return manifest.Ready{Plain: "started"}
}
