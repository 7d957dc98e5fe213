package result

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
)

// ProvenFailure is one time that a check was seen to fail on purpose.
type ProvenFailure struct {
	Without string `json:"without"` // the protection or mutant that it caught
	At      string `json:"at"`      // the day, for example 2026-01-31
}

// ProvenChecks are the checks that were ever seen to fail, by scenario and [Check.Key].
// One that never was may be unable to.
type ProvenChecks map[string]map[string]ProvenFailure

// Add enters a check that was seen to fail. The first bite of a check stays.
func (t ProvenChecks) Add(scenario, key string, b ProvenFailure) {
	if t[scenario] == nil {
		t[scenario] = map[string]ProvenFailure{}
	}
	if _, ok := t[scenario][key]; !ok {
		t[scenario][key] = b
	}
}

// Of returns when a check was seen to fail, nil if it never was.
func (t ProvenChecks) Of(scenario string, c Check) *ProvenFailure {
	if b, ok := t[scenario][c.Key()]; ok {
		return &b
	}
	return nil
}

// Key names a check apart from its limit, which differs between profiles.
func (c Check) Key() string { return c.Metric + " in " + cmp.Or(c.Phase, "all") + " " + c.Op }

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
