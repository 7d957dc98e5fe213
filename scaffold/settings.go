package scaffold

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"

	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/redact"
)

// variables writes what is told by the environment: the address of a dependency in its
// export, a secret as one, and what is neither as it stands, in the env of the processes.
func (d *draft) variables() {
	done := map[string]bool{}
	for _, f := range d.settings {
		v := *f.Variable
		if key := v.Of + "\x00" + v.Name; done[key] || done["\x00"+v.Name] && v.Of == "" {
			continue
		} else {
			done[key] = true
		}
		d.variable(f, v)
	}
}

// variable writes one variable to where it belongs.
func (d *draft) variable(f Finding, v Variable) {
	if t, text, ok := d.exported(v); ok {
		d.export(t, v.Name, text)
		return
	}
	if text, ok := d.own(v); ok {
		d.tell(v, text)
		return
	}
	if d.furtherPort(v) || d.outsideAPI(f, v) {
		return
	}
	if g, ok := guarded(v.Name); ok {
		d.tell(v, g.value)
		d.say("processes."+d.told(v)[0], v.Name+": "+g.fix)
		return
	}
	at := "processes"
	switch value, ok := d.copied(f.place(), v); {
	case v.Private && !v.Kept:
	case v.InCode && (v.Value != "" || !redact.Named(v.Name)), strings.HasSuffix(v.Name, "_DSN") && v.Value == "":
	case v.Name == "RAILS_MASTER_KEY" && !v.Kept:
		d.ask(at+"."+d.told(v)[0], v.Name+", if config/credentials.yml.enc is read: no other key than yours opens it, so have it in secrets as ${RAILS_MASTER_KEY}")
	case redact.Named(v.Name):
		name := strings.ToLower(v.Name)
		d.secret(name, 32)
		if v.Value != "" {
			d.leftOut[f.place()+" "+v.Name] = true
		}
		d.tell(v, "{secrets."+name+"}")
	case ok && v.Value != "":
		d.tell(v, value)
	case v.Kept:
		d.tell(v, "")
		d.ask(at+"."+d.told(v)[0], v.Name+", which "+f.place()+" sets for the developer: it is empty in a run")
	case v.Value != "":
		d.ask(at+"."+d.told(v)[0], v.Name+", whose value in "+f.place()+" was not copied")
	}
}

// told are the processes that get a variable.
func (d *draft) told(v Variable) []string {
	if _, ok := d.file.Processes.Get(nameOf(v.Of)); v.Of != "" && ok {
		return []string{nameOf(v.Of)}
	}
	return d.file.Processes.Names()
}

// tell writes a variable into the env of its processes.
func (d *draft) tell(v Variable, text string) {
	for _, name := range d.told(v) {
		p, _ := d.file.Processes.Get(name)
		if _, is := p.Env.Get(v.Name); is {
			continue // a detector knows better
		}
		set(&p.Env, v.Name, text)
		set(&d.file.Processes, name, p)
	}
}

// export writes a variable by which a dependency is found.
func (d *draft) export(t *thing, name, text string) {
	t.told = true
	out, _ := d.file.Dependencies.Get(t.named)
	if _, is := out.Export.Get(name); !is {
		set(&out.Export, name, text)
	}
	set(&d.file.Dependencies, t.named, out)
}

// exported is the dependency that a variable leads to, and what stands for its value.
func (d *draft) exported(v Variable) (*thing, string, bool) {
	if scheme, rest, ok := strings.Cut(v.Value, "://"); ok && plainScheme.MatchString(scheme) {
		if k, known := ofScheme(scheme); known {
			if t := d.thing(k.name, hostIn(rest)); t != nil {
				return t, d.address(k.name, scheme, rest), true
			}
			return nil, "", false
		}
		if t := d.served(hostIn(rest)); t != nil && (scheme == "http" || scheme == "https") {
			return t, "{url}" + pathIn(rest), true
		}
		return nil, "", false
	}
	k, part := byName(v.Name)
	if part == "" {
		host, _, err := net.SplitHostPort(v.Value)
		if t := d.served(host); err == nil && t != nil {
			return t, "{address}", true
		}
		return nil, "", false
	}
	name := k.name
	if slices.Contains(stores, k.name) && isDatabaseName(strings.Replace(strings.TrimPrefix(v.Name, "SPRING_"), "DATASOURCE", "DATABASE", 1)) {
		name = d.databases
	}
	t := d.thing(name, v.Value)
	if t == nil {
		return nil, "", false
	}
	if t.Kind == "smtp" && part == "ADDRESS" && !strings.Contains(v.Value, ":") {
		part = "HOST" // as Action Mailer calls it
	}
	text, ok := partOf(t.Kind, part)
	return t, text, ok
}

// thing is the dependency of a kind; of several the one of that name.
func (d *draft) thing(kind, host string) *thing {
	var first *thing
	for i := range d.things {
		t := &d.things[i]
		if t.Kind != kind {
			continue
		}
		if t.Name == host {
			return t
		}
		if first == nil {
			first = t
		}
	}
	return first
}

// served is the dependency that Compose knows by that host.
func (d *draft) served(host string) *thing {
	for i := range d.things {
		if t := &d.things[i]; t.Name != "" && t.Name == host && t.Image != "" {
			return t
		}
	}
	return nil
}

// own is what a variable that is about the service itself is told.
func (d *draft) own(v Variable) (string, bool) {
	scheme, rest, isURL := strings.Cut(v.Value, "://")
	host := hostIn(rest)
	switch {
	case v.Name == "PORT" || v.Name == "APP_PORT" || v.Name == "HTTP_PORT" || v.Name == "SERVER_PORT":
		return "{port}", true
	case v.Name == "HOST" || v.Name == "BIND" || v.Name == "BIND_HOST" || v.Name == "SERVER_HOST":
		return "{host}", true
	case slices.Contains(ownAddresses, v.Name) && (v.Value == "" || strings.Contains(v.Value, ":")):
		return "{address}", true
	case !isURL || scheme != "http" && scheme != "https":
		return "", false
	}
	if _, is := d.file.Processes.Get(nameOf(host)); is {
		return "{" + nameOf(host) + ".url}" + pathIn(rest), true
	}
	if host == "localhost" || host == "127.0.0.1" || host == "0.0.0.0" || ownAddress.MatchString(v.Name) {
		entry := d.entry()
		if pathIn(rest) == "/" {
			return "{" + entry + ".url}", true
		}
		return "{" + entry + ".url}" + pathIn(rest), true
	}
	return "", false
}

// ownAddresses are variables that hold where the service listens, with its port.
var ownAddresses = words("LISTEN_ADDR LISTEN_ADDRESS LISTEN HTTP_ADDR HTTP_ADDRESS ADDR ADDRESS BIND_ADDR BIND_ADDRESS SERVER_ADDR")

var allOfMachine = regexp.MustCompile(`^(?:0\.0\.0\.0|\[::\])?:[1-9][0-9]{1,4}$`)

// furtherPort gives each process a port more for a variable whose value says that it
// listens on all addresses of the machine, which a run refuses: metrics, gRPC.
func (d *draft) furtherPort(v Variable) bool {
	if !allOfMachine.MatchString(v.Value) {
		return false
	}
	port := nameOf(listensEnd.ReplaceAllString(v.Name, ""))
	for _, name := range d.told(v) {
		p, _ := d.file.Processes.Get(name)
		if len(p.Ports) == 0 {
			p.Ports = notation.Words{"http"} // as it is called where nothing is said
		}
		if !slices.Contains(p.Ports, port) {
			p.Ports = append(p.Ports, port)
		}
		set(&d.file.Processes, name, p)
	}
	d.tell(v, "{host}:{ports."+port+"}")
	return true
}

var listensEnd = regexp.MustCompile(`_(?:LISTEN|BIND|LISTEN_ADDR|BIND_ADDR|ADDR|ADDRESS)$`)

// ownAddress are variables that hold the service's own address.
var ownAddress = regexp.MustCompile(`^(APP|SITE|BASE|PUBLIC|ROOT|SERVER|SELF|FRONTEND|CLIENT|WEB|HOST|ASSET|NEXTAUTH|NEXT_PUBLIC_[A-Z_]*|VITE_[A-Z_]*)_?(URL|URI|ORIGIN|ROOT)$`)

// entry is the process that load goes to.
func (d *draft) entry() string {
	if d.file.Entry != "" {
		return d.file.Entry
	}
	return d.file.Processes[0].Name
}

// addressEnds are endings of variables that hold an outside API's address, longest first.
var addressEnds = words("_API_BASE_URL _BASE_URL _API_BASE _API_URL _API_URI _API_HOST _API_ENDPOINT _ENDPOINT_URL _ENDPOINT _WEBHOOK_URL _URL _URI _HOST _API")

// outsideAPI makes a dependency of the host that a variable leads to.
func (d *draft) outsideAPI(f Finding, v Variable) bool {
	scheme, rest, ok := strings.Cut(v.Value, "://")
	if !ok || scheme != "http" && scheme != "https" {
		named := strings.HasSuffix(v.Name, "_API_BASE") || strings.HasSuffix(v.Name, "_API_URL") || strings.HasSuffix(v.Name, "_BASE_URL") || v.InCode && strings.HasSuffix(v.Name, "_URL")
		if !named || v.Value != "" || ownAddress.MatchString(v.Name) || ofPages.MatchString(v.Name) {
			return false
		}
	}
	base := strings.ToUpper(v.Name)
	for _, end := range addressEnds {
		if rest, ok := strings.CutSuffix(base, end); ok && rest != "" {
			base = rest
			break
		}
	}
	path := pathIn(rest)
	if v.Private || path == "/" {
		path = ""
	}
	if path != "" && d.stripped(f.place(), path) != path {
		path = ""
	}
	d.export(d.apiNamed(f, nameOf(base)), v.Name, "{url}"+path)
	return true
}

// ofPages are variables with an address that a browser is led to, and not called.
var ofPages = regexp.MustCompile(`REDIRECT|CALLBACK|RETURN|SUCCESS|CANCEL|STATIC|MEDIA|CDN|ASSET|IMAGE|LOGO|AVATAR|DOCS|LOGIN|LOGOUT`)

// apiNamed is the outside API of that name, made where there is none.
func (d *draft) apiNamed(f Finding, name string) *thing {
	for i := range d.things {
		if t := &d.things[i]; (t.Kind == "http" || t.Kind == "resend") && nameOf(t.Name) == name {
			return t
		}
	}
	d.things = append(d.things, thing{Dependency: Dependency{Kind: "http", Name: name}, found: f})
	t := &d.things[len(d.things)-1]
	t.named = d.free(name)
	at := "dependencies." + t.named
	d.say(at, f.because())
	set(&d.file.Dependencies, t.named, d.api(at, *t))
	return t
}

// exports gives each dependency that no variable was found for the ones that are usual.
func (d *draft) exports() {
	for i := range d.things {
		t := &d.things[i]
		if t.told || len(t.Hosts) > 0 { // or it is played where its library calls it
			continue
		}
		at := "dependencies." + t.named
		var usual []Variable
		if k, ok := kindNamed(t.Kind); ok {
			usual = k.variables
		} else if t.Kind == "resend" {
			usual = []Variable{{Name: "RESEND_BASE_URL", Value: "{url}"}, {Name: "RESEND_API_KEY", Value: "{key}"}}
		} else if t.Kind == "http" && t.Name == "s3" {
			usual = []Variable{{Name: "AWS_ENDPOINT_URL", Value: "{url}"}}
		} else {
			usual = []Variable{{Name: strings.ToUpper(strings.ReplaceAll(t.named, "-", "_")) + "_URL", Value: "{url}"}}
		}
		for _, v := range usual {
			d.export(t, v.Name, v.Value)
		}
		names := make([]string, len(usual))
		for i, v := range usual {
			names[i] = v.Name
		}
		d.ask(at+".export", fmt.Sprintf("the variable by which the service finds it, if it is not %s", strings.Join(names, " and ")))
	}
}
