package manifest

import "holdfast.dev/holdfast/manifest/notation"

// Contracts map what a service does onto what the scenarios of the catalogue ask.
type Contracts struct {
	// A search: the catalogue's scenarios search/… are tried on it.
	Search *SearchContract `yaml:"search"`
	// A fan-out to outside APIs: the catalogue's scenarios oracle/… are tried on it.
	Impact *ImpactContract `yaml:"impact"`
	// Tasks that are done behind the answers that take them on: the catalogue's scenarios task/… are tried on them.
	Tasks *TaskContract `yaml:"tasks"`
}

// SearchContract is a search, as the scenarios of the catalogue ask it.
type SearchContract struct {
	// The request, in which {term} is the text to search for.
	Request Request `yaml:"request,required"`
	// Where the parts of an answer are.
	Response SearchResponse `yaml:"response,required"`
	// What a page of results looks like. Defaults to any 2xx.
	OK *Answer `yaml:"ok"`
	// What an orderly refusal looks like. Without it scenarios in which some are refused are not exercised.
	Refused *Answer `yaml:"refused"`
	// The most results of one page. Defaults to 100.
	Limit int `yaml:"limit"`
	// What a search may take. Defaults to 1s.
	Latency Duration `yaml:"latency"`
	// What the process that answers may use. Defaults to 100MB.
	Memory Size `yaml:"memory"`
	// The most connections to the database that the service opens. Defaults to none that is checked.
	MaxConnections int `yaml:"max_connections"`
	// What is found, in the plural, for the sentences of reports. Defaults to items.
	Kind string `yaml:"kind"`
	// Texts whose matches are known, by a name: everywhere is in all there is, and needed; some is in a good many, rare in few.
	Terms notation.Table[SearchTerm] `yaml:"terms,required"`
	// The tables that a search reads, by what they hold: those that one migration would lock together.
	Reads notation.Table[notation.Words] `yaml:"reads"`
	// What can be set of it, or what it is: concurrent, queued, connections, acquire_timeout, statement_timeout.
	Settings notation.Table[Knob] `yaml:"settings"`
}

// SearchResponse are paths into a JSON answer, as gjson has them: data.hits.
type SearchResponse struct {
	// The list of results. Defaults to the answer itself.
	Items string `yaml:"items"`
	// What tells a result from the others, within it. Defaults to the result itself.
	ID string `yaml:"id"`
	// Whether there are more results than the page has: true or false. Not judged where it is left out.
	Truncated string `yaml:"truncated"`
}

// SearchTerm is a text to search for.
type SearchTerm struct {
	// The text.
	Term string `yaml:"term,required"`
	// How many there are that match it: a number, or a parameter that is one. Defaults to 0.
	Matches string `yaml:"matches"`
}

// ImpactContract is a service that asks several outside APIs about a project, as the
// scenarios of the catalogue ask it. A project is whatever has them.
type ImpactContract struct {
	// The request, in which {project} is the one that is asked about.
	Request Request `yaml:"request,required"`
	// Where the parts of an answer are.
	Response ImpactResponse `yaml:"response,required"`
	// Which answers tell of a project's APIs. Defaults to any 2xx.
	OK *Answer `yaml:"ok"`
	// What an orderly refusal looks like. Without it scenarios in which some are refused are not exercised.
	Refused *Answer `yaml:"refused"`
	// The dependency that plays the outside APIs: an http one, in which the key of each route is the name of the API that is called.
	Here string `yaml:"here,required"`
	// A second one, for scenarios with two hosts.
	There string `yaml:"there"`
	// Projects of the data by their ids, each with its outside APIs, all of them here or all there.
	Projects notation.Table[ImpactProject] `yaml:"projects,required"`
	// How the n-th API of each project is called, over {n}, from 1: oracle-{n}. Without it, whatever is done to a certain one is not exercised.
	APIs string `yaml:"apis"`
	// Which are asked where there are more than at_most: first, or any, which are then always the same. Defaults to first.
	Asked string `yaml:"asked"`
	// The most APIs that are asked for one project. Defaults to 10.
	AtMost int `yaml:"at_most"`
	// What the process that answers may use. Defaults to 100MB.
	Memory Size `yaml:"memory"`
	// The tables that an answer reads, by what they hold: those that one migration would lock together.
	Reads notation.Table[notation.Words] `yaml:"reads"`
	// What can be set of it, or what it is: call_timeout, deadline, calls_at_once, host_calls, host_wait, breaker_failures, breaker_cooldown, acquire_timeout, statement_timeout.
	Settings notation.Table[Knob] `yaml:"settings"`
}

// ImpactProject is one that is asked about.
type ImpactProject struct {
	// How many outside APIs it has that are active.
	Active int `yaml:"active,required"`
	// Whether they are at the second dependency.
	There bool `yaml:"there"`
}

// ImpactResponse are paths into a JSON answer, as gjson has them: data.results.
type ImpactResponse struct {
	// What is told of each API: an object by the names of the APIs, or a list. Defaults to the answer itself.
	Results string `yaml:"results"`
	// Of a list: the name of the API within a result.
	Name string `yaml:"name"`
	// What came of the API, within a result.
	Status string `yaml:"status,required"`
	// The values of the status that say it answered. Defaults to ok.
	Good notation.Words `yaml:"good"`
	// Those that say it did not. Defaults to all others.
	Failed notation.Words `yaml:"failed"`
	// The error within a result, which a good one has not.
	Error string `yaml:"error"`
	// Which error is which, by the texts that stand there: timeout, connection, status, payload, too_large, unexpected. A class that is left out is not judged.
	Classes notation.Table[notation.Words] `yaml:"classes"`
	// What the API said within a result, which a failed one has not.
	Data string `yaml:"data"`
	// The project that the answer is about. Not judged where it is left out, as all that follows.
	Project string `yaml:"project"`
	// How many APIs are active.
	Active string `yaml:"active"`
	// How many were asked.
	Queried string `yaml:"queried"`
	// Whether others were left out: true or false.
	Truncated string `yaml:"truncated"`
}

// Knob is a time that something is, or the variables that set it.
type Knob struct {
	// The time that it is and that cannot be set.
	Is Duration `yaml:",scalar"`
	// Variables of all processes, NAME: text, or of one, PROCESS: { NAME: text }. In the text {value} is what it is set to, {ms} and {s} the same in milliseconds and in seconds.
	Env notation.Table[Off] `yaml:",rest"`
}
