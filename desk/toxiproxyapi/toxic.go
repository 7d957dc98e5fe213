package toxiproxyapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/nearest"
)

// toxic is one toxic as it is sent. It is never changed but for what mu guards: another
// takes its place.
type toxic struct {
	Attributes attributes `json:"attributes"`
	Name       string     `json:"name"`
	Type       string     `json:"type"`
	Stream     string     `json:"stream"`
	Toxicity   float32    `json:"toxicity"`

	mu      sync.Mutex // guards below
	luck    *rand.Rand
	removed bool
	open    map[*ending]struct{}
}

// attributes are what a type of toxic is told, and what it does with it.
type attributes interface {
	validate() error
	// begin acts on one stream. Luck is its own.
	begin(t *toxic, s chaos.Stream, luck *rand.Rand) chaos.Shape
}

// kinds are the types of toxics.
func kinds() map[string]func() attributes {
	return map[string]func() attributes{
		"latency":    func() attributes { return new(latency) },
		"bandwidth":  func() attributes { return new(bandwidth) },
		"slow_close": func() attributes { return new(slowClose) },
		"timeout":    func() attributes { return new(timeout) },
		"reset_peer": func() attributes { return new(resetPeer) },
		"slicer":     func() attributes { return new(slicer) },
		"limit_data": func() attributes { return new(limitData) },
		"noop":       func() attributes { return new(noop) },
	}
}

// request is a toxic as a client sends it.
type request struct {
	Name       string          `json:"name"`
	Type       string          `json:"type"`
	Stream     string          `json:"stream"`
	Toxicity   *float32        `json:"toxicity"`
	Attributes json.RawMessage `json:"attributes"`
}

// newToxic reads a toxic that is to be made.
func newToxic(body io.Reader, seed uint64) (*toxic, error) {
	r := request{Stream: "downstream"}
	if err := json.NewDecoder(body).Decode(&r); err != nil {
		return nil, badBody(err)
	}
	if r.Stream == "" {
		r.Stream = "downstream"
	}
	if r.Stream != "upstream" && r.Stream != "downstream" {
		return nil, errInvalidStream
	}
	kind, known := kinds()[r.Type]
	if !known {
		return nil, errInvalidType.with(nearest.Hint(r.Type, slices.Sorted(maps.Keys(kinds()))))
	}
	if r.Name == "" {
		r.Name = r.Type + "_" + r.Stream
	}
	t := &toxic{Name: r.Name, Type: r.Type, Stream: r.Stream, Toxicity: 1, Attributes: kind()}
	return t, t.read(r, seed)
}

// changed reads what a toxic is to be from now on; what is not sent stays.
func (t *toxic) changed(body io.Reader, seed uint64) (*toxic, error) {
	var r request
	if err := json.NewDecoder(body).Decode(&r); err != nil {
		return nil, badBody(err)
	}
	next := &toxic{Name: t.Name, Type: t.Type, Stream: t.Stream, Toxicity: t.Toxicity, Attributes: kinds()[t.Type]()}
	now, err := json.Marshal(t.Attributes)
	if err == nil {
		err = json.Unmarshal(now, next.Attributes)
	}
	if err != nil {
		return nil, fmt.Errorf("copy the attributes of toxic %s: %w", t.Name, err)
	}
	return next, next.read(r, seed)
}

// read takes over what can be changed of a toxic.
func (t *toxic) read(r request, seed uint64) error {
	t.luck, t.open = rand.New(rand.NewPCG(seed, 0)), map[*ending]struct{}{}
	if r.Toxicity != nil {
		t.Toxicity = *r.Toxicity
	}
	if !(t.Toxicity >= 0 && t.Toxicity <= 1) {
		return badBody(fmt.Errorf("toxicity %v is not between 0 and 1", t.Toxicity))
	}
	if len(r.Attributes) > 0 {
		d := json.NewDecoder(bytes.NewReader(r.Attributes))
		d.DisallowUnknownFields()
		if err := d.Decode(t.Attributes); err != nil {
			return badBody(err)
		}
	}
	if err := t.Attributes.validate(); err != nil {
		return badBody(err)
	}
	return nil
}

// Begin implements [chaos.Shaper]: by its toxicity it acts on a stream, or leaves it alone.
func (t *toxic) Begin(s chaos.Stream) chaos.Shape {
	t.mu.Lock()
	defer t.mu.Unlock()
	acts := t.luck.Float32() < t.Toxicity
	if t.removed || !acts || (s.Direction == fault.Up) != (t.Stream == "upstream") {
		return nil
	}
	return t.Attributes.begin(t, s, rand.New(rand.NewPCG(t.luck.Uint64(), s.Connection)))
}

// retire has it act on nothing more, and returns the streams that end with it.
func (t *toxic) retire() []*ending {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.removed = true
	return slices.Collect(maps.Keys(t.open))
}

// noop does nothing.
type noop struct{}

func (*noop) validate() error                                    { return nil }
func (*noop) begin(*toxic, chaos.Stream, *rand.Rand) chaos.Shape { return nil }

// longest is the longest time, in milliseconds: a day.
const longest = 24 * 60 * 60 * 1000

// times refuses what is no time in milliseconds.
func times(name string, ms int64) error {
	if ms < 0 || ms > longest {
		return fmt.Errorf("%s %d is not between 0 and %d milliseconds", name, ms, int64(longest))
	}
	return nil
}

// joined is what is wrong, in one line.
func joined(errs ...error) error {
	var text string
	for _, err := range errs {
		if err != nil && text != "" {
			text += "; "
		}
		if err != nil {
			text += err.Error()
		}
	}
	if text == "" {
		return nil
	}
	return errors.New(text)
}

// CheckToxic reports what Toxiproxy's API would refuse a toxic for, as JSON.
func CheckToxic(text []byte) error {
	_, err := newToxic(bytes.NewReader(text), 0)
	return err
}
