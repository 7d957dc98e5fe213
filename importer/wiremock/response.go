package wiremock

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
)

func jsonText(text string) notation.JSON { return notation.JSON(text) }

// day is the longest time that is read.
const day = 24 * time.Hour

// response reads an answer, and the fault that a scenario would have for the rest of it.
func (r *reader) response(n *importer.Node, asked manifest.RouteRequest) (out manifest.Response, fault string) {
	t := &templated{reader: r, on: transforms(n), path: asked.Path}
	if status, said := n.Get("status").Number(); said && status >= 200 && status <= 599 && status == float64(int(status)) {
		out.Status = int(status)
	} else if said {
		r.left(n.Get("status"), fmt.Sprintf("%v is no status of an answer", status), "the route answers 200")
	}
	n.Get("statusMessage").Leave("the words behind a status are those of the standard", "nothing needs to be done")
	r.body(n, t, &out)
	r.headers(n.Get("headers"), t, &out)
	return out, r.faults(n, &out)
}

// transforms reports whether an answer is a template.
func transforms(n *importer.Node) bool {
	on := false
	for at := range n.Get("transformers").Parts() {
		if at.Peek() == "response-template" {
			at.Use()
			on = true
		}
	}
	return on
}

// body reads what an answer says.
func (r *reader) body(n *importer.Node, t *templated, out *manifest.Response) {
	switch {
	case n.Get("jsonBody") != nil:
		at := n.Get("jsonBody")
		out.JSON = jsonText(at.JSON(func(text string) string { return t.text(at, text) }))
	case n.Get("body") != nil:
		at := n.Get("body")
		if text, ok := at.Text(); ok {
			out.Body = t.text(at, text)
		}
	case n.Get("base64Body") != nil:
		at := n.Get("base64Body")
		text, err := base64.StdEncoding.DecodeString(at.Peek())
		r.bytes(at, text, err, t, out)
	case n.Get("bodyFileName") != nil:
		at := n.Get("bodyFileName")
		text, err := r.beside(at.Peek())
		r.bytes(at, text, err, t, out)
	}
}

// mostFile is the largest body that is taken out of a file.
const mostFile = 256 << 10

// beside reads a file of WireMock's folder __files.
func (r *reader) beside(name string) ([]byte, error) {
	if r.options.Beside == nil {
		return nil, fmt.Errorf("there is no folder __files beside it")
	}
	name = path.Join("__files", name)
	if info, err := fs.Stat(r.options.Beside, name); err != nil || info.Size() > mostFile {
		return nil, fmt.Errorf("%s cannot be read, or has more than %d bytes", name, mostFile)
	}
	return fs.ReadFile(r.options.Beside, name)
}

// bytes makes a body of bytes that are a text.
func (r *reader) bytes(at *importer.Node, text []byte, err error, t *templated, out *manifest.Response) {
	switch {
	case err != nil:
		at.Leave(err.Error(), "write the body by hand; the route answers without one")
	case !utf8.Valid(text):
		at.Leave("it is no text in UTF-8, and a body here is", "write the body by hand; the route answers without one")
	default:
		at.Use()
		out.Body = t.text(at, r.report.Strip(at.File+" "+at.Path(), "", string(text)))
	}
}

// headers reads those of an answer.
func (r *reader) headers(n *importer.Node, t *templated, out *manifest.Response) {
	for at := range n.Parts() {
		value := at
		if at.Is(importer.List) {
			several := 0
			for one := range at.Parts() {
				if several++; several == 1 {
					value = one
				} else {
					one.Leave("a header of a route has one value", "put them into one, with commas")
				}
			}
		}
		if slices.Contains([]string{"Content-Length", "Transfer-Encoding", "Connection"}, http.CanonicalHeaderKey(at.Name)) {
			at.Leave("it is of how an answer is sent, which the server says itself", "nothing needs to be done")
			continue
		}
		if text, ok := value.Text(); ok {
			out.Headers = append(out.Headers, notation.Row[string]{Name: at.Name, Value: t.text(at, text)})
		}
	}
}

// faults reads what an answer suffers: how late it is, and what goes wrong with it.
func (r *reader) faults(n *importer.Node, out *manifest.Response) string {
	if d, said := n.Get("fixedDelayMilliseconds").Number(); said {
		r.latency(n.Get("fixedDelayMilliseconds"), d, out)
	}
	var all []fault.Kind
	all = append(all, r.distribution(n.Get("delayDistribution"), out)...)
	all = append(all, r.dribble(n.Get("chunkedDribbleDelay"), out)...)
	if at := n.Get("fault"); at != nil {
		kind, known := map[string]fault.Kind{
			"EMPTY_RESPONSE": fault.Close{}, "CONNECTION_RESET_BY_PEER": fault.Reset{}, "MALFORMED_RESPONSE_CHUNK": fault.BadChunk{}, "RANDOM_DATA_THEN_CLOSE": fault.Garbage{Bytes: 512},
		}[at.Peek()]
		if !known {
			at.Leave("it is none of WireMock's faults", "choose one of docs/faults.md")
		} else {
			at.Use()
			all = append(all, kind)
		}
	}
	if len(all) == 0 {
		return ""
	}
	for range all[1:] {
		r.left(n, "a route has one fault in the comment, and this has several", "write the others into the scenario")
	}
	return all[len(all)-1].String()
}

// latency reads how late an answer always is.
func (r *reader) latency(at *importer.Node, ms float64, out *manifest.Response) {
	d := time.Duration(ms * float64(time.Millisecond))
	if ms < 0 || ms > float64(day/time.Millisecond) {
		r.left(at, "it is no time between nothing and a day", "write latency by hand")
		return
	}
	out.Latency = manifest.Duration(d)
}

// distribution reads a delay that is drawn.
func (r *reader) distribution(n *importer.Node, out *manifest.Response) []fault.Kind {
	ms := func(key string) time.Duration {
		f, _ := n.Get(key).Number()
		return time.Duration(min(max(f, 0), float64(day/time.Millisecond)) * float64(time.Millisecond))
	}
	if n == nil {
		return nil
	}
	kind := fault.Delay{}
	switch n.Get("type").Plain() {
	case "fixed":
		f, _ := n.Get("milliseconds").Number()
		r.latency(n, f, out)
		return nil
	case "uniform":
		kind.Distribution = fault.Uniform{Min: ms("lower"), Max: ms("upper")}
	case "lognormal":
		sigma, _ := n.Get("sigma").Number()
		kind.Distribution = fault.LogNormal{Median: ms("median"), Sigma: sigma, Max: ms("maxValue")}
	default:
		n.Leave("it is none of WireMock's distributions", "choose one of docs/faults.md")
		return nil
	}
	if err := kind.Validate(); err != nil {
		n.Leave(err.Error(), "write the delay by hand")
		return nil
	}
	return []fault.Kind{kind}
}

// dribble reads a body that comes in pieces.
func (r *reader) dribble(n *importer.Node, out *manifest.Response) []fault.Kind {
	chunks, _ := n.Get("numberOfChunks").Number()
	total, _ := n.Get("totalDuration").Number()
	length := float64(len(out.Body) + len(out.JSON))
	switch {
	case n == nil:
		return nil
	case chunks < 1 || total <= 0 || length == 0 || total > float64(day/time.Millisecond):
		n.Leave("there is no body, no piece or no time", "write a fault such as drip by hand")
		return nil
	}
	kind := fault.Drip{Bytes: int(max(1, (length+chunks-1)/chunks)), Gap: time.Duration(total / chunks * float64(time.Millisecond))}
	if err := kind.Validate(); err != nil {
		n.Leave(err.Error(), "write a fault such as drip by hand")
		return nil
	}
	return []fault.Kind{kind}
}

// webhooks makes one of the first, and leaves the others.
func (r *reader) webhooks(n *importer.Node, route *manifest.Route) {
	for at := range n.Parts() {
		p := at.Get("parameters")
		u, err := url.Parse(p.Get("url").Peek())
		switch {
		case at.Get("name").Peek() != "webhook" || p == nil:
			at.Leave("it is no webhook", "write by hand what it does")
			continue
		case route.Webhook != nil:
			at.Leave("a route has one webhook", "choose one of them")
			continue
		case err != nil || !strings.HasPrefix(u.Path, "/") || strings.Contains(p.Get("url").Peek(), "{{"):
			at.Leave("its url has no path that is known", "write the webhook by hand")
			continue
		}
		at.Get("name").Use()
		r.left(p.Get("url"), "a webhook goes to a process of the service and nowhere else", "say which with to, where it is not the entry")
		p.Get("url").Use()
		route.Webhook = r.webhook(p, u)
	}
}

// webhook reads what is sent.
func (r *reader) webhook(p *importer.Node, u *url.URL) *manifest.Webhook {
	w := &manifest.Webhook{Path: importer.Literal(u.RequestURI()), Method: p.Get("method").Plain()}
	t := &templated{reader: r, foreign: true, on: true}
	for at := range p.Get("headers").Parts() {
		if text, ok := at.Text(); ok {
			w.Headers = append(w.Headers, notation.Row[string]{Name: at.Name, Value: t.text(at, text)})
		}
	}
	if body := p.Get("body"); body != nil {
		text, _ := body.Text()
		if !json.Valid([]byte(text)) {
			r.left(body, "the body of a webhook here is JSON", "write json by hand")
		} else {
			w.JSON = jsonText(t.json(body, text))
		}
	}
	if d := p.Get("delay"); d != nil {
		ms, said := d.Get("milliseconds").Number()
		if d.Get("type").Peek() == "fixed" && said && ms >= 0 && ms <= float64(day/time.Millisecond) {
			d.Get("type").Use()
			w.Delay = manifest.Duration(ms * float64(time.Millisecond))
		} else {
			d.Leave("the delay of a webhook is one time", "write it by hand")
		}
	}
	return w
}
