package journal

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

// line is an entry, an acceptance or a sample in an export. Times are
// microseconds since the journal's start.
type line struct {
	Kind      string   `json:"kind"` // request, accepted, sample
	N         int      `json:"n"`    // index of the request
	Group     string   `json:"group,omitempty"`
	Key       string   `json:"key,omitempty"`
	Attempt   int      `json:"attempt,omitempty"`
	AtUS      int64    `json:"at_us"`
	TookUS    *int64   `json:"took_us,omitempty"` // absent while it is open
	Outcome   string   `json:"outcome,omitempty"`
	Status    int      `json:"status,omitempty"`
	Faults    []string `json:"faults,omitempty"`
	Conn      uint32   `json:"conn,omitempty"`
	Reused    bool     `json:"reused,omitempty"`
	Accepted  bool     `json:"accepted,omitempty"`
	Recipient string   `json:"recipient,omitempty"`
	Content   string   `json:"content,omitempty"` // 16 hexadecimal digits
	Sample    *Sample  `json:"sample,omitempty"`
}

// Export writes what f picks as JSON Lines, then all acceptances, then the
// samples. It may be used while requests come in.
func (j *Journal) Export(w io.Writer, f Filter) error {
	buffered := bufio.NewWriter(w)
	enc := json.NewEncoder(buffered)
	enc.SetEscapeHTML(false)
	for e := range j.Entries(f) {
		l := line{
			Kind: "request", N: e.N, Group: e.Group, Key: e.Key, Attempt: e.Attempt,
			AtUS: e.Start.Microseconds(), Outcome: e.Outcome.String(), Status: e.Status,
			Faults: e.Faults, Conn: e.Conn, Reused: e.Reused, Accepted: e.Accepted,
		}
		if e.Outcome != Open {
			took := e.Took.Microseconds()
			l.TookUS = &took
		}
		if err := enc.Encode(l); err != nil {
			return fmt.Errorf("export journal: %w", err)
		}
	}
	if err := j.exportRest(enc); err != nil {
		return fmt.Errorf("export journal: %w", err)
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("export journal: %w", err)
	}
	return nil
}

func (j *Journal) exportRest(enc *json.Encoder) error {
	for _, a := range j.Acceptances() {
		l := line{
			Kind: "accepted", N: a.Entry, AtUS: a.At.Microseconds(),
			Recipient: a.Recipient, Content: fmt.Sprintf("%016x", a.Content),
		}
		if err := enc.Encode(l); err != nil {
			return err
		}
	}
	for _, s := range j.Samples() {
		if err := enc.Encode(line{Kind: "sample", N: s.N, AtUS: s.At.Microseconds(), Sample: &s}); err != nil {
			return err
		}
	}
	return nil
}
