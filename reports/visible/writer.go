package visible

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Writer writes for whoever reads a program's output: a terminal, or a CI job that
// takes some lines as commands. No text steers either of them: what would is written
// out as an escape, \uXXXX, which is also the same character to who reads JSON. What
// the program itself has to say to them goes by [Writer.Control] and [Writer.Commands].
// It may be used by several goroutines.
type Writer struct {
	to      io.Writer
	mu      sync.Mutex // guards what follows, and keeps writes whole
	partial []byte     // of a character that the next write ends
	line    line
}

// NewWriter returns a Writer that writes to to.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to} }

// Write implements [io.Writer].
func (w *Writer) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(text), w.put(text, true)
}

// Commands writes lines that begin with :: as the commands that they are. Another kind
// within one of them is text.
func (w *Writer) Commands() io.Writer { return commands{w} }

type commands struct{ *Writer }

func (c commands) Write(text []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(text), c.put(text, false)
}

// Control writes what steers a terminal: it is not for texts.
func (w *Writer) Control(sequence string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if strings.ContainsAny(sequence, "\r\n") {
		w.line = line{}
	}
	_, err := io.WriteString(w.to, sequence)
	return err
}

func (w *Writer) put(text []byte, guarded bool) error {
	if len(w.partial) > 0 {
		text = append(w.partial, text...)
		w.partial = nil
	}
	var b strings.Builder
	b.Grow(len(text))
	for len(text) > 0 {
		if !utf8.FullRune(text) {
			w.partial = append([]byte(nil), text...)
			break
		}
		r, size := utf8.DecodeRune(text)
		steersCI := w.line.commands(r) && (guarded || r != ':')
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\u00%02x`, text[0])
		case steers(r) || steersCI:
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
		default:
			b.Write(text[:size])
		}
		text = text[size:]
	}
	_, err := io.WriteString(w.to, b.String())
	return err
}

// steers reports whether a terminal does something at r other than to show it: controls
// of both sets, what turns the direction of writing, and what breaks a line unseen.
func steers(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029')
}

// line is what has to be known of a line so far to tell a command in it.
type line struct {
	begun  bool // something other than space and one colon stands there
	colon  bool // a colon stands there, first
	hashes int  // of ##name, up to 2; 0: the last word is none
}

// commands takes the next character of a line, and reports whether it completes what a
// CI job takes as a command: :: at the beginning of a line (GitHub), ##[ (GitHub,
// Azure), ##vso[ (Azure) and ##teamcity[ anywhere.
func (l *line) commands(r rune) bool {
	if r == '\n' {
		*l = line{}
		return false
	}
	command := r == ':' && l.colon && !l.begun || r == '[' && l.hashes == 2
	switch {
	case r == ':' && !l.begun && !l.colon:
		l.colon = true
	case !unicode.IsSpace(r) || l.colon:
		l.begun = true
	}
	switch {
	case r == '#':
		l.hashes = min(l.hashes+1, 2)
	case l.hashes < 2 || !unicode.IsLetter(r) && !unicode.IsDigit(r):
		l.hashes = 0
	}
	return command
}
