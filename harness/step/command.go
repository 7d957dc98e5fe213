package step

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/placeholder"
	"holdfast.dev/holdfast/redact"
)

const (
	// DefaultMaxOutput bounds the standard output of a command that is kept.
	DefaultMaxOutput = 64 << 20
	// LogLines are the last lines of its output that are kept for people, each of no
	// more than maxLogLine bytes.
	LogLines   = 20
	maxLogLine = 500
)

// run carries out a command.
func (m Means) run(ctx context.Context, args []string) (Outcome, error) {
	limit := m.MaxOutput
	if limit == 0 {
		limit = DefaultMaxOutput
	}
	both := &tail{}
	out := &bounded{limit: limit, too: both}
	c := target.Command{Dir: m.Dir, Stdout: out, Stderr: both, Gate: m.Gate, Journal: m.Journal}
	for _, a := range args {
		c.Args = append(c.Args, placeholder.Text(a).Fill(m.value))
	}
	for _, name := range slices.Sorted(maps.Keys(m.Env)) {
		c.Env = append(c.Env, name+"="+m.Env[name])
	}
	end, err := c.Run(ctx)
	o := Outcome{Stdout: out.kept, Log: m.hideAll(both.lines())}
	switch {
	case err != nil:
		return o, withLog(err, o.Log)
	case end.Signal != "":
		return o, withLog(fmt.Errorf("it was ended by the signal %s", end.Signal), o.Log)
	case end.ExitCode != nil && *end.ExitCode != 0:
		return o, withLog(fmt.Errorf("it ended with exit code %d", *end.ExitCode), o.Log)
	case out.over:
		return o, fmt.Errorf("it wrote more than %d bytes", limit)
	}
	return o, nil
}

// value is what a name stands for.
func (m Means) value(name string) (string, bool) {
	if m.Value == nil {
		return "", false
	}
	return m.Value(name)
}

// withLog is an error with the last lines of what was written.
func withLog(err error, log []string) error {
	if len(log) == 0 {
		return fmt.Errorf("%w; it wrote nothing", err)
	}
	var b bytes.Buffer
	for _, line := range log {
		b.WriteString("\n  | " + line)
	}
	return fmt.Errorf("%w; its last lines:%s", err, b.String())
}

// bounded keeps the beginning of what is written.
type bounded struct {
	limit int
	kept  []byte
	over  bool
	too   *tail // is told of it, too
}

func (b *bounded) Write(p []byte) (int, error) {
	room := b.limit - len(b.kept)
	b.over = b.over || len(p) > room
	b.kept = append(b.kept, p[:min(len(p), room)]...)
	return b.too.Write(p)
}

// tail keeps the end of what is written.
type tail struct {
	mu   sync.Mutex // guards kept
	kept []byte
}

func (t *tail) Write(p []byte) (int, error) {
	const most = LogLines * maxLogLine
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if len(t.kept) > 2*most {
		t.kept = append(t.kept[:0], t.kept[len(t.kept)-most:]...)
	}
	return len(p), nil
}

// lines are the last of them.
func (t *tail) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []string
	for line := range bytes.Lines(t.kept) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) > maxLogLine {
			line = append(line[:maxLogLine:maxLogLine], " …"...)
		}
		all = append(all, string(bytes.ToValidUTF8(line, []byte("�"))))
	}
	return all[max(0, len(all)-LogLines):]
}

func (m Means) hide(text string) string { return redact.Know(m.Secrets...).Text(text) }

func (m Means) hideAll(lines []string) []string {
	for i := range lines {
		lines[i] = m.hide(lines[i])
	}
	return lines
}

// hidden is an error in whose text no secret stands.
func (m Means) hidden(err error) error {
	if text := m.hide(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}
