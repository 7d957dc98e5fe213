package k6

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime/metrics"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/grafana/sobek"
	"github.com/grafana/sobek/ast"

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/redact"
)

//go:embed prelude.js
var prelude string

// Bounds of a script. What one call of the language makes is bounded in prelude.js.
const (
	mostScript = 512 << 10
	mostTime   = 5 * time.Second
	// grace is how long is waited for a script that was told to end.
	grace      = 2 * time.Second
	mostMemory = 256 << 20
	mostCalls  = 1000 // in each other
	mostNested = 300  // brackets in each other, in the text of a script
)

// sandbox is a script that is played without anything of the outside: modules of k6 are
// recorders, and files are read beside it alone.
type sandbox struct {
	rt      *sobek.Runtime
	file    importer.File
	options importer.Options
	program *ast.Program
	main    *sobek.SourceTextModuleRecord
	modules map[string]sobek.ModuleRecord
	asked   map[string][]string // of each module, by all that import of it
	names   func(specifier string) []string
	seen    *recorder
}

var errEndless = fmt.Errorf("it does not end within %v", mostTime)

// open parses a script and evaluates what stands outside of its functions.
func open(f importer.File, text string, o importer.Options, seen *recorder) (*sandbox, error) {
	s := &sandbox{rt: sobek.New(), file: f, options: o, modules: map[string]sobek.ModuleRecord{}, asked: map[string][]string{}, seen: seen}
	s.rt.SetMaxCallStackSize(mostCalls)
	seen.rt, seen.file = s.rt, f.Name
	if err := s.checkText(f.Name, text); err != nil {
		return nil, err
	}
	return s, s.bounded(func() error {
		if err := s.prepare(); err != nil {
			return err
		}
		var err error
		if s.main, err = s.parse(f.Name, text); err != nil {
			return err
		}
		if err := s.main.Link(); err != nil {
			return err
		}
		return settled(s.rt.CyclicModuleRecordEvaluate(s.main, s.resolve))
	})
}

// checkText refuses what a parser that calls itself should not be given.
func (s *sandbox) checkText(name, text string) error {
	if len(text) > mostScript {
		return fmt.Errorf("%s:1: a script of %d bytes is not read, at most %d are", name, len(text), mostScript)
	}
	depth, line := 0, 1
	for _, c := range text {
		switch c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth = max(0, depth-1)
		case '\n':
			line++
		}
		if depth > mostNested {
			return fmt.Errorf("%s:%d: brackets are nested deeper than %d", name, line, mostNested)
		}
	}
	return nil
}

// prepare evaluates the modules of k6.
func (s *sandbox) prepare() error {
	made, err := s.rt.RunString(prelude)
	if err != nil {
		return fmt.Errorf("play k6: %w", err)
	}
	call, _ := sobek.AssertFunction(made)
	played, err := call(sobek.Undefined(), s.rt.ToValue(s.host()))
	if err != nil {
		return fmt.Errorf("play k6: %w", err)
	}
	s.rt.Set("__k6", played)
	return s.rt.ExportTo(played.ToObject(s.rt).Get("names"), &s.names)
}

// host is what the modules of k6 tell.
func (s *sandbox) host() map[string]any {
	return map[string]any{
		"request": s.seen.request, "sleep": s.seen.sleep, "check": s.seen.check, "group": s.seen.inGroup, "note": s.seen.note,
		"vu": func() int { return s.seen.turn + 1 }, "iteration": func() int { return s.seen.turn },
		"encode": func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
		"decode": func(text string) (string, error) {
			b, err := base64.StdEncoding.DecodeString(text)
			return string(b), err
		},
		"open": s.read,
	}
}

// read is a file beside the script.
func (s *sandbox) read(name string) (string, error) {
	name = path.Clean(name)
	if s.options.Beside == nil || !fs.ValidPath(name) {
		return "", fmt.Errorf("open(%q): a script that is imported reads files beside it alone", name)
	}
	info, err := fs.Stat(s.options.Beside, name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > 4<<20 {
		return "", fmt.Errorf("open(%q): there is no such file beside the script, or it has more than 4 MiB", name)
	}
	text, err := fs.ReadFile(s.options.Beside, name)
	if err == nil && !utf8.Valid(text) {
		err = fmt.Errorf("open(%q): it is no text", name)
	}
	return string(text), err
}

// rejected is what a promise of the script came to.
type rejected struct{ why string }

func (r *rejected) Error() string { return r.why }

// settled is what became of a promise.
func settled(p *sobek.Promise) error {
	switch p.State() {
	case sobek.PromiseStateRejected:
		if err, ok := p.Result().Export().(error); ok {
			return err
		}
		return &rejected{p.Result().String()}
	case sobek.PromiseStatePending:
		return errors.New("it waits for something that never comes")
	}
	return nil
}

// export is what the script exports under a name, nil where it does not.
func (s *sandbox) export(name string) sobek.Value {
	v := s.rt.NamespaceObjectFor(s.main).Get(name)
	if v == nil || sobek.IsUndefined(v) {
		return nil
	}
	return v
}

// json is what the script exports under a name, as JSON; empty where it does not.
func (s *sandbox) json(name string) (text string, err error) {
	err = s.bounded(func() error {
		v := s.export(name)
		if v == nil {
			return nil
		}
		b, err := json.Marshal(v)
		text = string(b)
		return err
	})
	return text, err
}

// call calls a function that the script exports; false where there is none.
func (s *sandbox) call(name string, args ...sobek.Value) (result sobek.Value, is bool, err error) {
	err = s.bounded(func() error {
		v := s.export(name)
		if v == nil {
			return nil
		}
		fn, ok := sobek.AssertFunction(v)
		if !ok {
			return nil
		}
		is = true
		if result, err = fn(sobek.Undefined(), args...); err != nil {
			return err
		}
		if p, ok := result.Export().(*sobek.Promise); ok {
			result = p.Result()
			return settled(p)
		}
		return nil
	})
	return result, is, err
}

// bounded does something of the script within its bounds of time and memory. What cannot
// be interrupted, as an expression that tries everything, is left behind when its time is
// over: then the import has failed, and the program ends.
func (s *sandbox) bounded(do func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- fmt.Errorf("it cannot be played: %v", r)
			}
		}()
		done <- do()
	}()
	ticks := time.NewTicker(10 * time.Millisecond)
	defer ticks.Stop()
	ends, before := time.Now().Add(mostTime), heap()
	var why error
	for {
		select {
		case err := <-done:
			s.rt.ClearInterrupt()
			if why != nil {
				return fmt.Errorf("%s: %w", s.file.Name, why)
			}
			return s.placed(err)
		case now := <-ticks.C:
			switch {
			case why != nil && now.After(ends.Add(grace)):
				return fmt.Errorf("%s: %w", s.file.Name, why)
			case why != nil:
			case now.After(ends):
				why = errEndless
			case heap() > before+mostMemory:
				why = fmt.Errorf("it needs more than %d MiB of memory", mostMemory>>20)
				ends = now
			}
			if why != nil {
				s.rt.Interrupt(why)
			}
		}
	}
}

// heap is how much memory is in use.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// thrown is an error that the script itself came to.
type thrown struct {
	at  importer.Place
	why string
}

func (t *thrown) Error() string {
	return fmt.Sprintf("%s: the script cannot be played: %s", t.at, t.why)
}

// placed gives an error of the script the place where it came up.
func (s *sandbox) placed(err error) error {
	var exception *sobek.Exception
	if errors.As(err, &exception) {
		t := &thrown{importer.Place{File: s.file.Name, Line: 1}, redact.Text(exception.Value().String())}
		for _, frame := range exception.Stack() {
			if at := frame.Position(); at.Line > 0 && frame.SrcName() == s.file.Name {
				t.at.Line = at.Line
				return t
			}
		}
		return t
	}
	var promise *rejected
	if errors.As(err, &promise) {
		return &thrown{importer.Place{File: s.file.Name, Line: 1}, redact.Text(promise.why)}
	}
	if err != nil && !strings.HasPrefix(err.Error(), s.file.Name) {
		return fmt.Errorf("%s: %w", s.file.Name, err)
	}
	return err
}
