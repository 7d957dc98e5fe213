// Package result is what a run leaves behind: the types of run.json, schema
// "holdfast.run/3". It is a leaf: it imports nothing else of this module, so
// that reports, comparisons and other people's tools need only this package.
//
// Enter at [Run]. [Write] and [Read] are the file's two ends; [Worst] is the
// one place where verdicts are put together.
//
// Units are in the names: _s is seconds, _ms milliseconds, _bytes bytes. All
// times of a scenario are seconds since that scenario's own start, one clock
// for load, faults and probes. A number that was not measured is absent (a nil
// pointer, an empty list), never 0.
package result

import "time"

// Schema is the version that this code writes.
const Schema = "holdfast.run/3"

// Run is the result of one invocation: the root of run.json.
type Run struct {
	Schema  string    `json:"schema"`
	ID      string    `json:"id"`
	Started time.Time `json:"started"` // RFC 3339, UTC
	Seed    uint64    `json:"seed"`    // every random draw of the run comes from it
	Profile string    `json:"profile"` // smoke, bench, soak
	// Verdict is the worst of the scenarios'. It is empty while the run is going on.
	Verdict Verdict `json:"verdict,omitempty"`
	Reason  string  `json:"reason,omitempty"` // one sentence; names the decisive check
	// Complete is false in a file that was left by a run which did not reach its
	// end (a crash, SIGKILL). Such a file is partial and is reported as such.
	Complete bool `json:"complete"`
	// Interrupted is the signal that ended the run early, for example "interrupt".
	Interrupted string      `json:"interrupted,omitempty"`
	DurationS   float64     `json:"duration_s"`
	Command     string      `json:"command"` // what to type to repeat this run
	Environment Environment `json:"environment"`
	Scenarios   []Scenario  `json:"scenarios"`
	// Gains are promises of gain held against measurement, Detections the rows
	// of the detection matrix; most runs have neither.
	Gains      []Gain      `json:"gains,omitempty"`
	Curves     []Curve     `json:"curves,omitempty"`
	Detections []Detection `json:"detections,omitempty"`
	// Alerts are the cells of the matrix of alerts and faults; most runs have none.
	Alerts []AlertCell `json:"alerts,omitempty"`
	// Coverage is which of what is known of the service its scenarios touch.
	Coverage *Coverage `json:"coverage,omitempty"`
	// Reevaluated says that the verdicts were found later, by other limits.
	Reevaluated *Reevaluation `json:"reevaluated,omitempty"`
}

// Environment is where the run took place.
type Environment struct {
	Go          string            `json:"go"`
	OS          string            `json:"os"`
	CPUs        int               `json:"cpus"`
	CPUModel    string            `json:"cpu_model,omitempty"`
	MemoryBytes uint64            `json:"memory_bytes,omitempty"`
	Database    string            `json:"database,omitempty"` // which provider and why, without credentials
	Target      string            `json:"target,omitempty"`   // process, container, url
	Versions    map[string]string `json:"versions,omitempty"` // holdfast, postgres, …
}

// Scenario is the result of one experiment.
type Scenario struct {
	Name        string   `json:"name"`  // service/what, for example search/popular-term
	Claim       string   `json:"claim"` // one sentence
	Protections []string `json:"protections"`
	Without     []string `json:"without"` // protections that were taken away
	Verdict     Verdict  `json:"verdict,omitempty"`
	Reason      string   `json:"reason,omitempty"` // one sentence; names the decisive check
	// Error is why the experiment could not be carried out at all, if it could not.
	Error      string            `json:"error,omitempty"`
	Started    time.Time         `json:"started"`
	DurationS  float64           `json:"duration_s"`
	Repeat     string            `json:"repeat"`               // what to type to repeat this scenario alone
	World      map[string]string `json:"world,omitempty"`      // what was seeded, for example projects: 10000
	Settings   map[string]string `json:"settings,omitempty"`   // the target's configuration as it was given, without secrets
	Switches   []Switch          `json:"switches,omitempty"`   // what takes the protections away, as it was set
	Compressed []Compressed      `json:"compressed,omitempty"` // times that are shorter here than in production
	// Pace is present where the machine was too small for the rate that was planned.
	Pace *Pace `json:"pace,omitempty"`
	// Tries are earlier attempts that were inconclusive, oldest first.
	Tries   []Try    `json:"tries,omitempty"`
	Phases  []Phase  `json:"phases"`
	Streams []Stream `json:"streams"`
	// Fleet tells how the load was sent by several workers. Nil: this process sent it.
	Fleet  *Fleet  `json:"fleet,omitempty"`
	Faults []Fault `json:"faults"`
	// Checks are what must hold; Evidence is what makes the experiment valid
	// (load delivered, generator healthy, faults fired and undone, probes alive).
	Checks   []Check `json:"checks"`
	Evidence []Check `json:"evidence"`
	// Validity is what was known of the experiment when the checks were judged.
	// Absent: it was not recorded, or nothing was judged.
	Validity *Validity `json:"validity,omitempty"`
	Ledger   *Ledger   `json:"ledger,omitempty"`
	// Calls are how often the target called each API that is played here, and each of its
	// routes, while the load went on.
	Calls map[string]int64 `json:"calls,omitempty"`
	// Webhooks are what APIs that are played here have sent to the target, by route.
	Webhooks []Webhooks `json:"webhooks,omitempty"`
	Series   []Series   `json:"series"`
	// Ends tells how each start of the target ended, in order. More than one
	// means that it was restarted.
	Ends   []End        `json:"ends,omitempty"`
	Events []Annotation `json:"events,omitempty"`
	Log    []string     `json:"log,omitempty"` // the target's last log lines
}

// Compressed is a time that the profile shortened, with what it stands for.
type Compressed struct {
	Name     string  `json:"name"`   // for example oracle call timeout
	RealS    float64 `json:"real_s"` // in production
	UsedS    float64 `json:"used_s"` // here
	FactorBy float64 `json:"factor"` // RealS / UsedS
	Because  string  `json:"because,omitempty"`
}

// Annotation is a moment worth a vertical line: a restart, a kill, an abort.
type Annotation struct {
	AtS  float64 `json:"at_s"`
	What string  `json:"what"`
}
