package soak

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/safefile"
)

// Record is what was seen of one run of the suite: a line of the log. Its times
// are since the run's start, on a clock that nothing steps.
type Record struct {
	Run       int        `json:"run"`
	Seed      uint64     `json:"seed"`
	Started   time.Time  `json:"started"`
	Happened  []Happened `json:"happened"`
	Scenarios []Seen     `json:"scenarios"`
	// Error is why the run did not reach its end; empty if it did.
	Error string `json:"error,omitempty"`
}

// Happened is a disturbance as it really took place.
type Happened struct {
	Disturbance
	From time.Duration `json:"from_ns"`
	To   time.Duration `json:"to_ns"`
	// Error is why it did not take place, or was not taken back as it should be.
	Error string `json:"error,omitempty"`
}

// Seen is what one scenario of a run came to.
type Seen struct {
	Name    string         `json:"name"`
	From    time.Duration  `json:"from_ns"`
	To      time.Duration  `json:"to_ns"`
	Verdict result.Verdict `json:"verdict"`
	Reason  string         `json:"reason"`
	// Failed are the checks that did not pass, each with its reason. Empty where
	// the scenario passed.
	Failed []string `json:"failed,omitempty"`
	// Tries are what it came to before, in company of others, and did not count.
	Tries []Seen `json:"tries,omitempty"`
}

// slack is by how much what is seen from outside may be off.
const slack = 300 * time.Millisecond

// Met are the disturbances that really were there while a scenario ran.
func (r Record) Met(s Seen) []Happened {
	return slices.DeleteFunc(slices.Clone(r.Happened), func(h Happened) bool {
		return h.Error != "" && h.To-h.From < h.For/2 || h.To+slack < s.From || s.To+slack < h.From
	})
}

// ReadLog reads the records of a soak; a log that is not there has none. A last
// line that was not written to its end is left out.
func ReadLog(path string) ([]Record, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the log of a soak: %w", err)
	}
	var all []Record
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, "\n") {
			break
		}
		var r Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return nil, fmt.Errorf("read the log of a soak: line %d: %w", len(all)+1, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// appendTo adds a record to the log.
func (r Record) appendTo(path string) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := safefile.Append(path)
	if err != nil {
		return fmt.Errorf("write the log of a soak: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the log of a soak: %w", err)
	}
	return nil
}
