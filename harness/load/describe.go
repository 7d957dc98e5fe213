package load

import (
	"encoding/json"
	"maps"
	"time"

	"holdfast.dev/holdfast/message"
)

// The forms in which a stream is written as JSON: all that it says as data, in the
// words that a file has for it.
type (
	streamJSON struct {
		Name     string         `json:"name"`
		To       string         `json:"to,omitempty"`
		Rate     string         `json:"rate"` // as Lay reads it
		StartAt  string         `json:"start_at,omitempty"`
		Vary     map[string]Var `json:"vary,omitempty"`
		Request  *requestJSON   `json:"request,omitempty"`
		Steps    []stepJSON     `json:"steps,omitempty"`
		Sessions *sessionsJSON  `json:"sessions,omitempty"`
		OK       any            `json:"ok,omitempty"`
		Refused  any            `json:"refused,omitempty"`
		HTTP2    bool           `json:"http2,omitempty"`
		Timeout  string         `json:"timeout,omitempty"`
		InFlight int            `json:"max_in_flight,omitempty"`
		MaxLag   string         `json:"max_lag,omitempty"`
		MaxBody  int64          `json:"max_body,omitempty"`
	}
	requestJSON struct {
		// Code says that the requests are those of a function.
		Code    bool              `json:"code,omitempty"`
		Method  string            `json:"method,omitempty"`
		Path    string            `json:"path,omitempty"`
		Headers map[string]string `json:"headers,omitempty"`
		JSON    json.RawMessage   `json:"json,omitempty"`
		Form    map[string]string `json:"form,omitempty"`
		Body    string            `json:"body,omitempty"`
		Given   []string          `json:"given,omitempty"`
	}
	stepJSON struct {
		Name    string            `json:"name"`
		Think   string            `json:"think,omitempty"`
		Request requestJSON       `json:"request"`
		Vary    map[string]Var    `json:"vary,omitempty"`
		OK      any               `json:"ok,omitempty"`
		Refused any               `json:"refused,omitempty"`
		Capture map[string]string `json:"capture,omitempty"`
		Timeout string            `json:"timeout,omitempty"`
	}
	sessionsJSON struct {
		Count   int               `json:"count"`
		Steps   []stepJSON        `json:"steps"`
		Capture map[string]string `json:"capture,omitempty"`
	}
	matcherJSON struct {
		Status  []int                        `json:"status,omitempty"`
		Headers map[string]message.Condition `json:"headers,omitempty"`
		JSON    map[string]message.Condition `json:"json,omitempty"`
		Form    map[string]message.Condition `json:"form,omitempty"`
		Body    *message.Condition           `json:"body,omitempty"`
	}
)

// MarshalJSON writes all that the stream says as data. Where code says what is asked,
// or what an answer must be, it writes that or the expectation's name.
func (s Stream) MarshalJSON() ([]byte, error) {
	j := streamJSON{
		Name: s.Name, To: s.To, StartAt: optional(s.StartAt), Vary: s.Vars, Steps: stepsJSON(s.Steps),
		OK: described(s.Expect), Refused: described(s.Refused), HTTP2: s.HTTP2, Timeout: optional(s.Timeout), InFlight: s.MaxInFlight,
		MaxLag: optional(s.MaxLag), MaxBody: s.MaxBody,
	}
	if s.Profile != nil {
		j.Rate = Text(s.Profile)
	}
	switch {
	case s.Template != nil:
		request := s.Template.described()
		j.Request = &request
		if len(s.Template.Vars) > 0 {
			j.Vary = s.Template.with(s.Vars).Vars
		}
	case s.Next != nil:
		j.Request = &requestJSON{Code: true}
	}
	if s.Sessions != nil {
		j.Sessions = &sessionsJSON{s.Sessions.Count, stepsJSON(s.Sessions.Steps), capturesJSON(s.Sessions.Capture)}
	}
	return json.Marshal(j)
}

// optional is a time that has a default.
func optional(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return lengthText(d)
}

func (t Template) described() requestJSON {
	return requestJSON{Method: t.Method, Path: t.Path, Headers: t.Header, JSON: t.JSON, Form: t.Form, Body: t.Body, Given: t.Given}
}

func stepsJSON(steps []Step) []stepJSON {
	var all []stepJSON
	for _, s := range steps {
		all = append(all, stepJSON{
			Name: s.Name, Think: optional(s.Think), Request: s.Template.described(), Vary: s.Template.Vars,
			OK: described(s.Expect), Refused: described(s.Refused), Capture: capturesJSON(s.Capture), Timeout: optional(s.Timeout),
		})
	}
	return all
}

func capturesJSON(parts map[string]message.Path) map[string]string {
	all := make(map[string]string, len(parts))
	for name, part := range maps.All(parts) {
		all[name] = part.String()
	}
	return all
}

// described is an expectation as data, or else its name; nil where there is none.
func described(e Expectation) any {
	switch m := e.Matches; {
	case e.Judge == nil:
		return nil
	case m == nil:
		return e.Name
	default:
		j := matcherJSON{Status: m.Status, Headers: m.Headers, JSON: m.JSON, Form: m.Form}
		if !m.Body.IsZero() {
			j.Body = &m.Body
		}
		return j
	}
}
