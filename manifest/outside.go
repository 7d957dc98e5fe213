package manifest

import (
	"errors"
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
	"holdfast.dev/holdfast/message"
	"holdfast.dev/holdfast/placeholder"
)

// stub compiles an outside API that is played here.
func (c *compiler) stub(path, name string, d Dependency) (harness.Dependency, bool) {
	if len(d.HTTP.Routes) == 0 {
		c.report.Say(path+".routes", "it has no routes, so it would answer 404 to everything")
		return harness.Dependency{}, false
	}
	config := stub.Config{Given: c.atRun().known}
	for _, row := range d.HTTP.Routes {
		at := path + ".routes." + row.Name
		config.Routes = append(config.Routes, c.route(at, row.Name, row.Value))
	}
	for _, problem := range apart(config.Validate()) {
		c.report.Say(c.routeOf(path, d, problem), "%v", problem)
	}
	dependency := adapter.Stub(name, config)
	dependency.Export = d.Export.Map()
	return dependency, true
}

// routeOf is where the route stands that a problem names.
func (c *compiler) routeOf(path string, d Dependency, problem error) string {
	for _, name := range d.HTTP.Routes.Names() {
		if strings.HasPrefix(problem.Error(), "route "+name+":") || strings.HasPrefix(problem.Error(), "route "+name+" ") {
			return path + ".routes." + name
		}
	}
	return path
}

// route compiles one kind of request with its answer.
func (c *compiler) route(path, name string, r Route) stub.Route {
	matcher := message.Matcher{
		Method: r.Request.Method, Path: r.Request.Path, Query: c.conditions(path+".request.query", r.Request.Query),
		Headers: c.conditions(path+".request.headers", r.Request.Headers), JSON: c.conditions(path+".request.json", r.Request.JSON),
		Form: c.conditions(path+".request.form", r.Request.Form), Body: c.condition(path+".request.body", r.Request.Body),
	}
	n := c.atRun().withMessage().with("key", "id", "n", "attempt", "url", "host", "port", "address").with(inPath(r.Request.Path)...)
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
		c.webhook(path+".webhook", *r.Webhook, n)
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

// webhook reports what is wrong with what an outside API sends to the service. It is
// not sent yet, which is said before a run.
func (c *compiler) webhook(path string, w Webhook, n names) {
	if w.To != "" {
		c.process(path+".to", w.To)
	}
	if !strings.HasPrefix(w.Path, "/") || strings.HasPrefix(w.Path, "//") {
		c.report.Say(path+".path", "%s does not begin with a single /: a webhook goes to a process of the service and nowhere else", quote(w.Path))
	}
	c.text(path+".path", placeholder.Path(w.Path), n)
	c.text(path+".json", placeholder.JSON(string(w.JSON)), n)
	c.text(path+".sign.stripe", placeholder.Text(w.Sign.Stripe), n)
	c.headers(path+".headers", w.Headers.Map(), n)
	c.NotYet = append(c.NotYet, strings.TrimPrefix(path, "dependencies.")+" is not sent by this version")
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
