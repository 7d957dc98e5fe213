package k6

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/sobek"

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
)

// turns is how often a function is called, with other numbers each time.
const turns = 3

// journey is what a function of a script does.
type journey struct {
	function string
	period   float64 // seconds that one turn waits
	steps    []stepOf
	vary     notation.Table[manifest.Vary]
	sessions []manifest.JourneyStep // what setup asks, where its answers are used
}

// stepOf is a step with what thresholds may say of it.
type stepOf struct {
	manifest.JourneyStep
	answered
}

// play calls a function a few times and makes a journey of what it does.
func (r *reader) play(function string, given sobek.Value, is bool) error {
	var all []turn
	for i := range turns {
		r.seen.turn = i
		r.box.rt.SetRandSource(func() float64 { return []float64{0.1, 0.5, 0.9}[i] })
		r.box.rt.SetTimeSource(func() time.Time { return time.Unix(1_700_000_000+int64(i), 0).UTC() })
		var args []sobek.Value
		if is {
			args = append(args, given)
		}
		_, called, err := r.box.call(function, args...)
		var broke *thrown
		switch {
		case errors.As(err, &broke):
			r.report.Leave(broke.at.Left(function+"()", "it ends here, as it is played without real answers: "+broke.why, "write by hand what follows"))
		case err != nil:
			return err
		case !called:
			return nil
		}
		all = append(all, r.seen.taken())
	}
	r.differences(function, all)
	r.journeys[function] = r.journey(function, all[0])
	return nil
}

// differences tells what is not the same in each turn.
func (r *reader) differences(function string, all []turn) {
	first := all[0]
	for _, other := range all[1:] {
		if len(other.requests) != len(first.requests) {
			at := importer.Place{File: r.file.Name, Line: r.box.lineOf(function)}
			r.report.Leave(at.Left(function+"()", fmt.Sprintf("it sends %d requests one time and %d another", len(first.requests), len(other.requests)), "the first time is carried over; make a stream of each way"))
			return
		}
		for i, b := range other.requests {
			a := first.requests[i]
			for _, part := range []struct{ what, a, b string }{
				{"the address", a.Address, b.Address}, {"the body", a.Body, b.Body}, {"the headers", fmt.Sprint(a.Headers), fmt.Sprint(b.Headers)}, {"the form", fmt.Sprint(a.Fields), fmt.Sprint(b.Fields)},
			} {
				if marker.ReplaceAllString(part.a, "") != marker.ReplaceAllString(part.b, "") {
					r.report.Leave(a.at.Left(part.what+" of "+a.Method, "it is not the same from time to time, and what it was the first time stands here", "write a value under vary, and its {name} there"))
				}
			}
		}
	}
}

// journey makes steps of what was asked.
func (r *reader) journey(function string, t turn) *journey {
	j := &journey{function: function, period: t.sleeps()}
	m := &marks{reader: r, journey: j, byID: map[string]*manifest.JourneyStep{}}
	names := importer.Names{Taken: slices.Clone(namesOfSteps)}
	asked := slices.Concat(r.setup.requests, t.requests)
	j.steps = make([]stepOf, 0, len(asked)) // steps are pointed at
	setup := make([]manifest.JourneyStep, 0, len(r.setup.requests))
	for i, one := range asked {
		step, ok := m.step(one, &names)
		if !ok {
			continue
		}
		if i < len(r.setup.requests) {
			setup = append(setup, step.JourneyStep)
			m.byID[strconv.Itoa(one.id)] = &setup[len(setup)-1]
			continue
		}
		j.steps = append(j.steps, step)
		m.byID[strconv.Itoa(one.id)] = &j.steps[len(j.steps)-1].JourneyStep
	}
	if slices.ContainsFunc(setup, func(s manifest.JourneyStep) bool { return len(s.Capture) > 0 }) {
		j.sessions = setup
	}
	if t.after > 0 && len(t.requests) > 0 {
		r.report.Leave(t.waited.Left("the last sleep", "in an open model nobody waits for who came before", "nothing needs to be done"))
	}
	return j
}

// into puts the journey into a stream, and says whose answers have metrics.
func (j *journey) into(s *manifest.Stream) []answered {
	s.Vary = j.vary
	if len(j.sessions) > 0 {
		s.Sessions = &manifest.Sessions{Count: 1, Steps: j.sessions}
	}
	if len(j.steps) == 1 && j.steps[0].Think == 0 && j.steps[0].Capture == nil {
		step := j.steps[0]
		s.Request, s.OK, s.Timeout = &step.Request, step.OK, step.Timeout
		step.metric = s.Name
		return []answered{step.answered}
	}
	var all []answered
	for _, step := range j.steps {
		s.Steps = append(s.Steps, step.JourneyStep)
		step.metric = s.Name + "." + step.Name
		all = append(all, step.answered)
	}
	return all
}

// namesOfSteps are those that a step cannot have: they are words of metrics.
var namesOfSteps = []string{"latency", "latency_ok", "latency_from_send", "rate", "errors", "status", "in_flight"}

// marker is a value in a text that is known only when the script runs, see prelude.js.
var marker = regexp.MustCompile(`⟦(part|code|int|uuid):([^⟧]*)⟧`)

// marks puts our names in place of markers.
type marks struct {
	*reader
	journey *journey
	byID    map[string]*manifest.JourneyStep
	code    string // what a text was made of that is not played
}

// text is a text with names in place of its markers.
func (m *marks) text(text string) string {
	var b strings.Builder
	for {
		at := marker.FindStringSubmatchIndex(text)
		if at == nil {
			b.WriteString(importer.Literal(text))
			return b.String()
		}
		b.WriteString(importer.Literal(text[:at[0]]))
		b.WriteString(m.value(text[at[2]:at[3]], text[at[4]:at[5]]))
		text = text[at[1]:]
	}
}

// inBody is a text of a body: a number that is drawn is one there, too.
func (m *marks) inBody(text string) string {
	made := m.text(text)
	if at := marker.FindStringSubmatch(text); at != nil && at[0] == text && at[1] == "int" && m.code == "" {
		return strings.TrimSuffix(made, "}") + ":int}"
	}
	return made
}

// value is what stands in place of one marker.
func (m *marks) value(sort, rest string) string {
	switch sort {
	case "part":
		id, path, _ := strings.Cut(rest, ":")
		if step := m.byID[id]; step != nil && path != "json" {
			return "{" + m.captured(step, path) + "}"
		}
	case "int":
		least, most, _ := strings.Cut(rest, ":")
		a, errA := strconv.Atoi(least)
		b, errB := strconv.Atoi(most)
		if errA == nil && errB == nil && a <= b && a > -1e9 && b < 1e9 {
			return m.drawn(fmt.Sprintf("number_%s_%s", strings.ReplaceAll(least, "-", "m"), strings.ReplaceAll(most, "-", "m")), manifest.Vary{Integers: &manifest.Integers{Min: a, Max: b}})
		}
	case "uuid":
		return m.drawn("unique", manifest.Vary{Unique: "uuid"})
	}
	m.code = sort + " " + rest
	return importer.Literal(rest)
}

// drawn is a value that is drawn, by its name.
func (m *marks) drawn(name string, v manifest.Vary) string {
	if _, there := m.journey.vary.Get(name); !there {
		m.journey.vary = append(m.journey.vary, notation.Row[manifest.Vary]{Name: name, Value: v})
	}
	return "{" + name + "}"
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9_]+`)

// captured is the name of a part of the answer to a step.
func (m *marks) captured(step *manifest.JourneyStep, path string) string {
	for _, row := range step.Capture {
		if row.Value == path {
			return row.Name
		}
	}
	base := strings.Trim(notInNames.ReplaceAllString(path[strings.LastIndexByte(path, '.')+1:], "_"), "_")
	if base == "" || base[0] >= '0' && base[0] <= '9' {
		base = "part_" + base
	}
	var taken importer.Names
	for _, other := range m.byID {
		taken.Taken = append(taken.Taken, other.Capture.Names()...)
	}
	name := strings.ReplaceAll(taken.Of(base), "-", "_")
	step.Capture = append(step.Capture, notation.Row[string]{Name: name, Value: path})
	return name
}

// step makes a step of a request.
func (m *marks) step(one *recorded, names *importer.Names) (stepOf, bool) {
	m.code = ""
	a := importer.Asked{At: one.at, Method: one.Method, Address: m.text(one.Address), Body: one.Body, Text: m.inBody}
	for _, h := range one.Headers {
		a.Headers = append(a.Headers, importer.Header{Name: h[0], Value: m.text(h[1])})
	}
	for _, f := range one.Fields {
		a.Form = append(a.Form, importer.Header{Name: f[0], Value: m.text(f[1])})
	}
	request, ok := m.load.Request(a)
	if m.code != "" {
		m.report.Leave(one.at.Left("the request "+one.Method, "it is made of what is not played: "+m.code, "write the request by hand"))
	}
	if !ok || m.code != "" {
		return stepOf{}, false
	}
	path, _, _ := strings.Cut(request.Path, "?")
	name := one.Name
	if name == "" {
		name = one.Method + " " + path
	}
	out := stepOf{
		JourneyStep: manifest.JourneyStep{Name: names.Of(importer.Slug(name, "step")), Request: request, Think: manifest.Duration(one.wait * 1e9), OK: m.ok(one)},
		answered:    answered{name: one.Name, group: one.group, method: one.Method},
	}
	if d, ok := duration(one.Timeout); ok {
		out.Timeout = manifest.Duration(d)
	} else if one.Timeout != "" {
		m.report.Leave(one.at.Left("timeout "+one.Timeout, "it is no time up to a day", "write timeout by hand"))
	}
	return out, true
}

// mostStatuses is how many statuses a condition lists.
const mostStatuses = 20

// ok is what an answer must be by the checks of the script: those that look at the status
// alone are known wholly.
func (m *marks) ok(one *recorded) *manifest.Answer {
	through := []int(nil)
	said := false
	for _, c := range one.checks {
		what := fmt.Sprintf("check %q", c.name)
		switch {
		case len(c.Looked) > 0:
			m.report.Leave(one.at.Left(what, "it looks at "+strings.Join(c.Looked, ", ")+" of the answer, by code", "write under ok what an answer must be"))
		case len(c.Through) == 0:
			m.report.Leave(one.at.Left(what, "no status passes it", "write under ok what an answer must be"))
		case said:
			through = slices.DeleteFunc(through, func(status int) bool { return !slices.Contains(c.Through, status) })
		default:
			through, said = slices.Clone(c.Through), true
		}
	}
	switch {
	case !said || len(through) == 100 && through[0] == 200 && through[99] == 299: // what is asked for anyway
		return nil
	case len(through) == 1:
		return &manifest.Answer{Status: manifest.Statuses{One: through[0]}}
	case len(through) == 0 || len(through) > mostStatuses:
		m.report.Leave(one.at.Left("checks on a status", fmt.Sprintf("%d statuses pass them, and a list here has at most %d", len(through), mostStatuses), "write status under ok by hand"))
		return nil
	}
	return &manifest.Answer{Status: manifest.Statuses{All: through}}
}

// duration is a time as k6 has it: 1m30s, or a number of milliseconds.
func duration(text string) (time.Duration, bool) {
	if ms, err := strconv.ParseFloat(text, 64); err == nil {
		return time.Duration(ms * float64(time.Millisecond)), ms > 0 && ms < 86_400_000
	}
	days, rest, found := strings.Cut(text, "d")
	extra := time.Duration(0)
	if n, err := strconv.Atoi(days); found && err == nil && n >= 0 && n < 2 {
		extra, text = time.Duration(n)*24*time.Hour, rest
		if text == "" {
			text = "0s"
		}
	}
	d, err := time.ParseDuration(text)
	return d + extra, err == nil && d+extra > 0 && d+extra <= 24*time.Hour
}
