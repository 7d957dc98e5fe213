package manifest

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/nearest"
	"holdfast.dev/holdfast/placeholder"
)

// compiler turns a file into the harness's values, and reports what is wrong with it
// at the line where it stands.
type compiler struct {
	*Service
	report *notation.Report
	dir    string // of the file, absolute
	// outside are the dependencies that are no Postgres, in the order of the file.
	outside []harness.Dependency
	// general says that something is wrong with what all scenarios share.
	general bool
	// once and each are the steps of setup.
	once, each []harness.SetupStep
}

// compile fills in what the harness is told.
func (s *Service) compile() error {
	c := &compiler{Service: s, report: s.document.Problems()}
	var err error
	if c.dir, err = filepath.Abs(s.Dir); err != nil {
		return fmt.Errorf("find the folder of %s: %w", s.Path, err)
	}
	if known := c.File.Profiles.Names(); s.options.Profile != "" && !slices.Contains(known, s.options.Profile) && !s.isCatalogues(s.options.Profile) {
		return fmt.Errorf("%s has no profile %q%s; it has %s", s.Path, s.options.Profile, nearest.Hint(s.options.Profile, known), orNone(known))
	}
	c.names()
	c.secrets()
	c.processes()
	c.dependencies()
	c.setup()
	c.protections()
	c.contracts()
	c.scenarios()
	c.coverage()
	c.Launch.Closed = c.Launch.URL == "" // an API that nobody has stubbed is the real one
	return c.report.Err()
}

// orNone lists names in words.
func orNone(names []string) string {
	if len(names) == 0 {
		return "none: add one under profiles, with its parameters"
	}
	return strings.Join(names, ", ")
}

var (
	serviceName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	plainName   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)
	variable    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// reserved have a meaning of their own in places of faults, metrics or texts.
func reserved() []string {
	return []string{"database", "target", "machine", "ledger", "drain", "own", "secrets", "parameters", "ports", "json", "form", "header", "query", "path", "status", "method", "body"}
}

// names reports names that are none, or that two things have.
func (c *compiler) names() {
	if !serviceName.MatchString(c.File.Name) {
		c.report.Say("name", "%q is no name: lower-case letters, digits and dashes", c.File.Name)
	}
	if len(c.File.Processes) == 0 {
		c.report.Say("processes", "no process is named")
	}
	if len(c.File.Scenarios) == 0 && len(c.File.areas()) == 0 {
		c.report.Say("scenarios", "there are no scenarios; without one nothing is shown")
	}
	for _, name := range c.File.Processes.Names() {
		c.placeName("processes."+name+"#", name)
		if _, taken := c.File.Dependencies.Get(name); taken {
			c.report.Say("dependencies."+name+"#", "a process is called %s, too", name)
		}
	}
	for _, name := range c.File.Dependencies.Names() {
		c.placeName("dependencies."+name+"#", name)
	}
	for _, name := range c.File.Parameters.Names() {
		c.plain("parameters."+name+"#", name)
	}
	for _, profile := range c.File.Profiles {
		path := "profiles." + profile.Name
		c.plain(path+"#", profile.Name)
		for _, name := range profile.Value.Parameters.Names() {
			if known := c.File.Parameters.Names(); !slices.Contains(known, name) {
				c.report.Say(path+".parameters."+name+"#", "there is no parameter %q to set anew%s", name, nearest.Hint(name, known))
			}
		}
	}
	for _, name := range c.File.PassEnv {
		if !variable.MatchString(name) {
			c.report.Say("pass_env", "%q is no name of a variable", name)
		}
	}
}

// placeName reports a name that cannot be that of a place.
func (c *compiler) placeName(path, name string) {
	if slices.Contains(reserved(), name) {
		c.report.Say(path, "%s has a meaning of its own; choose another name", name)
		return
	}
	c.plain(path, name)
}

func (c *compiler) plain(path, name string) {
	if !plainName.MatchString(name) {
		c.report.Say(path, "%q is no name: a letter, and letters, digits, - and _ behind it", name)
	}
}

// leastSecret is how short a secret may be drawn.
const leastSecret = 8

// secrets draws those that are to be drawn, and takes note of them all.
func (c *compiler) secrets() {
	c.Launch.Values = map[string]string{}
	for _, row := range c.File.Secrets {
		path := "secrets." + row.Name
		c.plain(path+"#", row.Name)
		switch s := row.Value; {
		case s.Generate == 0 && s.Value == "":
			c.report.Say(path, "it has no value: a text, or { generate: 32 }")
		case s.Value != "":
			c.Launch.Values["secrets."+row.Name] = string(s.Value)
		case s.Generate < leastSecret || s.Generate > 4096:
			c.report.Say(path+".generate", "%d characters: between %d and 4096 can be drawn", s.Generate, leastSecret)
		default:
			c.Launch.Values["secrets."+row.Name] = draw(s.Generate)
		}
	}
	for _, row := range c.File.Parameters {
		c.Launch.Values["parameters."+row.Name] = row.Value
	}
	chosen, _ := c.File.Profiles.Get(c.options.Profile)
	for _, row := range chosen.Parameters {
		c.Launch.Values["parameters."+row.Name] = row.Value
	}
}

// draw makes a secret of so many letters and digits.
func draw(length int) string {
	var b strings.Builder
	for b.Len() < length {
		b.WriteString(rand.Text())
	}
	return b.String()[:length]
}

// path is a path of the file, from its folder.
func (c *compiler) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.dir, name)
}

// process reports that there is no process of a name, with the nearest.
func (c *compiler) process(path, name string) bool {
	if _, ok := c.File.Processes.Get(name); ok {
		return true
	}
	c.report.Say(path, "there is no process %s%s", quote(name), c.nearestOf(name, c.File.Processes.Names()))
	return false
}

// nearestOf names what was meant, or else all that there are.
func (c *compiler) nearestOf(name string, all []string) string {
	if near := nearest.Hint(name, all); near != "" {
		return near
	}
	if len(all) == 0 {
		return "; there is none at all"
	}
	return listed(all)
}

func quote(text string) string {
	const most = 80
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return fmt.Sprintf("%q", text)
}

// command reports what may not stand in a command: everybody on the machine can read
// it.
func (c *compiler) command(path string, command Command, n names) {
	if len(command) > 0 && command[0] == "" {
		c.report.Say(path, "it begins with an empty word, and so names no program")
	}
	if len(command) == 1 && strings.Contains(command[0], " ") {
		c.report.Say(path, "there is no shell here: each word stands for itself, [%s]", strings.Join(strings.Fields(command[0]), ", "))
	}
	for i, word := range command {
		at := fmt.Sprintf("%s[%d]", path, i)
		if c.document.HasVariable(at) {
			c.report.Say(at, "a ${VARIABLE} in a command can be read by everybody on the machine; put it into env")
		}
		pattern := placeholder.Text(word)
		for _, name := range pattern.Names() {
			if isSecret(name) {
				c.report.Say(at, "{%s} in a command can be read by everybody on the machine; put it into env", name)
			}
		}
		c.text(at, pattern, n)
	}
}

// isSecret reports whether what a name stands for may not be seen.
func isSecret(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	return strings.HasPrefix(name, "secrets.") || last == "dsn" || last == "password"
}

// environment reports variables that cannot be, and names in their values that are
// not known.
func (c *compiler) environment(path string, env notation.Table[string], n names) map[string]string {
	for _, row := range env {
		at := path + "." + row.Name
		if !variable.MatchString(row.Name) {
			c.report.Say(at+"#", "%s is no name of a variable", quote(row.Name))
		}
		c.text(at, placeholder.Text(row.Value), n)
	}
	return env.Map()
}

// invalid reports what the harness finds wrong with a value, as one that stands at a
// path.
func (c *compiler) invalid(path string, err error) {
	for _, problem := range apart(err) {
		c.report.Say(path, "%v", problem)
	}
}

// apart are the problems that an error was joined of.
func apart(err error) []error {
	if err == nil {
		return nil
	}
	if invalid, ok := err.(*harness.InvalidError); ok {
		return invalid.Problems // whose subject the position tells
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	var lines []string
	for _, e := range joined.Unwrap() {
		all, lines = append(all, apart(e)...), append(lines, e.Error())
	}
	if err.Error() != strings.Join(lines, "\n") {
		return []error{err} // it says more than its parts
	}
	return all
}
