package target

import (
	"slices"
	"strings"
	"sync"

	"holdfast.dev/holdfast/redact"
)

const (
	maxLine = 2_000    // bytes of a line that are kept
	maxTold = 64 << 10 // of one that somebody is told of
	cut     = " …"
)

// lines keeps the last lines of what is written to it through [lines.writer].
type lines struct {
	keep    int
	secrets *redact.Known
	limit   int // of a line, before its secrets are hidden
	tell    func(string)

	mu   sync.Mutex // guards below
	ring []string
	next int // where in ring the oldest line is, once ring is full
}

func newLines(keep int, secrets []string, tell func(string)) *lines {
	l := &lines{keep: keep, secrets: redact.Know(secrets...), limit: maxLine, tell: tell}
	if tell != nil {
		l.limit = maxTold
	}
	return l
}

// list returns the lines kept, oldest first.
func (l *lines) list() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append(slices.Clone(l.ring[l.next:]), l.ring[:l.next]...)
}

// add keeps one whole line.
func (l *lines) add(line string) {
	line = strings.ToValidUTF8(strings.TrimRight(line, "\r"), "�")
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tell != nil {
		l.tell(line)
	}
	line = l.secrets.Text(line)
	if len(line) > maxLine {
		line = strings.ToValidUTF8(line[:maxLine], "") + cut
	}
	if len(l.ring) < l.keep {
		l.ring = append(l.ring, line)
		return
	}
	l.ring[l.next] = line
	l.next = (l.next + 1) % l.keep
}

// lineWriter splits one stream into lines. It is for one goroutine.
type lineWriter struct {
	to      *lines
	look    func(line []byte) // at each line as it was written; nil: nobody does
	partial []byte
}

func (l *lines) writer(look func([]byte)) *lineWriter { return &lineWriter{to: l, look: look} }

// Write takes what it is given and never fails. Of a line without an end it
// keeps as much as can be shown, plus the longest secret, so that no secret
// is halved by the cut and shown.
func (w *lineWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		end := slices.Index(p, '\n')
		whole := end >= 0
		if !whole {
			end = len(p)
		}
		room := w.to.limit + len(cut) + w.to.secrets.Longest() - len(w.partial)
		w.partial = append(w.partial, p[:min(end, max(room, 0))]...)
		if whole {
			w.flush()
			end++
		}
		p = p[end:]
	}
	return n, nil
}

// flush ends the line that was begun; the stream has ended.
func (w *lineWriter) flush() {
	if w.look != nil {
		w.look(w.partial)
	}
	w.to.add(string(w.partial))
	w.partial = w.partial[:0]
}

// Close keeps a last line without an end.
func (w *lineWriter) Close() error {
	if len(w.partial) > 0 {
		w.flush()
	}
	return nil
}
