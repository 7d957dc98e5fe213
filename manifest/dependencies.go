package manifest

import (
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/placeholder"
)

// sort is one of the things that a dependency can be.
type sort struct {
	key   string
	given bool
}

// sorts are the keys that say what a dependency is, an image with its command among
// them.
func (d Dependency) sorts() []sort {
	return []sort{
		{"postgres", d.Postgres != nil}, {"http", d.HTTP != nil}, {"smtp", d.SMTP != nil}, {"resend", d.Resend != nil},
		{"image", d.Image != ""}, {"command", len(d.Command) > 0 && d.Image == ""}, {"address", d.Address != ""},
	}
}

// what is the key that says what it is, and whether there is exactly one.
func (d Dependency) what() (string, bool) {
	var all []string
	for _, s := range d.sorts() {
		if s.given {
			all = append(all, s.key)
		}
	}
	return strings.Join(all, " and "), len(all) == 1
}

// database is the name of the only database, empty where there is none.
func (s *Service) database() string {
	for _, d := range s.File.Dependencies {
		if d.Value.Postgres != nil {
			return d.Name
		}
	}
	return ""
}

// dependencies reports what is wrong with what the service talks to, and compiles it.
func (c *compiler) dependencies() {
	var databases []string
	for _, row := range c.File.Dependencies {
		path := "dependencies." + row.Name
		switch what, one := row.Value.what(); {
		case what == "":
			c.report.Say(path, "%s is nothing yet: give it one of postgres, http, smtp, resend, image, command and address", row.Name)
			continue
		case !one:
			c.report.Say(path, "%s is more than one thing: %s", row.Name, what)
			continue
		}
		c.ofPrograms(path, row.Value)
		c.exports(path+".export", row.Value)
		c.replaces(path+".replaces", row.Value)
		if row.Value.Postgres != nil {
			databases = append(databases, row.Name)
			if len(databases) > 1 {
				c.report.Say(path, "%s is a second Postgres; one is supported, a second one can be an image", row.Name)
			}
			continue
		}
		if d, ok := c.dependency(path, row.Name, row.Value); ok {
			c.outside = append(c.outside, d)
		}
	}
}

// exports reports names in the variables of a dependency that are not known: nothing
// else stands there in braces. Where a database is, is known last.
func (c *compiler) exports(path string, d Dependency) {
	n := names{known: slices.Concat(ofDependency(d), c.atRun().known)}
	if name := c.database(); d.Postgres == nil && name != "" {
		n.known = slices.DeleteFunc(n.known, func(known string) bool { return strings.HasPrefix(known, name+".") })
	}
	c.environment(path, d.Export, n)
	for _, row := range d.Export {
		for _, name := range placeholder.Text(row.Value).Names() {
			if !n.has(name) && n.missing(name) == "" {
				c.report.Say(path+"."+row.Name, "nothing is called {%s} here; there are %s, and {{ is a brace", name, strings.Join(ofDependency(d), ", "))
			}
		}
	}
}

// ofPrograms reports keys that only an image or a program has.
func (c *compiler) ofPrograms(path string, d Dependency) {
	if d.Image != "" || len(d.Command) > 0 {
		return
	}
	what, _ := d.what()
	for key, given := range map[string]bool{
		"port": d.Port != 0, "working_dir": d.WorkingDir != "", "env": len(d.Env) > 0, "data": d.Data != "",
		"limits": d.Limits != Limits{}, "stop_grace_period": d.StopGracePeriod != 0, "ready": d.Ready != Ready{} && d.Address == "",
	} {
		if given {
			c.report.Say(path+"."+key+"#", "%s is a key of an image or a program, and this is %s", key, what)
		}
	}
}

// dependency compiles what is no Postgres.
func (c *compiler) dependency(path, name string, d Dependency) (harness.Dependency, bool) {
	switch {
	case d.HTTP != nil:
		return c.stub(path+".http", name, d)
	case d.SMTP != nil:
		return c.smtp(path+".smtp", name, d), true
	case d.Resend != nil:
		return c.resend(name, d), true
	default:
		return c.backing(path, name, d)
	}
}

// ofOwn are the names that an image or a program has in its command and environment.
func (c *compiler) ofOwn(name string) names {
	n := names{known: slices.Concat(addressNames(), []string{"own.address", "own.host", "own.port", "own.url", "data"}, c.given())}
	for _, other := range c.File.Dependencies {
		if other.Name == name {
			break // those behind it are not up yet
		}
		for _, part := range ofDependency(other.Value) {
			n = n.with(other.Name + "." + part)
		}
	}
	return n
}

// folder is where a program of a dependency runs.
func (c *compiler) folder(d Dependency) string {
	if d.Image != "" {
		return d.WorkingDir
	}
	return c.path(d.WorkingDir)
}

// header reports names in a text that are not known.
func (c *compiler) headers(path string, all map[string]string, n names) {
	for name, value := range all {
		c.text(path+"."+name, placeholder.Header(value), n)
	}
}
