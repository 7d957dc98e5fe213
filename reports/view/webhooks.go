package view

import (
	"slices"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

// Webhooks is what an API has sent to the target for one of its routes.
type Webhooks struct {
	At    string
	Tally string
	Rows  []Callback
	Note  string // how many are not shown
}

// Callback is one of them, and what became of it in a sentence.
type Callback struct {
	Key, Due, Faults, Story, Sent string
	Bad                           bool // a fault acted on it, or it was not taken at once
}

func webhooks(s result.Scenario) []Webhooks {
	kinds := map[string]string{}
	for _, f := range s.Faults {
		kinds[f.ID] = f.Kind
	}
	var all []Webhooks
	for _, w := range s.Webhooks {
		v := Webhooks{At: w.At, Tally: join(", ",
			count(w.Due)+" fell due", count(w.Delivered)+" answered with 2xx", some(w.Failed, "not answered with 2xx"),
			some(w.Lost, "sent to nobody by a fault"), some(w.Duplicates, "answered with 2xx once more"),
		)}
		for _, c := range w.Callbacks {
			v.Rows = append(v.Rows, callback(c, kinds))
		}
		if n := int(w.Due) - len(w.Callbacks); n > 0 && len(w.Callbacks) > 0 {
			v.Note = Plural(n, "more is", "more are") + " not told one by one: the first few of each story are."
		}
		all = append(all, v)
	}
	return all
}

// some counts what there is; nothing is nothing.
func some(n int64, what string) string {
	if n == 0 {
		return ""
	}
	return count(n) + " " + what
}

func callback(c result.Callback, kinds map[string]string) Callback {
	v := Callback{Key: c.Key, Due: at(c.DueS), Story: story(c)}
	var faults []string
	for _, id := range c.Faults {
		kind, known := kinds[id]
		if !known {
			kind = id
		}
		faults = append(faults, kind)
	}
	v.Faults = strings.Join(faults, ", ")
	for _, d := range c.Deliveries {
		v.Sent = join(", ", v.Sent, at(d.SentS))
	}
	v.Bad = len(c.Faults) > 0 || len(c.Deliveries) != 1 || !taken(c.Deliveries[0])
	return v
}

func taken(d result.Delivery) bool { return d.Status >= 200 && d.Status <= 299 }

// story is what became of a callback, for example "sent twice, answered 200 and 200".
func story(c result.Callback) string {
	n := len(c.Deliveries)
	switch {
	case c.Lost:
		return "sent to nobody"
	case n == 0:
		return "not sent before the end"
	}
	answers := make([]string, n)
	for i, d := range c.Deliveries {
		answers[i] = strconv.Itoa(d.Status)
		if d.Status == 0 {
			answers[i] = "not at all"
			if d.Error != "" {
				answers[i] += " (" + d.Error + ")"
			}
		}
	}
	text := "sent " + times(n)
	if slices.ContainsFunc(c.Deliveries, func(d result.Delivery) bool { return d.Forged }) {
		text += " with a wrong signature"
	}
	text += ", answered " + list(answers)
	if c.Pending {
		text += "; it would have been sent again"
	}
	return text
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return Plural(n, "time", "times")
}

// list is "a", "a and b", "a, b and c".
func list(all []string) string {
	if n := len(all); n > 1 {
		return strings.Join(all[:n-1], ", ") + " and " + all[n-1]
	}
	return strings.Join(all, "")
}
