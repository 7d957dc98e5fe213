package manifest

import (
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/ledger"
	"holdfast.dev/holdfast/harness/step"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/placeholder"
)

// step compiles one thing to do.
func (c *compiler) step(path string, s Step, n names) step.Step {
	before := c.report.Len()
	c.command(path+".run", s.Run, n)
	if s.SQL != "" {
		c.databaseAt(path, s.At)
	}
	for _, row := range s.Values {
		c.text(path+".values."+row.Name, placeholder.Text(row.Value), n)
	}
	out := step.Step{Name: s.Name, Run: s.Run, SQL: s.SQL, At: s.At, Timeout: time.Duration(s.Timeout)}
	if len(s.Values) > 0 {
		out.Values = s.Values.Map()
	}
	if s.Request != nil {
		out.Request = c.stepRequest(path+".request", *s.Request, s.Capture, n)
	} else if len(s.Capture) > 0 && len(s.Run) == 0 {
		c.report.Say(path+".capture", "only an answer to a request has parts that can be captured")
	}
	if c.report.Len() == before {
		c.invalid(path, out.Validate())
	}
	return out
}

// stepRequest compiles a request that is sent once.
func (c *compiler) stepRequest(path string, r Request, capture notation.Table[string], n names) *step.Request {
	if r.To != "" {
		c.process(path+".to", r.To)
	}
	c.requestTexts(path, r, n)
	header := r.Headers.Map()
	out := &step.Request{To: r.To, Method: r.Method, Path: r.Path, Header: header, Capture: c.captures(strings.TrimSuffix(path, ".request")+".capture", capture)}
	switch {
	case r.JSON != "":
		out.Body = string(r.JSON)
	case len(r.Form) > 0:
		out.Body = formText(r.Form)
		if !hasHeader(r.Headers, "Content-Type") {
			header["Content-Type"] = "application/x-www-form-urlencoded"
		}
	default:
		out.Body = r.Body
	}
	return out
}

// captures reports paths that are none.
func (c *compiler) captures(path string, capture notation.Table[string]) map[string]string {
	if len(capture) == 0 {
		return nil
	}
	for _, row := range capture {
		c.messagePath(path+"."+row.Name, row.Value)
	}
	return capture.Map()
}

func hasHeader(headers notation.Table[string], name string) bool {
	for _, row := range headers {
		if strings.EqualFold(row.Name, name) {
			return true
		}
	}
	return false
}

// formText is a form as a body, whose values are texts still.
func formText(form notation.Table[string]) string {
	var parts []string
	for _, row := range form {
		parts = append(parts, escapeForm(row.Name)+"="+escapeForm(row.Value))
	}
	return strings.Join(parts, "&")
}

// requestTexts reports names in a request that are not known, and bodies beside each
// other.
func (c *compiler) requestTexts(path string, r Request, n names) {
	if !strings.HasPrefix(r.Path, "/") || strings.HasPrefix(r.Path, "//") {
		c.report.Say(path+".path", "%s does not begin with a single /: load goes to the service and nowhere else", quote(r.Path))
	}
	c.text(path+".path", placeholder.Path(r.Path), n)
	for _, row := range r.Headers {
		c.text(path+".headers."+row.Name, placeholder.Header(row.Value), n)
	}
	bodies := 0
	for _, given := range []bool{r.JSON != "", len(r.Form) > 0, r.Body != ""} {
		if given {
			bodies++
		}
	}
	if bodies > 1 {
		c.report.Say(path, "it has more than one body: one of json, form and body")
	}
	c.text(path+".json", placeholder.JSON(string(r.JSON)), n)
	for _, row := range r.Form {
		c.text(path+".form."+row.Name, placeholder.Query(row.Value), n)
	}
	c.text(path+".body", placeholder.Text(r.Body), n)
}

// ledger compiles what was accepted against what arrived.
func (c *compiler) ledger(path string, l Ledger) *ledger.Ledger {
	out := &ledger.Ledger{
		Accepted: ledger.Accepted{Stream: l.Accepted.Stream, Webhook: l.Accepted.Webhook, Key: l.Accepted.Key},
		Arrived:  ledger.Arrived{At: l.Arrived.At, Key: l.Arrived.Key, SQL: l.Arrived.SQL, Run: l.Arrived.Command},
		Delivery: ledger.Delivery(l.Delivery), Times: l.Times,
	}
	c.command(path+".arrived.command", l.Arrived.Command, c.atRun())
	if l.Arrived.SQL != "" {
		c.databaseAt(path+".arrived", l.Arrived.At)
	}
	if r := l.Arrived.Request; r != nil {
		out.Arrived.Request = c.stepRequest(path+".arrived.request", *r, nil, c.atRun().with("key"))
	}
	return out
}
