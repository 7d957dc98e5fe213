package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/message"
)

func streamName(s load.Stream) string { return s.Name }

// stream compiles one sequence of requests.
func (c *compiler) stream(path string, s Scenario, t harness.Timeline, f Stream) (load.Stream, bool) {
	out := load.Stream{
		Name: f.Name, To: f.To, StartAt: time.Duration(f.StartAt), Timeout: time.Duration(f.Timeout), MaxInFlight: f.MaxInFlight, HTTP2: f.HTTP2,
		Vars: c.vary(path+".vary", f.Vary), Expect: c.expect(path+".ok", f.OK), Refused: c.refused(path+".refused", f.Refused),
	}
	if f.To != "" {
		c.process(path+".to", f.To)
	}
	var ok bool
	if out.Profile, ok = c.profile(path, f, t); !ok {
		return out, false
	}
	n := c.atRun().with(c.captured()...).with(f.Vary.Names()...)
	if f.Sessions != nil {
		out.Sessions = c.sessions(path+".sessions", *f.Sessions, n)
		n = n.with(f.Sessions.Capture.Names()...)
		for _, step := range f.Sessions.Steps {
			n = n.with(step.Capture.Names()...)
		}
	}
	switch {
	case f.Request != nil && len(f.Steps) > 0:
		c.report.Say(path, "it has both request and steps")
	case f.Request != nil:
		if f.Request.To != "" {
			c.report.Say(path+".request.to", "a stream says for all of its requests where they go: to stands beside request")
		}
		template := c.template(path+".request", *f.Request, n)
		out.Template = &template
	case len(f.Steps) > 0:
		out.Steps = c.steps(path+".steps", f.Steps, n)
	default:
		c.report.Say(path, "it asks nothing: request or steps is missing")
		return out, false
	}
	return out, true
}

// template compiles a request that is sent again and again.
func (c *compiler) template(path string, r Request, n names) load.Template {
	c.requestTexts(path, r, n)
	out := load.Template{Method: r.Method, Path: r.Path, Body: r.Body}
	if len(r.Headers) > 0 {
		out.Header = r.Headers.Map()
	}
	if r.JSON != "" {
		out.JSON = json.RawMessage(r.JSON)
	}
	if len(r.Form) > 0 {
		out.Form = r.Form.Map()
	}
	out.Given = c.givenIn(r)
	return out
}

// givenIn are the names in a request whose values are known only when all is up.
func (c *compiler) givenIn(r Request) []string {
	known := c.atRun().with(c.captured()...).known
	var all []string
	for _, name := range namesIn(r) {
		if slices.Contains(known, name) && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// captured are the names that setup gives to parts of answers.
func (c *compiler) captured() []string {
	var all []string
	for _, step := range slices.Concat(c.File.Setup.Once, c.File.Setup.Each) {
		all = append(all, step.Capture.Names()...)
	}
	return all
}

// steps compiles the requests of a journey.
func (c *compiler) steps(path string, steps []JourneyStep, n names) []load.Step {
	var out []load.Step
	for i, s := range steps {
		at := fmt.Sprintf("%s[%d]", path, i)
		if s.Request.To != "" {
			c.report.Say(at+".request.to", "a stream says for all of its requests where they go: to stands beside steps")
		}
		compiled := load.Step{
			Name: s.Name, Think: time.Duration(s.Think), Timeout: time.Duration(s.Timeout), Template: c.template(at+".request", s.Request, n),
			Expect: c.expect(at+".ok", s.OK), Refused: c.refused(at+".refused", s.Refused), Capture: c.paths(at+".capture", s.Capture),
		}
		n = n.with(s.Capture.Names()...)
		out = append(out, compiled)
	}
	return out
}

// sessions compiles who is logged in before the load begins.
func (c *compiler) sessions(path string, s Sessions, n names) *load.Sessions {
	return &load.Sessions{Count: s.Count, Steps: c.steps(path+".steps", s.Steps, n), Capture: c.paths(path+".capture", s.Capture)}
}

// paths compiles names for parts of an answer.
func (c *compiler) paths(path string, capture notation.Table[string]) map[string]message.Path {
	var all map[string]message.Path
	for _, row := range capture {
		if parsed, ok := c.messagePath(path+"."+row.Name, row.Value); ok {
			all = with(all, row.Name, parsed)
		}
	}
	return all
}

// expect compiles what an answer must be.
func (c *compiler) expect(path string, a *Answer) load.Expectation {
	if a == nil {
		return load.Expectation{}
	}
	return load.Answering(c.matcher(path, *a))
}

// refused compiles what an orderly refusal looks like.
func (c *compiler) refused(path string, a *Answer) load.Expectation {
	if a == nil {
		return load.Expectation{}
	}
	return load.RefusedBy(c.matcher(path, *a))
}

// matcher compiles conditions on an answer.
func (c *compiler) matcher(path string, a Answer) message.Matcher {
	m := message.Matcher{
		Status: a.Status.All, Headers: c.conditions(path+".headers", a.Headers), JSON: c.conditions(path+".json", a.JSON),
		Body: c.condition(path+".body", a.Body),
	}
	if a.Status.One != 0 {
		m.Status = []int{a.Status.One}
	}
	c.invalid(path, m.Validate())
	return m
}

func (c *compiler) conditions(path string, table notation.Table[notation.JSON]) map[string]message.Condition {
	var all map[string]message.Condition
	for _, row := range table {
		all = with(all, row.Name, c.condition(path+"."+row.Name, row.Value))
	}
	return all
}

// condition compiles one condition; none where nothing is asked.
func (c *compiler) condition(path string, text notation.JSON) message.Condition {
	var condition message.Condition
	if text == "" {
		return condition
	}
	if err := json.Unmarshal([]byte(text), &condition); err != nil {
		c.report.Say(path, "%v", errors.Unwrap(err))
	}
	return condition
}

// vary compiles values that differ from request to request.
func (c *compiler) vary(path string, table notation.Table[Vary]) map[string]load.Var {
	var all map[string]load.Var
	for _, row := range table {
		v := row.Value
		at := path + "." + row.Name
		if !variable.MatchString(row.Name) {
			c.report.Say(at+"#", "%s is no name for a value: letters, digits and _", quote(row.Name))
		}
		out := load.Var{Words: v.Words, Weights: v.Weights, Unique: load.Unique(v.Unique), IP: v.IP}
		if v.Integers != nil {
			out.Integers = &load.Integers{Min: int64(v.Integers.Min), Max: int64(v.Integers.Max)}
		}
		if v.Lines != "" {
			out.Lines = c.lines(at+".lines", v.Lines)
		}
		all = with(all, row.Name, out)
	}
	return all
}

// mostLines bounds a file of values, in bytes.
const mostLines = 64 << 20

// lines are those of a file beside the manifest.
func (c *compiler) lines(path, name string) []string {
	file := c.path(name)
	text, err := readLines(file)
	if err != nil {
		c.report.Say(path, "%s cannot be read: %v", name, err)
		return []string{""}
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			all = append(all, line)
		}
	}
	if len(all) == 0 {
		c.report.Say(path, "%s has no lines", name)
		return []string{""}
	}
	return all
}

// readLines is a file that is one, and not too long.
func readLines(file string) ([]byte, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, errors.Unwrap(err) // the name is said already
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no file")
	case info.Size() > mostLines:
		return nil, fmt.Errorf("it has more than %d bytes", mostLines)
	}
	return os.ReadFile(file)
}

var placeOfValue = regexp.MustCompile(`\{[A-Za-z_][^{}]*\}`)

// escapeForm escapes a text of a form, but for its names in braces.
func escapeForm(text string) string {
	var b strings.Builder
	for {
		at := placeOfValue.FindStringIndex(text)
		if at == nil {
			return b.String() + url.QueryEscape(text)
		}
		b.WriteString(url.QueryEscape(text[:at[0]]) + text[at[0]:at[1]])
		text = text[at[1]:]
	}
}
