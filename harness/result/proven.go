package result

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
)

// ProvenChecks are the checks that were ever seen to fail, by scenario and [Check.Key].
// One that never was may be unable to.
type ProvenChecks map[string]map[string]ProvenFailure

// Add enters a check that was seen to fail. The first time of a check stays.
func (t ProvenChecks) Add(scenario, key string, f ProvenFailure) {
	if t[scenario] == nil {
		t[scenario] = map[string]ProvenFailure{}
	}
	if _, ok := t[scenario][key]; !ok {
		t[scenario][key] = f
	}
}

// AddAll enters what others saw fail.
func (t ProvenChecks) AddAll(others ProvenChecks) {
	for scenario, checks := range others {
		for key, f := range checks {
			t.Add(scenario, key, f)
		}
	}
}

// Of returns when a check was seen to fail, nil if it never was. A standing check is the
// same in every scenario: one that saw it fail is enough.
func (t ProvenChecks) Of(scenario string, c Check) *ProvenFailure {
	key := c.Key()
	if f, ok := t[scenario][key]; ok {
		return &f
	}
	if !c.Standing {
		return nil
	}
	for _, other := range slices.Sorted(maps.Keys(t)) {
		if f, ok := t[other][key]; ok {
			return &f
		}
	}
	return nil
}

// ReadProvenChecks reads what WriteProvenChecks wrote.
func ReadProvenChecks(r io.Reader) (ProvenChecks, error) {
	t := ProvenChecks{}
	if err := json.NewDecoder(r).Decode(&t); err != nil {
		return nil, fmt.Errorf("read which checks were seen to fail: %w", err)
	}
	return t, nil
}

// WriteProvenChecks writes t, sorted.
func WriteProvenChecks(w io.Writer, t ProvenChecks) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(t)
}
