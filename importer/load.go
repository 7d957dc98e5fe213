package importer

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/message"
	"holdfast.dev/holdfast/placeholder"
)

// Load is a load of another tool on its way to a holdfast.yaml: requests to one service,
// and what must hold of their answers.
type Load struct {
	Report *Report
	// Base is the address of the service, without a path; the first that is asked for, if
	// it is empty at first.
	Base    string
	prefix  string
	Streams []manifest.Stream
	Checks  []manifest.Check
	// Length is how long the load lasts.
	Length time.Duration
	// Guesses and Notes are comments, by the paths of what they are about below the one
	// scenario: load[0].rate.
	Guesses, Notes map[string]string

	secrets Names
}

// Place is where something stands in a file.
type Place struct {
	File string
	Line int
}

// Left is what is not carried over of a place.
func (p Place) Left(what, why, instead string) Left {
	return Left{File: p.File, Line: p.Line, What: cut(what), Why: why, Instead: instead}
}

func (p Place) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// Asked is a request as another tool has it. Places for values stand in it as ours, and
// braces that are none are doubled.
type Asked struct {
	At      Place
	Method  string
	Address string // whole, or from the path on
	Headers []Header
	Form    []Header
	// Body is as the other tool has it, and Text what a text in it is here; that defaults
	// to one without names.
	Body string
	Text func(string) string
}

// Header is one, or a field of a form.
type Header struct{ Name, Value string }

// SetBase takes the address of the service, with a path before those of all requests.
func (l *Load) SetBase(at Place, address string) {
	base, path, ok := l.split(at, address)
	if !ok {
		l.Report.Leave(at.Left(fmt.Sprintf("the address %q", address), "it is none of HTTP", "write it into the file by hand"))
		return
	}
	l.Base, l.prefix = base, strings.TrimRight(path, "/")
}

// split parts an address into that of the service and the rest.
func (l *Load) split(at Place, address string) (base, rest string, ok bool) {
	scheme, behind, found := strings.Cut(address, "://")
	if scheme = strings.ToLower(scheme); !found || scheme != "http" && scheme != "https" {
		return "", "", false
	}
	end := strings.IndexAny(behind+"/", "/?#")
	host, rest := behind[:end], behind[end:]
	if user := strings.LastIndexByte(host, '@'); user >= 0 {
		l.Report.Strip(at.String()+" user of the address", "password", host[:user])
		host = host[user+1:]
	}
	u, err := url.Parse(scheme + "://" + strings.ToLower(host))
	if err != nil || u.Host == "" || u.Hostname() == "" || strings.ContainsAny(host, "{}") {
		return "", "", false
	}
	return u.String(), rest, true
}

// Request makes one of what another tool asks. What goes to another service is left.
func (l *Load) Request(a Asked) (manifest.Request, bool) {
	out := manifest.Request{Method: a.Method}
	if out.Method == http.MethodGet {
		out.Method = ""
	}
	path := a.Address
	if !strings.HasPrefix(path, "/") {
		base, rest, ok := l.split(a.At, path)
		switch {
		case !ok:
			l.Report.Leave(a.At.Left(fmt.Sprintf("the request to %q", a.Address), "its address is none of HTTP that is known before it runs", "write the request by hand"))
			return out, false
		case l.Base == "":
			l.Base = base
		case l.Base != base:
			l.Report.Leave(a.At.Left(fmt.Sprintf("the request to %s", base), "all load goes to one service, "+l.Base, "make it a dependency, if the service calls it, or a file of its own"))
			return out, false
		}
		path = rest
	} else {
		path = l.prefix + path
	}
	path, _, _ = strings.Cut(path, "#")
	if (message.Matcher{Method: a.Method}).Validate() != nil || strings.ContainsFunc(path, unicode.IsControl) || strings.HasPrefix(path, "//") {
		l.Report.Leave(a.At.Left(fmt.Sprintf("the request %q to %q", a.Method, a.Address), "its method is no word, or its address has a control character or begins with //", "mend it"))
		return out, false
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	out.Path = l.stripPath(a.At, strings.ReplaceAll(path, " ", "%20"))
	l.headers(a, &out)
	l.body(a, &out)
	return out, true
}

// stripPath takes secrets and personal data out of a path with its query.
func (l *Load) stripPath(at Place, path string) string {
	if hasNames(path) {
		return l.Report.Strip(at.String()+" address", "", path)
	}
	stripped := l.Report.StripURL(at.String()+" address", strings.ReplaceAll(path, "{{", "{"))
	if plain, err := url.PathUnescape(stripped); err == nil && plain == strings.ReplaceAll(path, "{{", "{") {
		return path // it was escaped, and nothing else
	}
	return Literal(stripped)
}

func hasNames(text string) bool { return len(placeholder.Text(text).Names()) > 0 }

// headers takes those that a client sets itself; a secret gets a name in the file.
func (l *Load) headers(a Asked, out *manifest.Request) {
	for _, h := range a.Headers {
		if slices.Contains([]string{"Content-Length", "Host", "Transfer-Encoding", "Connection"}, http.CanonicalHeaderKey(h.Name)) {
			l.Report.Leave(a.At.Left("header "+h.Name, "it is of how a request is sent, which the client says itself", "nothing needs to be done"))
			continue
		}
		if _, err := message.ParsePath("header." + h.Name); err != nil || strings.ContainsFunc(h.Value, unicode.IsControl) {
			l.Report.Leave(a.At.Left("header "+h.Name, "its name is no word, or its value has a control character, and HTTP has no such header", "mend it"))
			continue
		}
		if _, twice := out.Headers.Get(h.Name); twice {
			l.Report.Leave(a.At.Left("header "+h.Name, "it stands there for the second time, and a header has one value", "put them into one, with commas"))
			continue
		}
		out.Headers = append(out.Headers, notation.Row[string]{Name: h.Name, Value: l.value(a.At, "header "+h.Name, h)})
	}
}

// value is a value without what is secret or personal in it.
func (l *Load) value(at Place, what string, h Header) string {
	if hasNames(h.Value) {
		return l.Report.Strip(at.String()+" "+what, "", h.Value)
	}
	plain := strings.ReplaceAll(h.Value, "{{", "{")
	stripped := l.Report.Strip(at.String()+" "+what, h.Name, plain)
	scheme, standIn, two := strings.Cut(stripped, " ")
	switch {
	case stripped == plain:
		return h.Value
	case strings.HasPrefix(stripped, "stripped-secret-"):
		return "{secrets." + l.secret(h.Name) + "}"
	case two && strings.HasPrefix(standIn, "stripped-secret-"):
		return Literal(scheme) + " {secrets." + l.secret(h.Name) + "}"
	}
	return Literal(stripped)
}

// secret is the name of a secret of the file.
func (l *Load) secret(header string) string {
	name := strings.ReplaceAll(Slug(header, "secret"), "-", "_")
	if !slices.Contains(l.secrets.Taken, name) {
		l.secrets.Taken = append(l.secrets.Taken, name)
	}
	return name
}

// body takes a body as JSON where it is that, as a form, or as a text.
func (l *Load) body(a Asked, out *manifest.Request) {
	for _, f := range a.Form {
		if _, twice := out.Form.Get(f.Name); twice {
			l.Report.Leave(a.At.Left("form "+f.Name, "it stands there for the second time, and a field has one value", "write the form as a body by hand"))
			continue
		}
		out.Form = append(out.Form, notation.Row[string]{Name: f.Name, Value: l.value(a.At, "form "+f.Name, f)})
	}
	text := a.Text
	if text == nil {
		text = Literal
	}
	if trimmed := strings.TrimSpace(a.Body); strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") {
		if n, err := l.Report.Document(a.At.File, a.At.Line, trimmed); err == nil {
			out.JSON = notation.JSON(n.JSON(text))
			return
		}
	}
	out.Body = text(l.Report.Strip(a.At.String()+" body", "", a.Body))
}

// Draft is the file with the load as its one scenario.
func (l *Load) Draft(tool string, files []File) *Draft {
	name := Slug(BaseName(files[0].Name), "service")
	d := NewDraft(name, tool, files)
	base := l.Base
	if base == "" {
		base = "http://127.0.0.1:8080"
	}
	u, _ := url.Parse(base) // it was made of one
	d.File.Processes = notation.Table[manifest.Process]{{Name: "service", Value: manifest.Process{URL: notation.Literal(base)}}}
	d.Guess("processes.service", "a service that runs already, which --allow-host %s lets a run reach. With command in place of url the run starts one of its own, and may break what it calls", u.Hostname())
	for _, secret := range l.secrets.Taken {
		d.File.Secrets = append(d.File.Secrets, notation.Row[manifest.Secret]{Name: secret, Value: manifest.Secret{Generate: 32}})
	}
	if len(d.File.Secrets) > 0 {
		d.Guess("secrets", "what stood in the file was taken out; write \"${NAME}\" for one that a variable has")
	}
	s := manifest.Scenario{
		Name: "load/" + name, Claim: "The service bears this load as it must.",
		Timeline: manifest.Timeline{Baseline: manifest.Duration(l.Length)}, Load: l.Streams, Checks: l.Checks,
	}
	if len(s.Checks) == 0 {
		s.Checks = []manifest.Check{{Text: l.Streams[0].Name + ".ok_ratio >= 99%"}}
		d.Guess("scenarios[0].checks[0]", "the file says nothing of what must hold")
	}
	d.File.Scenarios = []manifest.Scenario{s}
	d.Guess("scenarios[0].claim", "say what a pass shows")
	for path, text := range l.Notes {
		d.Note("scenarios[0]."+path, "%s", text)
	}
	for path, text := range l.Guesses {
		d.Guess("scenarios[0]."+path, "%s", text)
	}
	return d
}

// Rate is a rate as a text, of so many requests a second.
func Rate(perSecond float64) string {
	return strconv.FormatFloat(perSecond, 'f', -1, 32) + "/s"
}

// Responses are the streams and steps that have answers, by how their metrics begin.
func (l *Load) Responses() []string {
	var all []string
	for _, s := range l.Streams {
		if len(s.Steps) == 0 {
			all = append(all, s.Name)
		}
		for _, step := range s.Steps {
			all = append(all, s.Name+"."+step.Name)
		}
	}
	return all
}

// Check adds one of each of these responses, because of what stood in the file.
func (l *Load) Check(responses []string, metric, limit, because string) {
	for _, name := range responses {
		l.Checks = append(l.Checks, manifest.Check{Check: name + "." + metric + " " + limit, Because: oneLine(because)})
	}
}

// Percentile is how a percentile of latency is called here, and why it is another than
// was asked for; false where there is nothing like it.
func Percentile(percent float64) (name, otherwise string, ok bool) {
	for _, p := range []struct {
		at   float64
		name string
	}{{50, "p50"}, {90, "p90"}, {95, "p95"}, {99, "p99"}, {99.9, "p99_9"}, {100, "max"}} {
		switch {
		case percent == p.at:
			return p.name, "", true
		case percent > 0 && percent < p.at:
			return p.name, fmt.Sprintf("p%v is not measured by itself, and %s is the next above: a limit on it is the stricter", percent, p.name), true
		}
	}
	return "", "", false
}

// Milliseconds is a time as a check has it.
func Milliseconds(ms float64) string { return strconv.FormatFloat(ms, 'f', -1, 64) + "ms" }
