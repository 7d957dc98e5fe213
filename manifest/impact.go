package manifest

import (
	"slices"
	"strings"

	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/placeholder"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/contract/mapped"
)

// Impact is how the service asks outside APIs, as the scenarios of the catalogue ask it,
// false where the file maps none.
func (s *Service) Impact() (contract.Impact, bool) {
	if s.impact == nil {
		return contract.Impact{}, false
	}
	return *s.impact, true
}

// impactContract compiles a fan-out to outside APIs.
func (c *compiler) impactContract(path string, f *ImpactContract) {
	before := c.report.Len()
	c.breakable(path)
	m := mapped.Impact{
		To: c.asked(path+".request", f.Request), Response: c.results(path+".response", f.Response),
		Refused: c.refused(path+".refused", f.Refused), OK: c.expect(path+".ok", f.OK), Here: f.Here, There: f.There, Answers: map[string][]string{f.Here: c.bodies(f.Here), f.There: c.bodies(f.There)},
		APIs: f.APIs, First: c.first(path+".asked", f.Asked), AtMost: f.AtMost, Memory: float64(f.Memory), Projects: c.projects(path, f),
		Reads: tables(f.Reads), Settings: c.knobs(path+".settings", f.Settings, contract.ImpactSettings()),
		Parts: c.parts(), Protections: c.File.Protections.Names(),
	}
	m.Request = c.template(path+".request", f.Request, c.atRun().with(c.captured()...).with(mapped.ProjectName))
	if !slices.Contains(namesIn(f.Request), mapped.ProjectName) {
		c.report.Say(path+".request", "it has no {%s}, so it asks about nothing", mapped.ProjectName)
	}
	if f.APIs != "" && !strings.Contains(f.APIs, "{"+mapped.NumberName+"}") {
		c.report.Say(path+".apis", "it has no {%s}, so all APIs would have one name: oracle-{%s}", mapped.NumberName, mapped.NumberName)
	}
	c.fromOne(path+".at_most", float64(f.AtMost))
	c.playsAPIs(path+".here", f.Here)
	if f.There != "" {
		c.playsAPIs(path+".there", f.There)
		if f.There == f.Here {
			c.report.Say(path+".there", "it is the same as here")
		}
	}
	if c.report.Len() == before {
		over := m.Over(c.world)
		c.impact = &over
	}
}

// first reports whether those are asked that come first.
func (c *compiler) first(path, text string) bool {
	if text != "" && text != "first" && text != "any" {
		c.report.Say(path, "%s is not first or any", quote(text))
	}
	return text != "any"
}

// projects compiles those that are asked about.
func (c *compiler) projects(path string, f *ImpactContract) []mapped.Project {
	var all []mapped.Project
	for _, row := range f.Projects {
		at := path + ".projects." + row.Name
		if row.Value.Active < 1 {
			c.report.Say(at+".active", "a project without an outside API is asked about nothing")
		}
		if row.Value.There && f.There == "" {
			c.report.Say(at+".there", "no second dependency is told: there")
		}
		p := mapped.Project{ID: row.Name, Active: row.Value.Active, There: row.Value.There}
		if i := slices.IndexFunc(all, func(o mapped.Project) bool { return o.Active == p.Active && o.There == p.There }); i >= 0 {
			c.report.Say(at+"#", "%s is told to have as many there, and one is enough", all[i].ID)
		}
		all = append(all, p)
	}
	return all
}

// results compiles where the parts of an answer are.
func (c *compiler) results(path string, r ImpactResponse) mapped.Response {
	out := mapped.Response{
		Results: r.Results, Name: r.Name, Status: r.Status, Good: r.Good, Failed: r.Failed, Error: r.Error, Data: r.Data,
		Classes: c.classes(path, r.Classes), Project: r.Project, Active: r.Active, Queried: r.Queried, Truncated: r.Truncated,
	}
	if len(out.Good) == 0 {
		out.Good = []string{"ok"}
	}
	if r.Error == "" && len(r.Classes) > 0 {
		c.report.Say(path+".classes#", "these are texts of the error: say where it is, error: PATH")
	}
	return out
}

// classes compiles which error is which.
func (c *compiler) classes(path string, table notation.Table[notation.Words]) map[contract.ImpactClass][]string {
	known := contract.ImpactClasses()
	all := map[contract.ImpactClass][]string{}
	for _, row := range table {
		class := contract.ImpactClass(row.Name)
		if !slices.Contains(known, class) {
			c.report.Say(path+".classes."+row.Name+"#", "there is no class %s%s", quote(row.Name), c.nearestOf(row.Name, texts(known)))
		}
		all[class] = row.Value
	}
	return all
}

// bodies are those that a dependency answers with, one for each of its routes; of one that
// is passed on to somebody else nothing is known.
func (c *compiler) bodies(name string) []string {
	one := func(string) (string, bool) { return "1", true } // a text and a number
	var all []string
	for _, row := range c.apis[name].played.Routes {
		r := row.Value.Response
		if r.JSON != "" {
			all = append(all, placeholder.JSON(string(r.JSON)).Fill(one))
		} else {
			all = append(all, placeholder.Text(r.Body).Fill(one))
		}
	}
	return all
}

// playsAPIs reports a dependency that cannot play outside APIs which are told apart.
func (c *compiler) playsAPIs(path, name string) {
	d, ok := c.File.Dependencies.Get(name)
	switch {
	case !ok:
		c.report.Say(path, "there is no dependency %s%s", quote(name), c.nearestOf(name, c.File.Dependencies.Names()))
	case d.HTTP == nil:
		c.report.Say(path, "%s is not http, so the catalogue cannot play outside APIs there", name)
	case len(d.HTTP.Routes) == 0 || slices.ContainsFunc(d.HTTP.Routes, func(r notation.Row[Route]) bool { return r.Value.Key == "" }):
		c.report.Say(path, "a route of %s has no key: the name of the API that is called, for example key: \"{path.name}\"", name)
	}
}
