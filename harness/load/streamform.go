package load

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"holdfast.dev/holdfast/message"
)

// The forms in which streams are written for another process. Unlike those of
// [Stream.MarshalJSON], which are for people, they lose nothing: profiles are fixed in
// time, bodies byte for byte.
type (
	streamForm struct {
		Name        string         `json:"name"`
		To          string         `json:"to,omitempty"`
		Profile     string         `json:"profile"`
		StartAt     time.Duration  `json:"start_at,omitempty"`
		Template    *templateForm  `json:"template,omitempty"`
		Steps       []stepForm     `json:"steps,omitempty"`
		Vars        map[string]Var `json:"vars,omitempty"`
		Sessions    *sessionsForm  `json:"sessions,omitempty"`
		Expect      *matcherJSON   `json:"expect,omitempty"`
		Refused     *matcherJSON   `json:"refused,omitempty"`
		HTTP2       bool           `json:"http2,omitempty"`
		Timeout     time.Duration  `json:"timeout,omitempty"`
		MaxInFlight int            `json:"max_in_flight,omitempty"`
		MaxLag      time.Duration  `json:"max_lag,omitempty"`
		MaxBody     int64          `json:"max_body,omitempty"`
	}
	templateForm struct {
		Template
		// Text is Template.JSON as it was written.
		Text string `json:"text,omitempty"`
	}
	stepForm struct {
		Name     string            `json:"name"`
		Think    time.Duration     `json:"think,omitempty"`
		Template templateForm      `json:"template"`
		Expect   *matcherJSON      `json:"expect,omitempty"`
		Refused  *matcherJSON      `json:"refused,omitempty"`
		Capture  map[string]string `json:"capture,omitempty"`
		Timeout  time.Duration     `json:"timeout,omitempty"`
	}
	sessionsForm struct {
		Count   int               `json:"count"`
		Steps   []stepForm        `json:"steps"`
		Capture map[string]string `json:"capture,omitempty"`
	}
)

// streamData writes a stream, or says what of it is code.
func streamData(s Stream) (streamForm, error) {
	d := streamForm{
		Name: s.Name, To: s.To, StartAt: s.StartAt, Vars: s.Vars, HTTP2: s.HTTP2, Timeout: s.Timeout, MaxInFlight: s.MaxInFlight, MaxLag: s.MaxLag, MaxBody: s.MaxBody,
	}
	var errs [5]error
	d.Profile, errs[0] = profileData(s.Profile)
	if s.Next != nil {
		errs[1] = errors.New("its requests are made by a function")
	}
	if s.Template != nil {
		t := templateData(*s.Template)
		d.Template = &t
	}
	d.Expect, d.Refused, errs[2] = answersData(s.Expect, s.Refused)
	d.Steps, errs[3] = stepsData(s.Steps)
	if s.Sessions != nil {
		d.Sessions = &sessionsForm{Count: s.Sessions.Count, Capture: capturesJSON(s.Sessions.Capture)}
		d.Sessions.Steps, errs[4] = stepsData(s.Sessions.Steps)
	}
	return d, errors.Join(errs[:]...)
}

// profileData writes a profile so that it is read as exactly the same plan.
func profileData(p Profile) (string, error) {
	if s, ok := p.(shaped); ok {
		p = s.Profile
	}
	if p == nil {
		return "", errors.New("it has no profile")
	}
	text := p.String()
	if _, err := ParseProfile(text); err != nil {
		return "", fmt.Errorf("its load %s is given request by request", text)
	}
	return text, nil
}

func templateData(t Template) templateForm {
	text := string(t.JSON)
	t.JSON = nil
	return templateForm{t, text}
}

func (d templateForm) template() Template {
	t := d.Template
	if d.Text != "" {
		t.JSON = json.RawMessage(d.Text)
	}
	return t
}

func stepsData(steps []Step) ([]stepForm, error) {
	var all []stepForm
	var errs []error
	for _, s := range steps {
		d := stepForm{Name: s.Name, Think: s.Think, Template: templateData(s.Template), Capture: capturesJSON(s.Capture), Timeout: s.Timeout}
		var err error
		if d.Expect, d.Refused, err = answersData(s.Expect, s.Refused); err != nil {
			errs = append(errs, fmt.Errorf("step %s: %w", s.Name, err))
		}
		all = append(all, d)
	}
	return all, errors.Join(errs...)
}

func answersData(expect, refused Expectation) (e, r *matcherJSON, err error) {
	data := func(what string, e Expectation) *matcherJSON {
		j, ok := described(e).(matcherJSON)
		switch {
		case ok:
			return &j
		case e.Judge != nil:
			err = errors.Join(err, fmt.Errorf("%s, %s, is a function", what, e.Name))
		}
		return nil
	}
	e, r = data("its expected answer", expect), data("what refuses it", refused)
	return e, r, err
}

// stream is the inverse of streamData.
func (d streamForm) stream() (Stream, error) {
	s := Stream{
		Name: d.Name, To: d.To, StartAt: d.StartAt, Vars: d.Vars, HTTP2: d.HTTP2, Timeout: d.Timeout, MaxInFlight: d.MaxInFlight, MaxLag: d.MaxLag, MaxBody: d.MaxBody,
		Expect: d.Expect.expectation(Answering), Refused: d.Refused.expectation(RefusedBy),
	}
	var errs [4]error
	s.Profile, errs[0] = ParseProfile(d.Profile)
	if d.Template != nil {
		t := d.Template.template()
		s.Template = &t
	}
	s.Steps, errs[1] = stepsOf(d.Steps)
	if d.Sessions != nil {
		s.Sessions = &Sessions{Count: d.Sessions.Count}
		s.Sessions.Steps, errs[2] = stepsOf(d.Sessions.Steps)
		s.Sessions.Capture, errs[3] = pathsOf(d.Sessions.Capture)
	}
	return s, errors.Join(errs[:]...)
}

func stepsOf(all []stepForm) ([]Step, error) {
	var steps []Step
	var errs []error
	for _, d := range all {
		capture, err := pathsOf(d.Capture)
		if err != nil {
			errs = append(errs, fmt.Errorf("step %s: %w", d.Name, err))
		}
		steps = append(steps, Step{
			Name: d.Name, Think: d.Think, Template: d.Template.template(), Expect: d.Expect.expectation(Answering),
			Refused: d.Refused.expectation(RefusedBy), Capture: capture, Timeout: d.Timeout,
		})
	}
	return steps, errors.Join(errs...)
}

func pathsOf(texts map[string]string) (map[string]message.Path, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	all := make(map[string]message.Path, len(texts))
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		var err error
		all[name], err = message.ParsePath(texts[name])
		errs = append(errs, err)
	}
	return all, errors.Join(errs...)
}

// expectation is what an answer must be; none where nothing was written.
func (j *matcherJSON) expectation(of func(message.Matcher) Expectation) Expectation {
	if j == nil {
		return Expectation{}
	}
	m := message.Matcher{Status: j.Status, Headers: j.Headers, JSON: j.JSON, Form: j.Form}
	if j.Body != nil {
		m.Body = *j.Body
	}
	return of(m)
}
