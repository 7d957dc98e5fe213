package mapped

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
)

// Response is where the parts of an answer about a project are.
type Response struct {
	// Results is the path of what is told of each API, empty where the answer is that: an
	// object by the names of the APIs, or a list in whose elements Name is the path of one.
	Results, Name string
	// Within a result Status is the path of what came of the API, which is one of Good,
	// or else of Failed; where Failed is empty, anything else is a failure.
	Status       string
	Good, Failed []string
	// Error is the path of an error, of a class by Classes where there are any: a text that
	// they do not have is of a class that they do not have either. Data is the path of what
	// an API said. Both are optional.
	Error, Data string
	Classes     map[contract.ImpactClass][]string
	// Project, Active, Queried and Truncated are paths in the answer. Optional.
	Project, Active, Queried, Truncated string
}

// tells is what is mapped.
func (r Response) tells() contract.ImpactTells {
	return contract.ImpactTells{
		Project: r.Project != "", Active: r.Active != "", Queried: r.Queried != "", Truncated: r.Truncated != "", Classes: slices.Sorted(maps.Keys(r.Classes)),
	}
}

// read reads an answer.
func (r Response) read(a load.Answer) (contract.ImpactAnswer, bool) {
	got, wrong := r.shape(a.Body)
	return got, wrong == ""
}

// shape takes the mapped parts out of an answer, and says which is not there.
func (r Response) shape(body []byte) (out contract.ImpactAnswer, wrong string) {
	if !gjson.ValidBytes(body) {
		return out, "the answer is no JSON"
	}
	answer := gjson.ParseBytes(body)
	results := answer
	if r.Results != "" {
		results = answer.Get(r.Results)
	}
	switch {
	case r.Name == "" && !results.IsObject():
		return out, missing("response.results", r.Results, "an object by the names of APIs", results)
	case r.Name != "" && !results.IsArray():
		return out, missing("response.results", r.Results, "a list", results)
	}
	out.Results = map[string]contract.ImpactResult{}
	results.ForEach(func(key, one gjson.Result) bool {
		name := key.String()
		if r.Name != "" {
			if name = one.Get(r.Name).String(); name == "" {
				wrong = missing("response.name", r.Name, "the name of an API in each result", one.Get(r.Name))
			}
		}
		if _, twice := out.Results[name]; twice {
			wrong = cmp.Or(wrong, fmt.Sprintf("%s stands there twice", short(name)))
		}
		var why string
		out.Results[name], why = r.result(one)
		wrong = cmp.Or(wrong, why)
		return wrong == ""
	})
	return out, cmp.Or(wrong, r.counts(answer, &out))
}

// counts takes what an answer tells of the whole.
func (r Response) counts(answer gjson.Result, out *contract.ImpactAnswer) (wrong string) {
	number := func(part, path string, into *int) {
		if path == "" {
			return
		}
		if v := answer.Get(path); v.Type != gjson.Number {
			wrong = cmp.Or(wrong, missing("response."+part, path, "a number", v))
		} else {
			*into = int(v.Int())
		}
	}
	number("active", r.Active, &out.Active)
	number("queried", r.Queried, &out.Queried)
	if r.Truncated != "" {
		v := answer.Get(r.Truncated)
		if !v.IsBool() {
			wrong = cmp.Or(wrong, missing("response.truncated", r.Truncated, "true or false", v))
		}
		out.Truncated = v.Bool()
	}
	if r.Project != "" {
		v := answer.Get(r.Project)
		if v.Type != gjson.Number && v.Type != gjson.String {
			wrong = cmp.Or(wrong, missing("response.project", r.Project, "a number or a text", v))
		}
		out.Project = v.String()
	}
	return wrong
}

// result is what is told of one API. What was answered well comes with data and without
// an error, and the other way round. A word that is not in the map is no wrong one: nobody
// told what it means.
func (r Response) result(one gjson.Result) (out contract.ImpactResult, wrong string) {
	status := one.Get(r.Status)
	out.OK = slices.Contains(r.Good, status.String())
	out.Failed = !out.OK && (len(r.Failed) == 0 || slices.Contains(r.Failed, status.String()))
	if !out.OK && !out.Failed || !status.Exists() {
		what := missing("response.status", r.Status, "one of "+strings.Join(slices.Concat(r.Good, r.Failed), ", ")+" in each result", status)
		if !status.Exists() {
			return out, what
		}
		return contract.ImpactResult{Sound: true, Unmapped: what}, ""
	}
	has := func(path string) bool {
		v := one.Get(path)
		return v.Exists() && v.Type != gjson.Null && v.Raw != `""` && v.Raw != "{}"
	}
	out.Sound = (r.Error == "" || has(r.Error) == out.Failed) && (r.Data == "" || has(r.Data) == out.OK)
	if out.Failed && len(r.Classes) > 0 {
		said := one.Get(r.Error).String()
		for _, class := range slices.Sorted(maps.Keys(r.Classes)) {
			if slices.Contains(r.Classes[class], said) {
				out.Class = class
				return out, ""
			}
		}
		out.Unmapped = missing("response.classes", r.Error, "one of "+strings.Join(r.texts(), ", "), one.Get(r.Error))
	}
	return out, ""
}

// texts are all those that stand for a class.
func (r Response) texts() []string {
	var all []string
	for _, class := range slices.Sorted(maps.Keys(r.Classes)) {
		all = append(all, r.Classes[class]...)
	}
	return all
}
