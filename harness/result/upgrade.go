package result

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// The versions before this one. The files of schemaTwo have their series as lists of
// numbers; those of schemaOne say the same in other words, too, which [Read] puts
// into those of today.
const (
	schemaTwo = "holdfast.run/2"
	schemaOne = "holdfast.run/1"
)

// upgradeOne is a file of [schemaOne] in the words of [Schema].
func upgradeOne(data []byte) ([]byte, error) {
	var run map[string]any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber() // a seed has more digits than a float
	if err := dec.Decode(&run); err != nil {
		return nil, fmt.Errorf("read result: %w", err)
	}
	run["schema"] = Schema
	rename(run, "claims", "gains")
	rename(run, "rejudged", "reevaluated")
	for _, gain := range objects(run["gains"]) {
		rename(gain, "courses", "memory")
	}
	for _, s := range objects(run["scenarios"]) {
		rename(s, "proves", "claim")
		for _, list := range []string{"checks", "evidence"} {
			for _, check := range objects(s[list]) {
				rename(check, "guards", "protections")
				upgradeFall(check)
			}
		}
	}
	return json.Marshal(run)
}

// upgradeFall puts the limit of what must fall to a level where it stands today:
// what was judged by its time had that for its threshold, what never fell the level.
func upgradeFall(check map[string]any) {
	within, ok := check["within_s"]
	if check["op"] != "falls_to" || !ok {
		return
	}
	delete(check, "within_s")
	if _, fell := check["value"]; fell {
		return
	}
	rename(check, "threshold", "level")
	rename(check, "unit", "level_unit")
	check["threshold"], check["unit"] = within, UnitSeconds
}

func rename(object map[string]any, from, to string) {
	if value, ok := object[from]; ok {
		object[to] = value
		delete(object, from)
	}
}

// objects are those of a list; what is of another shape is left to the reader's
// own complaint.
func objects(list any) []map[string]any {
	all, _ := list.([]any)
	var found []map[string]any
	for _, item := range all {
		if object, ok := item.(map[string]any); ok {
			found = append(found, object)
		}
	}
	return found
}
