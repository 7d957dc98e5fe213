// Package scrapes keeps a target's whole metrics pages as they were read, each with its
// moment on the scenario's clock, so that rules of alerts can be tried on them later:
// what a monitoring system would have seen of the run.
//
// A recording is one file, gzip of JSON lines: a [Head], then a [Page] for each attempt
// to read one, failed ones too. Enter at [Start] to write one and at [Read] to have it
// back. The package understands nothing of what is on a page.
package scrapes

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// Schema is the format that this code writes.
const Schema = "holdfast.scrapes/1"

// Folder is where a run keeps its recordings, below the folder of its results.
const Folder = "scrapes"

// Suffix ends the name of each file.
const Suffix = ".jsonl.gz"

// Head says of what the pages are.
type Head struct {
	Schema   string    `json:"schema"`
	Scenario string    `json:"scenario"`
	Started  time.Time `json:"started"` // the zero of the scenario's clock
	EveryS   float64   `json:"every_s"` // the time between two readings, as planned
}

// Page is one reading of one program's page.
type Page struct {
	AtS      float64 `json:"at_s"`     // when the reading began, on the scenario's clock
	Instance string  `json:"instance"` // the program: target, target.2, web …
	// Error is why there is no page: nobody listened, or it took too long. Then Text is
	// empty.
	Error string `json:"error,omitempty"`
	Type  string `json:"type,omitempty"` // its Content-Type
	Text  string `json:"text,omitempty"` // as it came
}

// Recording is a file, read.
type Recording struct {
	Head
	Pages []Page
	// Torn is why the end is missing: the recorder gave up, or the file has no proper end,
	// as when its run was killed. What came before is in Pages. Empty: it is whole.
	Torn string
}

// headLine is the first line of a file: what Torn says of the recorder stands with its head.
type headLine struct {
	Head
	Torn string `json:"torn,omitempty"`
}

// Name is the name of a scenario's file.
func Name(scenario string) string { return strings.ReplaceAll(scenario, "/", ".") + Suffix }

// mostPage bounds one line of a recording, in bytes: a page of 8 MiB, escaped.
const mostPage = 8<<20*2 + 4096

// Read reads a recording. One that was cut off is read as far as it goes.
func Read(r io.Reader) (*Recording, error) {
	unzipped, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("read recorded scrapes: %w", err)
	}
	lines := bufio.NewScanner(unzipped)
	lines.Buffer(nil, mostPage)
	if !lines.Scan() {
		return nil, fmt.Errorf("read recorded scrapes: nothing is there: %w", errors.Join(lines.Err(), io.ErrUnexpectedEOF))
	}
	var head headLine
	if err := json.Unmarshal(lines.Bytes(), &head); err != nil || head.Schema != Schema {
		return nil, fmt.Errorf("read recorded scrapes: its first line is none of %s", Schema)
	}
	rec := &Recording{Head: head.Head, Torn: head.Torn}
	for lines.Scan() {
		var p Page
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			rec.Torn = fmt.Sprintf("reading %d is torn", len(rec.Pages)+1)
			return rec, nil
		}
		rec.Pages = append(rec.Pages, p)
	}
	if err := lines.Err(); err != nil {
		rec.Torn = err.Error()
	}
	return rec, nil
}

// ReadFile reads the recording in a file.
func ReadFile(path string) (*Recording, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read recorded scrapes: %w", err)
	}
	defer f.Close()
	rec, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rec, nil
}

// Write writes a recording: what [Read] reads.
func Write(w io.Writer, rec *Recording) error {
	zipped := gzip.NewWriter(w)
	enc := json.NewEncoder(zipped)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(headLine{rec.Head, rec.Torn}); err != nil {
		return fmt.Errorf("write recorded scrapes: %w", err)
	}
	for _, p := range rec.Pages {
		if err := enc.Encode(p); err != nil {
			return fmt.Errorf("write recorded scrapes: %w", err)
		}
	}
	if err := zipped.Close(); err != nil {
		return fmt.Errorf("write recorded scrapes: %w", err)
	}
	return nil
}
