// Package reference is the contract of our own services, as [contract.Search] and
// [contract.Tasks] have it: the only package of the catalogue that knows their routes, fields,
// tables, variables and data. docs/target-contract.md says the same in words.
//
// Enter at [Search], [Impact] and [Tasks]. Answers of a search are held against package
// model, which knows the one right answer to any query: form.go says how, questions.go
// what is asked. Those about a project are held against the table of oracles: panel.go
// says who stands in it, oracles.go what is right.
package reference

import (
	"slices"

	"holdfast.dev/holdfast/harness/contract"
)

// answers are what each answer of a target may be. The standing check "answers" holds
// every answer of every scenario against it.
func answers() contract.Contract {
	return contract.Contract{Routes: []contract.Route{
		{Pattern: "GET /search", Answers: append(ok(200, searchShape), problems(400, 503)...)},
		{Pattern: "GET /projects/{id}/impact", Answers: append(ok(200, impactShape), problems(400, 404, 502, 503, 504)...)},
		{Pattern: "POST /tasks", Answers: append(ok(202, takenShape), problems(400, 503)...)},
		{Pattern: "GET /tasks/{id}", Answers: append(ok(200, taskShape), problems(404, 503)...)},
		{Pattern: "GET /tasks/queue", Answers: append(ok(200, queueShape), problems(503)...)},
		{Pattern: "GET /healthz", Answers: []contract.Answer{{Statuses: []int{200}}}},
		{Pattern: "GET /readyz", Answers: append([]contract.Answer{{Statuses: []int{200}}}, problems(503)...)},
	}, Page: page()}
}

// page is what their metrics tell. What a service does not serve is not on its page.
func page() contract.Page {
	return contract.Page{FromStart: true, Idle: []contract.Series{{Name: "oracle_calls_in_flight"}}, Counters: slices.Concat(
		requests("search_requests_total", "GET /search", outcome{"ok", 200}, outcome{"bad_query", 400}),
		requests("impact_requests_total", "GET /projects/{id}/impact", outcome{"ok", 200}, outcome{"bad_id", 400}, outcome{"no_such_project", 404}),
		requests("task_requests_total", "POST /tasks", outcome{"accepted", 202}, outcome{"bad_task", 400}),
		[]contract.Counter{
			{Series: contract.Series{Name: "search_duration_seconds_count"}, Pattern: "GET /search"},
			{Series: contract.Series{Name: "search_results_truncated_total"}, Pattern: "GET /search", Statuses: []int{200}, Where: &contract.Where{Member: "truncated", Is: "true"}},
			{Series: contract.Series{Name: "impact_duration_seconds_count"}, Pattern: "GET /projects/{id}/impact"},
		},
	)}
}

func outcomeOf(name, outcome string) contract.Series {
	return contract.Series{Name: name, Labels: map[string]string{"outcome": outcome}}
}

// outcome is how a request ended, as a counter's label says it, and the status that it
// was answered with.
type outcome struct {
	label  string
	status int
}

// requests are what a service counts of its requests to a route: all of them, those of
// each of these outcomes, and those that were refused or went wrong, by the code of the
// error that they were answered with.
func requests(name, pattern string, outcomes ...outcome) []contract.Counter {
	all := []contract.Counter{{Series: contract.Series{Name: name}, Pattern: pattern}}
	for _, o := range outcomes {
		all = append(all, contract.Counter{Series: outcomeOf(name, o.label), Pattern: pattern, Statuses: []int{o.status}})
	}
	for _, code := range []string{"overloaded", "timeout", "database_unavailable", "internal"} {
		all = append(all, contract.Counter{Series: outcomeOf(name, code), Pattern: pattern, Statuses: []int{500, 502, 503, 504}, Where: &contract.Where{Member: "error.code", Is: code}})
	}
	return all
}

const jsonType = "application/json"

func ok(status int, schema string) []contract.Answer {
	return []contract.Answer{{Statuses: []int{status}, MediaType: jsonType, Schema: schema}}
}

// problems are {"error":{"code","message"}}; a refusal for now says when to come again.
func problems(statuses ...int) []contract.Answer {
	var all []contract.Answer
	for _, s := range statuses {
		a := contract.Answer{Statuses: []int{s}, MediaType: jsonType, Schema: problemShape}
		if s == 503 {
			a.Headers = []string{"Retry-After"}
		}
		all = append(all, a)
	}
	return all
}

// The shapes of bodies. What a service adds of its own is no offence.
const (
	problemShape = `{"type":"object","required":["error"],"properties":{"error":{"type":"object","required":["code","message"],
		"properties":{"code":{"type":"string","minLength":1},"message":{"type":"string","minLength":1}}}}}`

	searchShape = `{"type":"object","required":["query","limit","count","truncated","results"],"properties":{
		"query":{"type":"string"},"limit":{"type":"integer","minimum":0},"count":{"type":"integer","minimum":0},
		"truncated":{"type":"boolean"},
		"results":{"type":"array","items":{"type":"object","required":["id","title","category","city","tags","created_at"],"properties":{
			"id":{"type":"integer","minimum":1},"title":{"type":"string","minLength":1},"category":{"type":"string"},"city":{"type":"string"},
			"tags":{"type":"array","items":{"type":"string"},"uniqueItems":true},"created_at":{"type":"string","format":"date-time"}}}}}}`

	// An error is one of the classes that the contract names, and its detail holds no address.
	impactShape = `{"type":"object","required":["project_id","active","queried","truncated","results"],"properties":{
		"project_id":{"type":"integer","minimum":1},"active":{"type":"integer","minimum":0},"queried":{"type":"integer","minimum":0},
		"truncated":{"type":"boolean"},
		"results":{"type":"object","additionalProperties":{"oneOf":[
			{"type":"object","required":["status","data"],"properties":{"status":{"const":"ok"},"data":{},"error":false,"detail":false}},
			{"type":"object","required":["status","error"],"properties":{"status":{"const":"error"},"data":false,
				"error":{"enum":["timeout","connection","status","payload","too_large","unexpected"]},
				"detail":{"type":"string","not":{"pattern":"https?://|\\b[0-9]{1,3}([.][0-9]{1,3}){3}\\b"}}}}]}}}}`

	takenShape = `{"type":"object","required":["id"],"properties":{"id":{"type":["integer","string"]}}}`

	taskShape = `{"type":"object","required":["id","kind","state","attempts","max_attempts"],"properties":{
		"id":{"type":["integer","string"]},"kind":{"enum":["notify_project_success","send_batch_email"]},
		"state":{"enum":["pending","running","retrying","succeeded","failed"]},
		"attempts":{"type":"integer","minimum":0},"max_attempts":{"type":"integer","minimum":1},
		"error_class":{"enum":["temporary","permanent","unknown"]},"error":{"type":"string"}},
		"if":{"properties":{"state":{"const":"failed"}}},"then":{"required":["error_class","error"]}}`

	queueShape = `{"type":"object","required":["pending","running","retrying","succeeded","failed","parked","oldest_pending_seconds"],"properties":{
		"pending":{"type":"integer","minimum":0},"running":{"type":"integer","minimum":0},"retrying":{"type":"integer","minimum":0},
		"succeeded":{"type":"integer","minimum":0},"failed":{"type":"integer","minimum":0},"parked":{"type":"integer","minimum":0},
		"oldest_pending_seconds":{"type":"number","minimum":0}}}`
)
