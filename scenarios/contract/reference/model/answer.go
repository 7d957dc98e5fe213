package model

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"holdfast.dev/holdfast/reference/schema"
)

// Answer is the one right answer to a query.
type Answer struct {
	Query string
	// Refused is why the query is a bad one, whose answer is an error; empty: it is not.
	Refused   string
	Results   []schema.Row // newest first
	Truncated bool         // there are more

	compared *compared
}

// IDs are those of the results.
func (a *Answer) IDs() []int64 {
	ids := []int64{}
	for _, row := range a.Results {
		ids = append(ids, row.ID)
	}
	return ids
}

// Difference says in one line where a body that was answered differs from the right
// page, nothing if it does not. Fields that the contract does not name may be there.
func (a *Answer) Difference(body []byte) string {
	var got map[string]json.RawMessage
	if err := json.Unmarshal(body, &got); err != nil || got == nil {
		return fmt.Sprintf("expected a JSON object, got %s", short(string(body)))
	}
	for _, field := range []struct {
		name string
		want any
	}{
		{"query", a.Query}, {"limit", float64(Limit)}, {"count", float64(len(a.Results))}, {"truncated", a.Truncated},
	} {
		var value any
		if err := json.Unmarshal(got[field.name], &value); err != nil || value != field.want {
			return differs(field.name, field.want, value)
		}
	}
	var results []json.RawMessage
	if err := json.Unmarshal(got["results"], &results); err != nil || results == nil {
		return fmt.Sprintf("results: expected a list, got %s", cmp.Or(short(string(got["results"])), "none"))
	}
	for i, row := range a.Results {
		if i == len(results) {
			break
		}
		if what := a.compared.difference(row, results[i]); what != "" {
			return fmt.Sprintf("result %d: %s", i+1, what)
		}
	}
	if len(results) != len(a.Results) {
		return fmt.Sprintf("expected %d results, got %d", len(a.Results), len(results))
	}
	return ""
}

// compared remembers the texts of results that are a project's own: the same stand
// in thousands of answers.
type compared struct {
	seed maphash.Seed
	mu   sync.Mutex
	same map[uint64]int64 // guarded by mu; the project by the hash of its text
}

// maxCompared bounds the texts that are remembered.
const maxCompared = 1 << 17

func newCompared() *compared { return &compared{seed: maphash.MakeSeed(), same: map[uint64]int64{}} }

// difference says where the text of a result differs from a project.
func (c *compared) difference(row schema.Row, result json.RawMessage) string {
	sum := maphash.Bytes(c.seed, result)
	c.mu.Lock()
	id, known := c.same[sum]
	c.mu.Unlock()
	if known && id == row.ID {
		return ""
	}
	what := differenceOf(row, result)
	c.mu.Lock()
	defer c.mu.Unlock()
	if what == "" && len(c.same) < maxCompared {
		c.same[sum] = row.ID
	}
	return what
}

// differenceOf says where a result differs from a project. What goes beyond the
// contract must be the project's own where it bears the name of one of its columns.
func differenceOf(row schema.Row, result json.RawMessage) string {
	var got map[string]any
	if err := json.Unmarshal(result, &got); err != nil || got == nil {
		return fmt.Sprintf("expected an object, got %s", short(string(result)))
	}
	for _, field := range []struct {
		name     string
		want     any
		optional bool
	}{
		{"id", float64(row.ID), false}, {"title", row.Title, false}, {"category", row.Category, false}, {"city", row.City, false},
		{"description", row.Description, true}, {"owner", row.Owner, true}, {"status", row.Status, true},
		{"goal_cents", float64(row.GoalCents), true}, {"raised_cents", float64(row.RaisedCents), true},
	} {
		value, there := got[field.name]
		if value != field.want && (there || !field.optional) {
			return differs(field.name, field.want, value)
		}
	}
	if !sameTags(row.Tags, got["tags"]) {
		return differs("tags", row.Tags, got["tags"])
	}
	if text, _ := got["created_at"].(string); !sameMoment(row.CreatedAt, text) {
		return differs("created_at", row.CreatedAt.Format(time.RFC3339), got["created_at"])
	}
	return ""
}

// sameTags reports whether a list has these tags, each once, in any order.
func sameTags(want []string, value any) bool {
	list, ok := value.([]any)
	if !ok || len(list) != len(want) {
		return false
	}
	for i, tag := range list {
		name, ok := tag.(string)
		if !ok || !slices.Contains(want, name) || slices.Contains(list[:i], tag) {
			return false
		}
	}
	return true
}

func sameMoment(want time.Time, text string) bool {
	got, err := time.Parse(time.RFC3339Nano, text)
	return err == nil && got.Equal(want)
}

func differs(field string, want, got any) string {
	return fmt.Sprintf("%s: expected %s, got %s", field, text(want), text(got))
}

// text is a value of JSON as a person writes it.
func text(value any) string {
	if value == nil {
		return "none"
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return short(fmt.Sprint(value))
	}
	return short(string(encoded))
}

// maxShown bounds a value in a sentence, in bytes.
const maxShown = 80

func short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= maxShown {
		return text
	}
	cut := maxShown
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
