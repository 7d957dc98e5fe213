package main

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"

	"golang.org/x/term"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/redact"
	"holdfast.dev/holdfast/reports/visible"
)

// hider keeps the secrets of a service from the terminal, whoever writes there: what
// goes through its writers after it was told of them stands there without.
type hider struct {
	broken func()     // called when nobody reads what is written; nil: nobody is told
	mu     sync.Mutex // guards known
	known  *redact.Known
}

// learn tells it which texts are secrets: those of a launch and its scenarios.
func (h *hider) learn(l harness.Launch, scenarios []harness.Scenario) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known = redact.Know(l.Secrets(scenarios...)...)
}

// writer is w without secrets, and without what steers a terminal or the CI job that
// reads it. Each write is looked at by itself for secrets.
func (h *hider) writer(w io.Writer) *printer { return &printer{h, w, visible.NewWriter(w)} }

// printer is a writer to where the program's output goes.
type printer struct {
	*hider
	to    io.Writer
	guard *visible.Writer
}

// Write implements [io.Writer].
func (p *printer) Write(text []byte) (int, error) { return p.print(p.guard, text) }

// Control writes what steers a terminal.
func (p *printer) Control(sequence string) { p.noteBroken(p.guard.Control(sequence)) }

// commands takes lines that are commands for a CI job.
func (p *printer) commands() io.Writer { return commandPrinter{p} }

type commandPrinter struct{ *printer }

func (c commandPrinter) Write(text []byte) (int, error) { return c.print(c.guard.Commands(), text) }

func (p *printer) print(to io.Writer, text []byte) (int, error) {
	p.mu.Lock()
	known := p.known
	p.mu.Unlock()
	hidden := string(text)
	if known != nil {
		hidden = known.Text(hidden)
	}
	if _, err := io.WriteString(to, hidden); err != nil {
		p.noteBroken(err)
		return 0, err
	}
	return len(text), nil
}

func (p *printer) noteBroken(err error) {
	if errors.Is(err, syscall.EPIPE) && p.broken != nil {
		p.broken()
	}
}

// terminalOf is the terminal that a writer leads to, where it is one.
func terminalOf(w io.Writer) (*os.File, bool) {
	if p, ok := w.(*printer); ok {
		w = p.to
	}
	f, ok := w.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// control steers the terminal that a writer leads to.
func control(w io.Writer, sequence string) {
	if p, ok := w.(*printer); ok {
		p.Control(sequence)
		return
	}
	_, _ = io.WriteString(w, sequence)
}

// commandsTo is a writer of commands for a CI job to where w leads.
func commandsTo(w io.Writer) io.Writer {
	if p, ok := w.(*printer); ok {
		return p.commands()
	}
	return w
}
