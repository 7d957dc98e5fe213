package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/message"
	"holdfast.dev/holdfast/nearest"
	"holdfast.dev/holdfast/placeholder"
)

// names are those that a text may have in braces where it stands.
type names struct {
	known []string
	open  []string // beginnings of names of which any is known: json., header.
}

// with are the names and more.
func (n names) with(more ...string) names {
	n.known = slices.Concat(n.known, more)
	return n
}

// withMessage are the names and the parts of a message.
func (n names) withMessage() names {
	n.open = slices.Concat(n.open, []string{"json.", "form.", "header.", "query.", "path."})
	return n.with("status", "method", "body", "json", "path")
}

func (n names) has(name string) bool {
	return slices.Contains(n.known, name) || slices.ContainsFunc(n.open, func(begin string) bool { return strings.HasPrefix(name, begin) })
}

// missing says why a name that is not known cannot be what was meant; empty where it
// is a text like any other: a regular expression, the {id} of a path.
func (n names) missing(name string) string {
	if n.has(name) {
		return ""
	}
	if near := nearest.Hint(name, n.known); near != "" {
		return fmt.Sprintf("nothing is called {%s} here%s", name, near)
	}
	first, rest, dotted := strings.Cut(name, ".")
	if !dotted {
		return ""
	}
	var siblings []string
	for _, known := range n.known {
		if of, found := strings.CutPrefix(known, first+"."); found {
			siblings = append(siblings, of)
		}
	}
	switch {
	case len(siblings) > 0:
		return fmt.Sprintf("{%s}: %s has no %s%s", name, first, rest, listed(siblings))
	case first == "secrets" || first == "parameters":
		return fmt.Sprintf("{%s}: the file has no %s of that name", name, first)
	}
	return ""
}

func listed(all []string) string {
	const most = 8
	if len(all) > most {
		return ""
	}
	return "; there are " + strings.Join(all, ", ")
}

// elsewhereThan says that a name is one of a process or a dependency, which is not
// known where it stands; empty where it is known, or none.
func (c *compiler) elsewhereThan(n names, name string) string {
	if n.has(name) {
		return ""
	}
	first, _, _ := strings.Cut(name, ".")
	_, isProcess := c.File.Processes.Get(first)
	_, isDependency := c.File.Dependencies.Get(first)
	if strings.Contains(name, ".") && (isProcess || isDependency) {
		return fmt.Sprintf("{%s} is not known here yet", name)
	}
	return ""
}

// text reports names in braces that are not known where the text stands and look like
// one that is.
func (c *compiler) text(path string, p placeholder.Pattern, n names) {
	for _, name := range p.Names() {
		if why := cmp.Or(n.missing(name), c.elsewhereThan(n, name)); why != "" {
			c.report.Say(path, "%s", why)
		}
	}
}

// addressNames are what can be said of where something listens.
func addressNames() []string { return []string{"url", "host", "port", "address"} }

// databaseNames are what can be said of a database beside.
func databaseNames() []string { return []string{"dsn", "database", "user", "password"} }

// ofDependency are the names that a dependency has in its own export.
func ofDependency(d Dependency) []string {
	if d.Postgres != nil {
		return slices.Concat(addressNames(), databaseNames())
	}
	if d.Resend != nil {
		return append(addressNames(), "key")
	}
	return addressNames()
}

// given are the names that are known everywhere: secrets and parameters.
func (c *compiler) given() []string {
	var all []string
	for _, name := range c.File.Secrets.Names() {
		all = append(all, "secrets."+name)
	}
	for _, name := range c.parameters() {
		all = append(all, "parameters."+name)
	}
	return all
}

// parameters are the names of all parameters, also of those that only a scenario has.
func (c *compiler) parameters() []string {
	all := c.File.Parameters.Names()
	for _, s := range c.File.Scenarios {
		for _, name := range s.Parameters.Names() {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return all
}

// addresses are the names of where everything is, which are known once all is up.
func (c *compiler) addresses() []string {
	var all []string
	for _, p := range c.File.Processes {
		for n := range min(max(1, p.Value.Replicas), target.MaxReplicas) {
			instance := target.ReplicaName(p.Name, n+1)
			for _, name := range addressNames() {
				all = append(all, instance+"."+name)
			}
			for _, port := range ports(p.Value) {
				all = append(all, instance+".ports."+port)
			}
		}
	}
	for _, d := range c.File.Dependencies {
		for _, name := range ofDependency(d.Value) {
			all = append(all, d.Name+"."+name)
		}
	}
	return all
}

// ports are the names of a process's ports.
func ports(p Process) []string {
	if len(p.Ports) == 0 {
		return []string{"http"}
	}
	return p.Ports
}

// ofProcess are the names that a process has in its own command and environment.
func (c *compiler) ofProcess(p Process) names {
	own := []string{"port", "host", "address", "url", "replica"}
	for _, port := range ports(p) {
		own = append(own, "ports."+port)
	}
	return names{known: slices.Concat(own, c.given(), c.addresses())}
}

// atRun are the names that are known when all is up.
func (c *compiler) atRun() names { return names{known: slices.Concat(c.given(), c.addresses())} }

// messagePath reads the name of a part of a message.
func (c *compiler) messagePath(path, text string) (message.Path, bool) {
	parsed, err := message.ParsePath(text)
	if err != nil {
		c.report.Say(path, "%v", err)
	}
	return parsed, err == nil
}
