package contract

import (
	"bytes"
	"encoding/json"
	"hash/maphash"
	"slices"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A page of results is most of an answer, and comes again in the answers to other
// questions: members of so many bytes are known again, so many of them.
const (
	minKnown = 256
	maxKnown = 1 << 12
)

// members judge an object by its members alone, each by its own schema, and know again
// what was right before. They are the quick way, not the one that says what is wrong.
type members struct {
	schemas  map[string]*jsonschema.Schema
	required []string
	seed     maphash.Seed

	mu    sync.Mutex // guards known
	known map[uint64]struct{}
}

// membersOf are those of a schema that says nothing of an object but what its members
// are; nil of any other.
func membersOf(doc any, schema *jsonschema.Schema) *members {
	says, ok := doc.(map[string]any)
	if !ok || says["type"] != "object" {
		return nil
	}
	for keyword := range says {
		if !slices.Contains([]string{"type", "required", "properties", "title", "description"}, keyword) {
			return nil
		}
	}
	return &members{schemas: schema.Properties, required: schema.Required, seed: maphash.MakeSeed(), known: map[uint64]struct{}{}}
}

// fit reports that a body is what it should be. Where it does not, the body may still be.
func (m *members) fit(body []byte) bool {
	var all map[string]json.RawMessage
	if json.Unmarshal(body, &all) != nil || all == nil { // null is no object
		return false
	}
	for _, name := range m.required {
		if all[name] == nil {
			return false
		}
	}
	for name, schema := range m.schemas {
		if raw := all[name]; raw != nil && !m.fits(name, schema, raw) {
			return false
		}
	}
	return true
}

// fits reports that one member is what it should be.
func (m *members) fits(name string, schema *jsonschema.Schema, raw []byte) bool {
	if len(raw) < minKnown {
		return valid(schema, raw)
	}
	var h maphash.Hash
	h.SetSeed(m.seed)
	_, _ = h.WriteString(name) // never fails, by its contract
	_ = h.WriteByte(0)
	_, _ = h.Write(raw)
	sum := h.Sum64()
	m.mu.Lock()
	_, known := m.known[sum]
	m.mu.Unlock()
	if known || !valid(schema, raw) {
		return known
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) >= maxKnown {
		clear(m.known)
	}
	m.known[sum] = struct{}{}
	return true
}

func valid(schema *jsonschema.Schema, raw []byte) bool {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	return err == nil && schema.Validate(value) == nil
}
