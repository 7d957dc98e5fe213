package manifest

import "holdfast.dev/holdfast/manifest/notation"

// Stream is one sequence of requests: with request, or with steps or sessions.
type Stream struct {
	// Begins the names of its metrics.
	Name string `yaml:"name,required"`
	// The process that gets it. Defaults to the entry.
	To string `yaml:"to"`
	// How many a second: 40/s, { baseline: 40/s, inject: 200/s }, or bursts of 50 every 500ms.
	Rate Rate `yaml:"rate"`
	// Rates that change evenly from one to the next, from rate or else from nothing.
	Stages []Stage `yaml:"stages"`
	// Values that differ from request to request, as {NAME}.
	Vary notation.Table[Vary] `yaml:"vary"`
	// What is asked.
	Request *Request `yaml:"request"`
	// A journey in place of one request: each step when the one before was answered as it should be. The first that is not ends the journey.
	Steps []JourneyStep `yaml:"steps"`
	// Who is logged in before the load begins, so that no journey logs in itself.
	Sessions *Sessions `yaml:"sessions"`
	// What an answer must be. Defaults to any 2xx.
	OK *Answer `yaml:"ok"`
	// What an orderly refusal looks like. It is counted apart, and never as ok.
	Refused *Answer `yaml:"refused"`
	// Asks over HTTP/2: of an https address as both sides agree, of an http one with prior knowledge (h2c). Defaults to HTTP/1.1.
	HTTP2 bool `yaml:"http2"`
	// How long an answer may take, body and all. Defaults to 30s.
	Timeout Duration `yaml:"timeout"`
	// The most that are open at once; what is due beyond is counted and not sent. Defaults to 2000.
	MaxInFlight int `yaml:"max_in_flight"`
	// When it begins, from the start of the load.
	StartAt Duration `yaml:"start_at"`
}

// Rate is one for all phases, or one for each that is named. A phase that is not named
// has the rate of the baseline.
type Rate struct {
	// 40/s, 90/min, "40/s, 200/s in inject", bursts of 50 every 500ms, or a profile such as 50/s to 200/s over 10s.
	Text string `yaml:",scalar"`
	// While the load is not judged.
	WarmUp string `yaml:"warm_up"`
	// Before anything goes wrong, and in phases that are not named.
	Baseline string `yaml:"baseline"`
	// While faults act.
	Inject string `yaml:"inject"`
	// After that.
	Heal string `yaml:"heal"`
}

// Stage is a time in which a rate changes evenly.
type Stage struct {
	// How long.
	Duration Duration `yaml:"duration,required"`
	// To which rate.
	Target string `yaml:"target,required"`
}

// Vary says which values a name has: exactly one of words, integers, unique, ip and
// lines.
type Vary struct {
	// One of these, drawn.
	Words []string `yaml:"words"`
	// How often each word is drawn, in the same order.
	Weights []float64 `yaml:"weights"`
	// A whole number between two, both among them.
	Integers *Integers `yaml:"integers"`
	// One that no other request has: uuid, or number, which counts from 0.
	Unique Unique `yaml:"unique"`
	// An address of this network, for example 10.0.0.0/8.
	IP string `yaml:"ip"`
	// The lines of this file, in turn.
	Lines string `yaml:"lines"`
}

// Unique is a kind of value that is given once.
type Unique string

// Words are the kinds that there are.
func (Unique) Words() []string { return []string{"uuid", "number"} }

// Integers are whole numbers.
type Integers struct {
	// The least.
	Min int `yaml:"min"`
	// The greatest.
	Max int `yaml:"max,required"`
}

// JourneyStep is one request of a journey.
type JourneyStep struct {
	// Begins the names of its metrics, behind the stream's: checkout.login.latency.p99.
	Name string `yaml:"name,required"`
	// What is asked.
	Request Request `yaml:"request,required"`
	// What the answer must be. Defaults to any 2xx.
	OK *Answer `yaml:"ok"`
	// What an orderly refusal looks like.
	Refused *Answer `yaml:"refused"`
	// Names for parts of the answer, for later steps: { order: json.id }.
	Capture notation.Table[string] `yaml:"capture"`
	// How long to wait before it. Defaults to no time.
	Think Duration `yaml:"think"`
	// How long its answer may take. Defaults to the stream's.
	Timeout Duration `yaml:"timeout"`
}

// Sessions are people who are logged in before the load begins.
type Sessions struct {
	// How many.
	Count int `yaml:"count,required"`
	// How each logs in. The stream's vary is known, drawn for each.
	Steps []JourneyStep `yaml:"steps,required"`
	// Names for parts of the last answer: { token: header.access-token }.
	Capture notation.Table[string] `yaml:"capture"`
}

// Answer says what an answer looks like. All that is given must hold.
type Answer struct {
	// One status, or several.
	Status Statuses `yaml:"status"`
	// Headers: a value, present, absent, or ~ with a regular expression.
	Headers notation.Table[notation.JSON] `yaml:"headers"`
	// Parts of a JSON body by their path, in the same way: order.id.
	JSON notation.Table[notation.JSON] `yaml:"json"`
	// The whole body, in the same way.
	Body notation.JSON `yaml:"body"`
}

// Statuses are those of HTTP: one, or a list.
type Statuses struct {
	// One.
	One int `yaml:",scalar"`
	// Several.
	All []int `yaml:",list"`
}
