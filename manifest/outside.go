package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/backing"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/smtpserver"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/message"
	"holdfast.dev/holdfast/placeholder"
)

// stub compiles an outside API that is played here.
func (c *compiler) stub(path, name string, d Dependency) (harness.Dependency, bool) {
	api, ok := c.api(path, *d.HTTP)
	if !ok {
		return harness.Dependency{}, false
	}
	if n := len(api.played.Routes); n > mostOperations && len(d.HTTP.Operations) == 0 && d.HTTP.OpenAPI != "" {
		c.report.Say(path+".openapi", "it has %d operations, and more than %d are not watched at once: choose those that the service calls, operations: [%s, …]", n, mostOperations, api.played.Routes[0].Name)
	}
	c.apis[name] = api
	config, ok := c.routes(path, api)
	if !ok {
		return harness.Dependency{}, false
	}
	dependency := adapter.Stub(name, config)
	dependency.Export, dependency.Replaces, dependency.Blank = d.Export.Map(), d.hosts(), c.blank(path, d.HTTP.Routes)
	return dependency, true
}

// blank are the routes of the file that answer with nothing, as those of a draft do.
func (c *compiler) blank(path string, routes notation.Table[Route]) map[string]string {
	all := map[string]string{}
	for _, row := range routes {
		if r := row.Value.Response; strings.TrimSpace(string(r.JSON)) == "{}" && r.Status < 300 {
			all[row.Name] = fmt.Sprintf("%s:%d", c.Path, c.document.At(path+".routes."+row.Name+".response").Line)
		}
	}
	return all
}

// routes compiles what an outside API answers.
func (c *compiler) routes(path string, a api) (stub.Config, bool) {
	h := a.played
	if len(h.Routes) == 0 && h.Relay == nil {
		c.report.Say(path+".routes", "it has no routes, so it would answer 404 to everything")
		return stub.Config{}, false
	}
	config := stub.Config{Given: c.atRun().known, Judge: a.judge()}
	if to := c.options.WebhooksTo; to != "" {
		config.Given = append(config.Given, to+".url")
	}
	for _, row := range h.Routes {
		at := path + ".routes." + row.Name
		config.Routes = append(config.Routes, c.route(at, row.Name, row.Value))
	}
	c.relay(path, h, &config)
	for _, problem := range apart(config.Validate()) {
		c.ofRoute(path, h, problem)
	}
	return config, true
}

// ofRoute says a problem where the route stands that it names, or the part of its webhook.
func (c *compiler) ofRoute(path string, h HTTP, problem error) {
	text := problem.Error()
	if what, of := strings.CutPrefix(text, "relay: "); of {
		c.report.Say(path+".relay.to", "%s", what)
		return
	}
	for _, name := range h.Routes.Names() {
		at := path + ".routes." + name
		if rest, of := strings.CutPrefix(text, "route "+name+": webhook: "); of {
			part, what, _ := strings.Cut(rest, ": ")
			c.report.Say(at+".webhook."+part, "%s", what)
			return
		}
		if strings.HasPrefix(text, "route "+name+":") || strings.HasPrefix(text, "route "+name+" ") {
			c.report.Say(at, "%s", text)
			return
		}
	}
	c.report.Say(path, "%s", text)
}

// route compiles one kind of request with its answer.
func (c *compiler) route(path, name string, r Route) stub.Route {
	matcher := message.Matcher{
		Method: r.Request.Method, Path: r.Request.Path, Query: c.conditions(path+".request.query", r.Request.Query),
		Headers: c.conditions(path+".request.headers", r.Request.Headers), JSON: c.conditions(path+".request.json", r.Request.JSON),
		Form: c.conditions(path+".request.form", r.Request.Form), Body: c.condition(path+".request.body", r.Request.Body),
	}
	n := c.atRun().withMessage().with("key", "id", "uuid", "n", "attempt", "url", "host", "port", "address").with(inPath(r.Request.Path)...)
	c.text(path+".key", placeholder.Text(r.Key), n)
	c.text(path+".response.json", placeholder.JSON(string(r.Response.JSON)), n)
	c.text(path+".response.body", placeholder.Text(r.Response.Body), n)
	c.headers(path+".response.headers", r.Response.Headers.Map(), n)
	out := stub.Route{
		Name: name, Request: matcher, Key: r.Key,
		Response: stub.Response{
			Status: r.Response.Status, Headers: r.Response.Headers.Map(), JSON: string(r.Response.JSON), Text: r.Response.Body,
			Latency: time.Duration(r.Response.Latency),
		},
	}
	if r.Webhook != nil {
		out.Webhook = c.webhook(path+".webhook", *r.Webhook)
	}
	if i := r.Idempotency; i != nil {
		out.Idempotency = stub.Idempotency{Header: i.Header, Conflict: i.Conflict, Required: i.Required}
	}
	return out
}

// inPath are the names that a path template has.
func inPath(path string) []string {
	var all []string
	for _, name := range placeholder.Path(path).Names() {
		all = append(all, strings.TrimSuffix(name, "..."))
	}
	return all
}

// resend compiles the e-mail API in the manner of Resend.
func (c *compiler) resend(name string, d Dependency) harness.Dependency {
	dependency := adapter.EmailAPI(name, emailapi.Config{}, adapter.KeyInEnvironment)
	dependency.Export = d.Export.Map()
	return dependency
}

// backing compiles a program, an image or an address.
func (c *compiler) backing(path, name string, d Dependency) (harness.Dependency, bool) {
	n := c.ofOwn(name)
	c.command(path+".command", d.Command, n)
	config := backing.Config{
		Name: name, Command: d.Command, Dir: c.folder(d), Env: c.environment(path+".env", d.Env, n), PassEnv: c.File.PassEnv,
		Port: d.Port, Image: d.Image, Images: c.options.images, Address: string(d.Address), Data: d.Data,
		Ready: c.ready(path+".ready", d.Ready, []string{target.DefaultPort}), Grace: time.Duration(d.StopGracePeriod),
		Memory: uint64(d.Limits.Memory), CPUs: d.Limits.CPUs, Export: d.Export.Map(),
	}
	if d.Address != "" {
		config.Dir = ""
	}
	for _, problem := range apart(config.Validate()) {
		if inner := errors.Unwrap(problem); inner != nil {
			problem = inner // it begins with the name, which the position tells
		}
		c.report.Say(path, "%v", problem)
	}
	return config.Dependency(), true
}

// smtp compiles a mail server that is played here.
func (c *compiler) smtp(path, name string, d Dependency) harness.Dependency {
	config := smtpserver.Config{StartTLS: d.SMTP.StartTLS, Key: d.SMTP.Key}
	for _, problem := range apart(config.Validate()) {
		c.report.Say(path+".key", "%v", problem)
	}
	dependency := adapter.SMTP(name, config)
	dependency.Export = d.Export.Map()
	return dependency
}

// webhook compiles what an outside API sends to the service: to a process that is
// started here, and to nobody else. What is wrong with the rest of it the stub says.
func (c *compiler) webhook(path string, w Webhook) *stub.Webhook {
	to := cmp.Or(w.To, c.Launch.Entry)
	switch p, ok := c.File.Processes.Get(to); {
	case c.options.WebhooksTo != "":
		to = c.options.WebhooksTo
	case !ok && w.To != "":
		c.process(path+".to", w.To)
		return nil
	case p.URL != "":
		c.report.Say(path, "%s is somebody else's: a webhook goes to a process that is started here and nowhere else", to)
		return nil
	case !ok:
		return nil // what is wrong with the entry is said there
	}
	out := &stub.Webhook{
		To: to, Path: w.Path, Method: w.Method, Delay: time.Duration(w.Delay), Headers: w.Headers.Map(), JSON: string(w.JSON),
		Sign: stub.Sign{Stripe: w.Sign.Stripe, GitHub: w.Sign.GitHub, Standard: w.Sign.Standard}, Attempts: w.Attempts,
	}
	if h := w.Sign.HMAC; h != nil {
		out.Sign.HMAC = stub.HMAC{Secret: h.Secret, Header: h.Header, Algorithm: h.Algorithm, Encoding: h.Encoding, Prefix: h.Prefix, Signs: h.Signs, Timestamp: h.Timestamp, ID: h.ID}
	}
	return out
}

// namesIn are the names in braces of a request.
func namesIn(r Request) []string {
	patterns := []placeholder.Pattern{placeholder.Path(r.Path), placeholder.JSON(string(r.JSON)), placeholder.Text(r.Body)}
	for _, row := range slices.Concat(r.Headers, r.Form) {
		patterns = append(patterns, placeholder.Text(row.Value))
	}
	var all []string
	for _, p := range patterns {
		all = append(all, p.Names()...)
	}
	return all
}
