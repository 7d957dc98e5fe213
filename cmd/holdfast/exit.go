package main

import (
	"errors"
	"fmt"
	"os"
)

// Exit codes of the program. Those of verdicts are result.Verdict.ExitCode's.
const (
	exitPass         = 0   // every scenario passed
	exitFail         = 1   // a check failed
	exitUsage        = 2   // the command line is wrong: nothing was run
	exitInconclusive = 3   // the experiment was not valid
	exitEnvironment  = 4   // the machine lacks something: no database, port in use, no Docker engine
	exitNotExercised = 5   // nothing was shown: a fault did not fire, there were no samples
	exitInterrupted  = 130 // Ctrl-C; the report was written
	exitTerminated   = 143 // SIGTERM, or nobody is there to read; the report was written
)

// exitCodes says what the exit codes mean, in one line: help and README have it from
// here.
func exitCodes() string {
	return fmt.Sprintf("Exit codes: %d pass, %d a check failed, %d usage, %d inconclusive, %d the environment (no database, port in use), %d not exercised, %d and %d interrupted.",
		exitPass, exitFail, exitUsage, exitInconclusive, exitEnvironment, exitNotExercised, exitInterrupted, exitTerminated)
}

// exitError gives an error the code that the program ends with.
type exitError struct {
	code int
	err  error // nil: everything was said already
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usage marks an error as the command line's own.
func usage(err error) error { return &exitError{exitUsage, err} }

// environment marks an error as the machine's.
func environment(err error) error { return &exitError{exitEnvironment, err} }

// codeOf returns the exit code of err. What was not marked comes from the
// command-line library, and so is about usage.
func codeOf(err error) int {
	var marked *exitError
	switch {
	case err == nil:
		return exitPass
	case errors.As(err, &marked):
		return marked.code
	default:
		return exitUsage
	}
}

// codeOfSignal returns the exit code of a run that a signal ended.
func codeOfSignal(s os.Signal) int {
	if s == os.Interrupt {
		return exitInterrupted
	}
	return exitTerminated
}
