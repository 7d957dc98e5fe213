package manifest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/placeholder"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/contract/mapped"
)

// Search is the service's search as the scenarios of the catalogue ask it, false where
// the file maps none.
func (s *Service) Search() (contract.Search, bool) {
	if s.search == nil {
		return contract.Search{}, false
	}
	return *s.search, true
}

// areas are the beginnings of the names of the catalogue's scenarios, for the contracts
// that a file has.
func (f File) areas() []string {
	var all []string
	if f.Contracts.Search != nil {
		all = append(all, "search")
	}
	if f.Contracts.Impact != nil {
		all = append(all, "oracle")
	}
	if f.Contracts.Tasks != nil {
		all = append(all, "task")
	}
	return all
}

// isCatalogues reports whether a profile is one of the catalogue's, and the file has
// something that the catalogue is tried on.
func (s *Service) isCatalogues(profile string) bool {
	return len(s.File.areas()) > 0 && slices.Contains(s.options.Sizes, profile)
}

// contracts compiles what the scenarios of the catalogue ask.
func (c *compiler) contracts() {
	if f := c.File.Contracts.Search; f != nil {
		c.searchContract("contracts.search", f)
	}
	if f := c.File.Contracts.Impact; f != nil {
		c.impactContract("contracts.impact", f)
	}
	if f := c.File.Contracts.Tasks; f != nil {
		c.taskContract("contracts.tasks", f)
	}
}

// breakable reports a service that the catalogue may not be tried on.
func (c *compiler) breakable(path string) {
	if c.Launch.URL != "" {
		c.report.Say(path+"#", "the catalogue sets, breaks and measures what it tries, and a service that somebody else runs is left alone: write scenarios of your own for it")
	}
}

// fromOne reports a number that is written and is less than one: left out it has a default,
// and none of it is nothing that the catalogue could try.
func (c *compiler) fromOne(path string, n float64) {
	if c.document.Has(path) && !(n >= 1) {
		c.report.Say(path, "%g is less than 1, the least that the scenarios of the catalogue are about", n)
	}
}

// searchContract compiles a search.
func (c *compiler) searchContract(path string, f *SearchContract) {
	before := c.report.Len()
	c.breakable(path)
	s := mapped.Search{
		To: c.asked(path+".request", f.Request), Items: f.Response.Items, ID: f.Response.ID, Truncated: f.Response.Truncated,
		Refused: c.refused(path+".refused", f.Refused), OK: c.expect(path+".ok", f.OK),
		Limit: f.Limit, Time: time.Duration(f.Latency), Memory: float64(f.Memory), Kind: f.Kind, MaxConnections: f.MaxConnections,
		Reads: tables(f.Reads), Terms: c.terms(path+".terms", f.Terms), Settings: c.knobs(path+".settings", f.Settings, contract.Settings()), Protections: c.File.Protections.Names(), Parts: c.parts(),
	}
	s.Request = c.template(path+".request", f.Request, c.atRun().with(c.captured()...).with(mapped.TermName))
	if !slices.Contains(namesIn(f.Request), mapped.TermName) {
		c.report.Say(path+".request", "it has no {%s}, so it searches for nothing", mapped.TermName)
	}
	c.fromOne(path+".limit", float64(f.Limit))
	c.fromOne(path+".max_connections", float64(f.MaxConnections))
	if c.report.Len() == before {
		over := s.Over(c.world)
		c.search = &over
	}
}

// tables are those that are read, by what they hold.
func tables(reads notation.Table[notation.Words]) []contract.Tables {
	var all []contract.Tables
	for _, row := range reads {
		all = append(all, contract.Tables{Name: row.Name, Names: row.Value})
	}
	return all
}

// asked is the process that a request of a contract goes to.
func (c *compiler) asked(path string, r Request) string {
	if r.To == "" {
		return c.Launch.Entry
	}
	c.process(path+".to", r.To)
	return r.To
}

var termName = regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$`)

// terms compiles the texts to search for.
func (c *compiler) terms(path string, table notation.Table[SearchTerm]) []mapped.Term {
	var all []mapped.Term
	if _, ok := table.Get(string(contract.Everywhere)); !ok {
		c.report.Say(path, "there is no term %s, which is in all there is: %s: { term: …, matches: … }", contract.Everywhere, contract.Everywhere)
	}
	for _, row := range table {
		at := path + "." + row.Name
		if !termName.MatchString(row.Name) {
			c.report.Say(at+"#", "%s is no name for a term: lower-case letters, digits, - and _", quote(row.Name))
		}
		if row.Value.Term == "" {
			c.report.Say(at+".term", "it is empty, and finds nothing")
		}
		if i := slices.IndexFunc(all, func(t mapped.Term) bool { return t.Text == row.Value.Term }); i >= 0 {
			c.report.Say(at+".term", "%s searches for the same", all[i].Name)
		}
		all = append(all, mapped.Term{Name: row.Name, Text: row.Value.Term, Matches: c.matches(at+".matches", row.Value.Matches)})
	}
	return all
}

// matches is how many match a term.
func (c *compiler) matches(path, text string) int {
	if text == "" {
		return 0
	}
	pattern := placeholder.Text(text)
	for _, name := range pattern.Names() {
		if _, known := c.Launch.Values[name]; !known {
			c.report.Say(path, "{%s} is no parameter of this file", name)
			return 0
		}
	}
	filled := pattern.Fill(func(name string) (string, bool) { value, ok := c.Launch.Values[name]; return value, ok })
	n, err := strconv.Atoi(filled)
	if err != nil || n < 0 {
		c.report.Say(path, "%s is no number of matches", quote(filled))
		return 0
	}
	return n
}

// knobs compiles what can be set, of the settings that there are.
func (c *compiler) knobs(path string, table notation.Table[Knob], known []contract.Setting) map[contract.Setting]contract.Knob {
	all := map[contract.Setting]contract.Knob{}
	for _, row := range table {
		at := path + "." + row.Name
		setting := contract.Setting(row.Name)
		if !slices.Contains(known, setting) {
			c.report.Say(at+"#", "there is no setting %s%s", quote(row.Name), c.nearestOf(row.Name, texts(known)))
			continue
		}
		knob := contract.Knob{Is: time.Duration(row.Value.Is)}
		knob.Env, knob.EnvIn = c.off(at, row.Value.Env, contract.Placeholders()...)
		if len(row.Value.Env) > 0 && !hasValue(row.Value.Env) {
			c.report.Say(at, "no variable has what it is set to: write {value}, {ms} or {s} where it belongs")
		}
		if knob.Is > 0 && !setting.IsTime() {
			c.report.Say(at, "%s is no time: name the variable that sets it, or leave it out", row.Name)
		}
		all[setting] = knob
	}
	return all
}

// hasValue reports whether one of the variables has what it is set to.
func hasValue(env notation.Table[Off]) bool {
	has := func(text string) bool {
		return slices.ContainsFunc(contract.Placeholders(), func(name string) bool { return strings.Contains(text, "{"+name+"}") })
	}
	for _, row := range env {
		if row.Value.Value != nil && has(*row.Value.Value) {
			return true
		}
		for _, inner := range row.Value.Of {
			if has(inner.Value) {
				return true
			}
		}
	}
	return false
}

func texts[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, one := range all {
		out[i] = string(one)
	}
	return out
}

// ofCatalogue reports a scenario whose name would be one of the catalogue's.
func (c *compiler) ofCatalogue(path, name string) {
	area, _, _ := strings.Cut(name, "/")
	if slices.Contains(c.File.areas(), area) {
		c.report.Say(path, "the scenarios %s/… are the catalogue's, by contracts; choose another name", area)
	}
}
