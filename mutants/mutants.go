// Package mutants makes mistakes in somebody's Go program, one at a time, so that
// a suite which judges the running program can be judged itself: each [Mutant] is
// built alone into a program of its own, and the tree is never touched.
//
// Enter at [Load], which reads packages with their types. [Source.Drawable] lists
// every mistake that the operators can make in them, [Draw] puts them in an order
// that a seed gives, [Read] has mistakes that people invented, and [Builder.Build]
// builds one. What a suite made of them is put together by [Score]; what people
// say of those that survived is a [Judgement].
//
// # Why not one of the known tools
//
// They judge by go test: mutant, test binary, exit code. Here the judge is a load
// and chaos suite that needs a program to run, so only their finders of mutants
// would be of use. gremlins keeps all of its code in internal packages, and cannot
// be imported; ooze is archived and copies the tree for each mutant; go-mutesting
// works on files in place. None of the three knows SQL, durations, contexts or
// deferred calls, which is where services under load go wrong.
//
// The package knows nothing of what judges: of this module it imports nothing.
package mutants

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Mutant is one mistake in a program.
type Mutant struct {
	// Name is unique and stays the same as long as the source does, for example
	// search.find.go:45:5 boundary, or search.finds-nothing.
	Name string
	// Service is the part of the program that it is in, the name of a package.
	Service string
	// Operator made it; empty for one that somebody invented.
	Operator string
	// Why says of an invented one what a developer did, and why that is plausible.
	Why string
	// Kinds are the kinds of reasons that an invented one is to be noticed for.
	Kinds []string
	Edits []Edit
}

// Edit replaces a piece of a file.
type Edit struct {
	File string // slashes, from the root of the module
	Line int    // of its beginning, from 1
	// At is the offset of Old in the file.
	At       int
	Old, New string
}

// String is where it is and what it does, as in a diff without context.
func (e Edit) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d\n", e.File, e.Line)
	for _, side := range []struct{ mark, text string }{{"-", e.Old}, {"+", e.New}} {
		for line := range strings.SplitSeq(strings.TrimSpace(side.text), "\n") {
			fmt.Fprintf(&b, "%s %s\n", side.mark, strings.TrimSpace(line))
		}
	}
	return b.String()
}

// Diff is all that the mutant changes.
func (m Mutant) Diff() string {
	var b strings.Builder
	for _, e := range m.Edits {
		b.WriteString(e.String())
	}
	return b.String()
}

// Where is the place of its first edit, file:line.
func (m Mutant) Where() string {
	if len(m.Edits) == 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d", m.Edits[0].File, m.Edits[0].Line)
}

// Files are the files that it changes, each once.
func (m Mutant) Files() []string {
	var all []string
	for _, e := range m.Edits {
		if !slices.Contains(all, e.File) {
			all = append(all, e.File)
		}
	}
	return all
}

// Apply is a file as the mutant has it. Lines keep their numbers where the new
// text has no more of them than the old: two programs differ by what they do, not
// by where it stands. The error says what of the file is not as it was.
func (m Mutant) Apply(file string, source []byte) ([]byte, error) {
	edits := slices.DeleteFunc(slices.Clone(m.Edits), func(e Edit) bool { return e.File != file })
	slices.SortFunc(edits, func(a, b Edit) int { return cmp.Compare(a.At, b.At) })
	var out bytes.Buffer
	done := 0
	for _, e := range edits {
		if e.At < done || e.At+len(e.Old) > len(source) || string(source[e.At:e.At+len(e.Old)]) != e.Old {
			return nil, fmt.Errorf("mutant %s: %s is not as it was at line %d", m.Name, file, e.Line)
		}
		out.Write(source[done:e.At])
		out.WriteString(e.New)
		out.WriteString(strings.Repeat("\n", max(0, strings.Count(e.Old, "\n")-strings.Count(e.New, "\n"))))
		done = e.At + len(e.Old)
	}
	out.Write(source[done:])
	return out.Bytes(), nil
}

// ErrUnfit is in the chain of the error for a mutant that is none: it does not
// compile, or it is the same program.
var ErrUnfit = errors.New("no mutant")
