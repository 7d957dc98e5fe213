package main

import (
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"holdfast.dev/holdfast/harness"
)

// hider keeps the secrets of a service from the terminal, whoever writes there: what
// goes through its writers after it was told of them stands there without.
type hider struct {
	mu       sync.Mutex // guards replacer
	replacer *strings.Replacer
}

// learn tells it which texts are secrets: those of a launch that are long enough to be
// hidden without hiding half of an output.
func (h *hider) learn(l harness.Launch) {
	if h == nil {
		return
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(l.Values)) {
		if strings.HasPrefix(name, "secrets.") && len(l.Values[name]) >= harness.LeastSecret {
			pairs = append(pairs, l.Values[name], "***")
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.replacer = strings.NewReplacer(pairs...)
}

// writer is w without secrets. Each write is looked at by itself.
func (h *hider) writer(w io.Writer) io.Writer { return &hiding{h, w} }

type hiding struct {
	*hider
	to io.Writer
}

// Write implements [io.Writer].
func (w *hiding) Write(text []byte) (int, error) {
	w.mu.Lock()
	replacer := w.replacer
	w.mu.Unlock()
	if replacer == nil {
		return w.to.Write(text)
	}
	if _, err := replacer.WriteString(w.to, string(text)); err != nil {
		return 0, err
	}
	return len(text), nil
}

// terminalOf is the file, perhaps a terminal, that a writer leads to.
func terminalOf(w io.Writer) (*os.File, bool) {
	if h, ok := w.(*hiding); ok {
		w = h.to
	}
	f, ok := w.(*os.File)
	return f, ok
}
