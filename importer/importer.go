package importer

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/redact"
)

// File is one that another tool reads.
type File struct {
	Name string // as messages call it
	Text []byte
}

// Options are what a file does not say itself.
type Options struct {
	// Beside are the files in the folder of the imported one, which it may name. Defaults
	// to none.
	Beside fs.FS
	// Rate and Duration are the load of targets that have none of their own, as Vegeta's
	// -rate and -duration. Rate is a text such as 50/s. They default to the tool's own, or
	// else to a guess.
	Rate     string
	Duration time.Duration
}

// Reader makes what Holdfast reads of the files of another tool. The error says why
// they are no such files.
type Reader func(files []File, o Options) (Result, error)

// Result is what became of the files.
type Result struct {
	// Text is the YAML that was written, with comments; empty where nothing was carried over.
	Text []byte
	// Carried says what was carried over, a line each.
	Carried []string
	// Left is what was not.
	Left []Left
	// Stripped are places from which a secret or a personal datum was taken out.
	Stripped []redact.Found
}

// Left is a part of a file that is not carried over.
type Left struct {
	File    string
	Line    int // 0: the file as a whole
	What    string
	Why     string
	Instead string // what to do about it
}

// String is one line: FILE:LINE what, why, what to do instead.
func (l Left) String() string {
	text := l.File
	if l.Line > 0 {
		text += fmt.Sprintf(":%d", l.Line)
	}
	text += " " + l.What + ": " + l.Why
	if l.Instead != "" {
		text += "; " + l.Instead
	}
	return oneLine(text)
}

// errNothing is a file of the right form in which there is nothing.
var errNothing = errors.New("there is nothing in it that could be carried over")

// Finish makes a result of what was written and of a report.
func Finish(text []byte, r *Report) (Result, error) {
	if len(r.carried) == 0 {
		return Result{Left: r.Left()}, errNothing
	}
	if len(text) > notation.MaxBytes {
		return Result{}, fmt.Errorf("the result would have %d bytes, and more than %d are not read; import fewer files at once", len(text), notation.MaxBytes)
	}
	return Result{Text: text, Carried: r.carried, Left: r.Left(), Stripped: r.stripper.Found()}, nil
}
