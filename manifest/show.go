package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/step"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/message"
)

// Show writes a scenario as it would stand in a holdfast.yaml, so that people copy
// from what works. What is a function in Go, and so has no notation, is a comment
// that says so.
func Show(w io.Writer, s harness.Scenario) error {
	v := &viewer{}
	list, err := notation.Node(struct {
		Scenarios []Scenario `yaml:"scenarios"`
	}{[]Scenario{v.scenario(s)}})
	if err != nil {
		return fmt.Errorf("show %s: %w", s.Name, err)
	}
	list.Content[0].HeadComment = strings.Join(v.notes, "\n")
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(list); err != nil {
		return fmt.Errorf("show %s: %w", s.Name, err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// Notation is a scenario as it would stand in a holdfast.yaml, as JSON, with what is a
// function in Go and has no notation.
func Notation(s harness.Scenario) (scenario json.RawMessage, functions []string, err error) {
	v := &viewer{}
	scenario, err = notation.AsJSON(v.scenario(s))
	if err != nil {
		return nil, nil, fmt.Errorf("write %s: %w", s.Name, err)
	}
	return scenario, v.notes, nil
}

// viewer turns the harness's values into the notation, and takes note of what has
// none.
type viewer struct{ notes []string }

func (v *viewer) note(format string, args ...any) {
	v.notes = append(v.notes, fmt.Sprintf(format, args...))
}

// In a file the target is a process and the database a dependency; these names stand
// for the reference's.
const (
	shownTarget   = "web"
	shownDatabase = "db"
)

func (v *viewer) scenario(s harness.Scenario) Scenario {
	out := Scenario{
		Name: s.Name, Claim: s.Claim, Protections: s.Protections, Headline: s.Headline, Slow: s.Slow, Env: env(s.Settings, s.SettingsIn),
		StandingOff: rows(s.StandingOff), Timeline: timelineOf(s.Timeline),
	}
	for _, stream := range s.Load {
		out.Load = append(out.Load, v.stream(stream, s.Timeline))
	}
	for _, f := range s.Faults {
		out.Faults = append(out.Faults, Fault{
			ID: f.ID, At: v.place(f.On), Fault: f.What().Text(), During: phaseOf(f.During), After: Duration(f.After), For: Duration(f.For), Instances: f.Instances,
		})
	}
	for _, c := range s.Checks {
		out.Checks = append(out.Checks, checkOf(c))
	}
	for name, value := range s.Values {
		if parameter, ok := strings.CutPrefix(name, "parameters."); ok {
			out.Parameters = append(out.Parameters, notation.Row[string]{Name: parameter, Value: value})
		}
	}
	v.questions(s, &out)
	for _, i := range s.Invariants {
		out.Invariants = append(out.Invariants, Invariant{Name: i.Name, At: i.At, SQL: i.SQL, Rows: i.Rows, Equals: i.Equals, When: When(i.When), Every: Duration(i.Every)})
	}
	v.functions(s)
	return out
}

// checkOf is a check as it is written: a text, but where more is to be said.
func checkOf(c verdict.Check) Check {
	text := strings.ReplaceAll(c.Text(), harness.OnTarget+".", shownTarget+".")
	if c.Abort {
		return Check{Check: text, Abort: true}
	}
	return Check{Text: text}
}

// functions notes what of a scenario is written in Go.
func (v *viewer) functions(s harness.Scenario) {
	for what, is := range map[string]bool{
		"drained: a function in Go says when the work is done":                     s.Drained != nil,
		"ledger: a function in Go holds both sides of the work against each other": s.Reconcile != nil,
		"the data is made by a function in Go; in a file it is made by setup":      s.World.Data.Build != nil,
		"functions in Go prepare the data of the scenario":                         s.World.Prepare != nil || s.World.Precondition != nil,
		"checks of its own look at each answer, in Go":                             len(s.Watches) > 0,
		"measures of its own are functions in Go":                                  len(s.Measures) > 0,
		"further figures are read from the service's metrics page":                 len(s.Watch) > 0,
	} {
		if is {
			v.note("%s", what)
		}
	}
	for _, d := range s.World.Dependencies {
		v.note("%s is played by a fake in Go", d.Name)
	}
	slices.Sort(v.notes)
}

// questions are what is done and asked while a scenario goes on.
func (v *viewer) questions(s harness.Scenario, out *Scenario) {
	for _, a := range s.Actions {
		one := stepOf(a.Step)
		out.Actions = append(out.Actions, Action{
			Name: a.Name, Run: one.Run, SQL: one.SQL, At: one.At, Request: one.Request, Timeout: one.Timeout, EnvOf: a.EnvOf, During: phaseOf(a.During), After: Duration(a.After),
		})
	}
	if q := s.DrainedWhen; q != nil {
		one := stepOf(q.Step)
		out.Drained = &Drained{At: one.At, SQL: one.SQL, Request: one.Request, Command: one.Run, Value: q.Value, Equals: q.Equals}
	}
	if l := s.Ledger; l != nil {
		out.Ledger = &Ledger{
			Accepted: Accepted{Stream: l.Accepted.Stream, Webhook: l.Accepted.Webhook, Key: l.Accepted.Key}, Delivery: Delivery(l.Delivery), Times: l.Times,
			Arrived: Arrived{At: l.Arrived.At, Key: l.Arrived.Key, SQL: l.Arrived.SQL, Command: l.Arrived.Run},
		}
		if l.Arrived.Request != nil {
			out.Ledger.Arrived.Request = stepOf(step.Step{Request: l.Arrived.Request}).Request
		}
	}
	for _, g := range s.Samples {
		out.Gauges = append(out.Gauges, Gauge{
			Name: g.Series.Name, At: g.At, SQL: g.SQL, Redis: strings.Join(g.Redis, " "), Command: g.Run, Every: Duration(g.Every), Unit: Unit(g.Series.Unit),
		})
	}
}

// stepOf is a step in the notation.
func stepOf(s step.Step) Step {
	out := Step{Name: s.Name, Run: s.Run, SQL: s.SQL, Values: rows(s.Values), At: s.At, Timeout: Duration(s.Timeout)}
	if r := s.Request; r != nil {
		out.Request = &Request{To: r.To, Method: r.Method, Path: r.Path, Headers: rows(r.Header)}
		if json.Valid([]byte(r.Body)) {
			out.Request.JSON = notation.JSON(r.Body)
		} else {
			out.Request.Body = r.Body
		}
		out.Capture = rows(r.Capture)
	}
	return out
}

func env(settings map[string]string, in map[string]map[string]string) notation.Table[Off] {
	var t notation.Table[Off]
	for _, process := range slices.Sorted(maps.Keys(in)) {
		t = append(t, notation.Row[Off]{Name: process, Value: Off{Of: rows(in[process])}})
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		value := settings[name]
		t = append(t, notation.Row[Off]{Name: name, Value: Off{Value: &value}})
	}
	return t
}

func rows(m map[string]string) notation.Table[string] {
	var t notation.Table[string]
	for _, name := range slices.Sorted(maps.Keys(m)) {
		t = append(t, notation.Row[string]{Name: name, Value: m[name]})
	}
	return t
}

func timelineOf(t harness.Timeline) Timeline {
	return Timeline{WarmUp: Duration(t.WarmUp), Baseline: Duration(t.Baseline), Inject: Duration(t.Inject), Heal: Duration(t.Heal), Drain: Duration(t.Drain)}
}

// phaseOf is how a file has the name of a phase.
func phaseOf(name string) Phase { return Phase(strings.ReplaceAll(name, "-", "_")) }

// place is how a file has the place of a fault.
func (v *viewer) place(on string) string {
	switch on {
	case harness.OnDatabase, harness.OnPostgres:
		return shownDatabase
	}
	if rest, ok := strings.CutPrefix(on, harness.OnTarget); ok {
		return shownTarget + rest
	}
	return on
}

func (v *viewer) stream(s load.Stream, t harness.Timeline) Stream {
	out := Stream{
		Name: s.Name, To: s.To, Timeout: Duration(s.Timeout), MaxInFlight: s.MaxInFlight, HTTP2: s.HTTP2, StartAt: Duration(s.StartAt),
		Rate: rateOf(s.Profile), Vary: v.vary(s), OK: v.answer(s.Name+".ok", s.Expect), Refused: v.answer(s.Name+".refused", s.Refused),
	}
	switch {
	case s.Template != nil:
		r := requestOf(*s.Template)
		out.Request = &r
	case len(s.Steps) > 0:
		out.Steps = v.steps(s.Name, s.Steps)
	default:
		v.note("%s.request: a function in Go makes each request", s.Name)
		out.Request = &Request{Path: "/"}
	}
	if s.Sessions != nil {
		out.Sessions = &Sessions{Count: s.Sessions.Count, Steps: v.steps(s.Name+".sessions", s.Sessions.Steps), Capture: captureOf(s.Sessions.Capture)}
	}
	return out
}

func (v *viewer) steps(of string, steps []load.Step) []JourneyStep {
	var out []JourneyStep
	for _, s := range steps {
		out = append(out, JourneyStep{
			Name: s.Name, Request: requestOf(s.Template), OK: v.answer(of+"."+s.Name+".ok", s.Expect), Refused: v.answer(of+"."+s.Name+".refused", s.Refused),
			Capture: captureOf(s.Capture), Think: Duration(s.Think), Timeout: Duration(s.Timeout),
		})
	}
	return out
}

func captureOf(paths map[string]message.Path) notation.Table[string] {
	texts := map[string]string{}
	for name, path := range paths {
		texts[name] = path.String()
	}
	return rows(texts)
}

// rateOf is a profile in the notation.
func rateOf(p load.Profile) Rate {
	shape, ok := load.ShapeOf(p)
	if !ok {
		return Rate{Text: load.Text(p)}
	}
	rates, ok := load.RatesOf(shape)
	if !ok || len(rates) < 2 {
		return Rate{Text: load.Text(p)}
	}
	return Rate{
		WarmUp: rates[string(phaseOf(result.WarmUp))], Baseline: rates[result.Baseline],
		Inject: rates[result.Inject], Heal: rates[result.Heal],
	}
}

func requestOf(t load.Template) Request {
	return Request{Method: t.Method, Path: t.Path, Headers: rows(t.Header), JSON: notation.JSON(t.JSON), Form: rows(t.Form), Body: t.Body}
}

func (v *viewer) vary(s load.Stream) notation.Table[Vary] {
	all := maps.Clone(s.Vars)
	if s.Template != nil && all == nil {
		all = s.Template.Vars
	}
	var t notation.Table[Vary]
	for _, name := range slices.Sorted(maps.Keys(all)) {
		one := all[name]
		out := Vary{Words: one.Words, Weights: one.Weights, Unique: Unique(one.Unique), IP: one.IP}
		if one.Integers != nil {
			out.Integers = &Integers{Min: int(one.Integers.Min), Max: int(one.Integers.Max)}
		}
		if one.Lines != nil {
			v.note("%s.vary.%s: these are lines of a file; lines: FILE", s.Name, name)
			out.Words = one.Lines
		}
		t = append(t, notation.Row[Vary]{Name: name, Value: out})
	}
	return t
}

// answer is what an answer must be, where it is data.
func (v *viewer) answer(what string, e load.Expectation) *Answer {
	if e.Judge == nil {
		return nil
	}
	if e.Matches == nil {
		v.note("%s: %s, which a function in Go says of each answer", what, e.Name)
		return nil
	}
	m := *e.Matches
	out := &Answer{Headers: conditionsOf(m.Headers), JSON: conditionsOf(m.JSON)}
	if len(m.Status) == 1 {
		out.Status.One = m.Status[0]
	} else {
		out.Status.All = m.Status
	}
	if !m.Body.IsZero() {
		out.Body = conditionOf(m.Body)
	}
	return out
}

func conditionsOf(all map[string]message.Condition) notation.Table[notation.JSON] {
	var t notation.Table[notation.JSON]
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t = append(t, notation.Row[notation.JSON]{Name: name, Value: conditionOf(all[name])})
	}
	return t
}

func conditionOf(c message.Condition) notation.JSON {
	text, err := json.Marshal(c)
	if err != nil {
		return `"present"` // a condition that was read can be written
	}
	return notation.JSON(text)
}
