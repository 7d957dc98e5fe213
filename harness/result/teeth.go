package result

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
)

// Bite is one time that a check was seen to fail on purpose.
type Bite struct {
	Without string `json:"without"` // the protection or mutant that it caught
	At      string `json:"at"`      // the day, for example 2026-01-31
}

// Teeth are the checks that were ever seen to fail, by scenario and [Check.Key].
// One that never was may be unable to.
type Teeth map[string]map[string]Bite

// Add enters a check that was seen to fail. The first bite of a check stays.
func (t Teeth) Add(scenario, key string, b Bite) {
	if t[scenario] == nil {
		t[scenario] = map[string]Bite{}
	}
	if _, ok := t[scenario][key]; !ok {
		t[scenario][key] = b
	}
}

// Of returns when a check was seen to fail, nil if it never was.
func (t Teeth) Of(scenario string, c Check) *Bite {
	if b, ok := t[scenario][c.Key()]; ok {
		return &b
	}
	return nil
}

// Key names a check apart from its limit, which differs between profiles.
func (c Check) Key() string { return c.Metric + " in " + cmp.Or(c.Phase, "all") + " " + c.Op }

// ReadTeeth reads what WriteTeeth wrote.
func ReadTeeth(r io.Reader) (Teeth, error) {
	t := Teeth{}
	if err := json.NewDecoder(r).Decode(&t); err != nil {
		return nil, fmt.Errorf("read which checks were seen to fail: %w", err)
	}
	return t, nil
}

// WriteTeeth writes t, sorted.
func WriteTeeth(w io.Writer, t Teeth) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(t)
}
