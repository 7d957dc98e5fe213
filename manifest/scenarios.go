package manifest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/nearest"
)

// scenarios compiles the experiments.
func (c *compiler) scenarios() {
	seen := map[string]bool{}
	c.general = c.report.Len() > 0
	for i, s := range c.File.Scenarios {
		path := fmt.Sprintf("scenarios[%d]", i)
		if seen[s.Name] {
			c.report.Say(path+".name", "two scenarios are named %s", s.Name)
		}
		seen[s.Name] = true
		before := c.report.Len()
		compiled := c.scenario(path, s)
		if c.report.Len() == before { // what follows from a mistake is not told beside it
			c.asHarness(path, compiled)
		}
		c.Scenarios = append(c.Scenarios, compiled)
	}
}

// scenario compiles one experiment.
func (c *compiler) scenario(path string, s Scenario) harness.Scenario {
	out := harness.Scenario{
		Name: s.Name, Claim: s.Claim, Protections: s.Protections, World: c.world(), Timeline: c.timeline(path, s.Timeline),
		Headline: s.Headline, Slow: s.Slow, StandingOff: c.standingOff(path+".standing_off", s), Parts: c.parts(),
	}
	if area, what, ok := strings.Cut(s.Name, "/"); !ok || area == "" || what == "" || strings.ContainsAny(s.Name, " \t") {
		c.report.Say(path+".name", "a scenario is named area/what, for example %s", scenarioName(c.File.Name, s.Name))
	}
	c.ofCatalogue(path+".name", s.Name)
	if strings.TrimSpace(s.Claim) == "" {
		c.report.Say(path+".claim", "it does not say what a pass shows")
	}
	for j, name := range s.Protections {
		c.protection(fmt.Sprintf("%s.protections[%d]", path, j), name)
	}
	c.settings(path+".env", s, &out)
	for j, stream := range s.Load {
		if compiled, ok := c.stream(fmt.Sprintf("%s.load[%d]", path, j), s, out.Timeline, stream); ok {
			out.Load = append(out.Load, compiled)
		}
		c.noteAsked(fmt.Sprintf("%s.load[%d]", path, j), stream, &out)
	}
	c.faults(path, s, &out)
	c.questions(path, s, &out)
	c.checks(path, s, &out)
	return out
}

// noteAsked notes where the requests of a stream are written.
func (c *compiler) noteAsked(path string, f Stream, out *harness.Scenario) {
	note := func(name, path string) {
		if out.Asked == nil {
			out.Asked = map[string]string{}
		}
		out.Asked[name] = fmt.Sprintf("%s:%d", c.Path, c.document.At(path).Line)
	}
	if f.Request != nil {
		note(f.Name, path+".request")
	}
	for i, step := range f.Steps {
		note(f.Name+"."+step.Name, fmt.Sprintf("%s.steps[%d].request", path, i))
	}
}

// parts are the processes, as a scenario knows them.
func (c *compiler) parts() []harness.Part {
	var all []harness.Part
	for _, p := range c.Launch.Processes {
		all = append(all, harness.Part{Name: p.Name, Replicas: p.Replicas})
	}
	return all
}

func scenarioName(service, name string) string {
	return service + "/" + strings.ReplaceAll(strings.Trim(name, "/ "), " ", "-")
}

// settings compiles the environment of one scenario.
func (c *compiler) settings(path string, s Scenario, out *harness.Scenario) {
	out.Settings, out.SettingsIn = c.off(path, s.Env)
	for process, env := range out.SettingsIn {
		for name := range env {
			if _, twice := out.Settings[name]; twice {
				c.report.Say(path+"."+process+"."+name, "%s is set for all processes, too", name)
			}
		}
	}
	for _, row := range s.Parameters {
		out.Values = with(out.Values, "parameters."+row.Name, row.Value)
	}
}

// timeline compiles the lengths of the phases.
func (c *compiler) timeline(path string, t Timeline) harness.Timeline {
	out := harness.Timeline{
		WarmUp: time.Duration(t.WarmUp), Baseline: time.Duration(t.Baseline), Inject: time.Duration(t.Inject),
		Heal: time.Duration(t.Heal), Drain: time.Duration(t.Drain),
	}
	if out.Total() == 0 {
		c.report.Say(path+".timeline", "no phase lasts any time")
	}
	return out
}

// standingOff reports standing checks that there are not.
func (c *compiler) standingOff(path string, s Scenario) map[string]string {
	for _, row := range s.StandingOff {
		if !slices.Contains(standing.Names(), row.Name) {
			c.report.Say(path+"."+row.Name+"#", "there is no standing check %s%s; holdfast list --standing shows them all", row.Name, nearest.Hint(row.Name, standing.Names()))
		}
		if strings.TrimSpace(row.Value) == "" {
			c.report.Say(path+"."+row.Name, "say why it does not hold here")
		}
	}
	if len(s.StandingOff) == 0 {
		return nil
	}
	return s.StandingOff.Map()
}

// phase is the harness's name of a phase.
func phase(p Phase) string {
	if p == "warm_up" {
		return result.WarmUp
	}
	return string(p)
}

// faults compiles what goes wrong.
func (c *compiler) faults(path string, s Scenario, out *harness.Scenario) {
	ids := map[string]int{}
	for j, f := range s.Faults {
		at := fmt.Sprintf("%s.faults[%d]", path, j)
		parsed, err := fault.Parse(f.Fault)
		if err != nil {
			c.report.Say(at+".fault", "%v", err)
			continue
		}
		compiled := harness.Fault{
			ID: c.faultID(f, parsed.ID, ids), Kind: parsed.Kind, When: parsed.When, During: phase(f.During),
			After: time.Duration(f.After), For: time.Duration(f.For), Instances: f.Instances,
		}
		compiled.On = c.place(at, f, compiled)
		out.Faults = append(out.Faults, compiled)
	}
}

// faultID is the name of a fault that has none of its own: its place and its kind,
// with a number where there are several.
func (c *compiler) faultID(f Fault, said string, taken map[string]int) string {
	id := cmp.Or(f.ID, said)
	if id == "" {
		kind, _, _ := strings.Cut(strings.TrimSpace(f.Fault), " ")
		id = strings.Trim(f.At+"-"+strings.ToLower(kind), "-")
	}
	taken[id]++
	if n := taken[id]; n > 1 && cmp.Or(f.ID, said) == "" {
		id += "-" + strconv.Itoa(n)
	}
	return id
}

// place is the harness's place of a fault: a Postgres is two, the way to it and the
// server itself, and which of them is meant the kind says.
func (c *compiler) place(path string, f Fault, compiled harness.Fault) string {
	name, route, routed := strings.Cut(f.At, ".")
	if p, ok := c.File.Processes.Get(name); ok {
		return c.placeOfProcess(path, f, p, route)
	}
	d, ok := c.File.Dependencies.Get(name)
	if !ok {
		c.report.Say(path+".at", "there is no place %s%s", quote(f.At), c.nearestOf(f.At, c.places()))
		return f.At
	}
	if f.Instances > 0 {
		c.report.Say(path+".instances", "only a process has several instances")
	}
	switch {
	case d.Postgres != nil && routed:
		c.report.Say(path+".at", "%s is a Postgres and has no parts; say %s", name, name)
	case d.Postgres != nil && chaos.SessionsSupport().Carries(compiled.Kind.Name()):
		return harness.OnPostgres
	case d.Postgres != nil:
		return harness.OnDatabase
	case routed:
		c.part(path+".at", name, route)
	}
	return f.At
}

// part reports a part of a dependency that it has not: a route, a step of a mail
// server.
func (c *compiler) part(path, name, part string) {
	var parts []string
	for _, d := range c.outside {
		if d.Name == name {
			parts = slices.Sorted(maps.Keys(d.Parts))
		}
	}
	switch {
	case len(parts) == 0:
		c.report.Say(path, "%s has no parts; say %s", name, name)
	case !slices.Contains(parts, part):
		c.report.Say(path, "%s has no %s%s", name, quote(part), c.nearestOf(part, parts))
	}
}

func (c *compiler) placeOfProcess(path string, f Fault, p Process, replica string) string {
	if replica != "" {
		if n, err := strconv.Atoi(replica); err != nil || n < 1 || n > max(1, p.Replicas) {
			c.report.Say(path+".at", "there is no %s; its replicas are 1 to %d", f.At, max(1, p.Replicas))
		}
	}
	if f.Instances > max(1, p.Replicas) {
		c.report.Say(path+".instances", "%s has %d replicas", f.At, max(1, p.Replicas))
	}
	if c.Launch.URL != "" {
		c.report.Say(path+".at", "what somebody else runs is not harmed; lay faults at dependencies")
	}
	return f.At
}

// places are those of faults.
func (c *compiler) places() []string {
	all := c.File.Processes.Names()
	for _, d := range c.File.Dependencies {
		all = append(all, d.Name)
	}
	for _, d := range c.outside {
		for _, part := range slices.Sorted(maps.Keys(d.Parts)) {
			all = append(all, d.Name+"."+part)
		}
	}
	return all
}

// questions compiles what is done and asked while the scenario goes on.
func (c *compiler) questions(path string, s Scenario, out *harness.Scenario) {
	for j, a := range s.Actions {
		at := fmt.Sprintf("%s.actions[%d]", path, j)
		if a.EnvOf != "" {
			c.process(at+".env_of", a.EnvOf)
		}
		out.Actions = append(out.Actions, harness.Action{
			Name: a.Name, EnvOf: a.EnvOf, During: phase(a.During), After: time.Duration(a.After),
			Step: c.step(at, Step{Run: a.Run, SQL: a.SQL, At: a.At, Request: a.Request, Timeout: a.Timeout}, c.atRun()),
		})
	}
	if d := s.Drained; d != nil {
		at := path + ".drained"
		out.DrainedWhen = &harness.Question{
			Step:  c.step(at, Step{Run: d.Command, SQL: d.SQL, At: d.At, Request: d.Request}, c.atRun()),
			Value: d.Value, Equals: d.Equals,
		}
		if d.Value != "" {
			c.messagePath(at+".value", d.Value)
		}
	}
	if s.Ledger != nil {
		out.Ledger = c.ledger(path+".ledger", *s.Ledger)
	}
	for j, i := range s.Invariants {
		at := fmt.Sprintf("%s.invariants[%d]", path, j)
		c.databaseAt(at, i.At)
		out.Invariants = append(out.Invariants, harness.Invariant{
			Name: i.Name, At: i.At, SQL: i.SQL, Rows: i.Rows, Equals: i.Equals, When: harness.When(i.When), Every: time.Duration(i.Every),
		})
	}
	for j, g := range s.Gauges {
		out.Samples = append(out.Samples, c.gauge(fmt.Sprintf("%s.gauges[%d]", path, j), g))
	}
}

// gauge compiles a number that is read again and again.
func (c *compiler) gauge(path string, g Gauge) harness.Sample {
	if g.SQL != "" {
		c.databaseAt(path, g.At)
	} else if _, ok := c.File.Dependencies.Get(g.At); g.At != "" && !ok {
		c.report.Say(path+".at", "there is no dependency %s%s", quote(g.At), c.nearestOf(g.At, c.File.Dependencies.Names()))
	}
	c.command(path+".command", g.Command, c.atRun())
	return harness.Sample{
		Series: probe.Series{Name: g.Name, Unit: string(g.Unit)}, At: g.At, SQL: g.SQL,
		Redis: strings.Fields(g.Redis), Run: g.Command, Every: time.Duration(g.Every),
	}
}

// databaseAt reports a database that there is not.
func (c *compiler) databaseAt(path, at string) {
	if d, ok := c.File.Dependencies.Get(at); at != "" && !ok {
		c.report.Say(path+".at", "there is no dependency %s%s", quote(at), c.nearestOf(at, c.File.Dependencies.Names()))
	} else if at != "" && d.Postgres == nil {
		c.report.Say(path+".at", "%s is no Postgres, so it cannot be asked in SQL", at)
	} else if at == "" && c.database() == "" {
		c.report.Say(path, "there is no Postgres among the dependencies to ask in SQL")
	}
}

// asHarness holds a scenario that has come out against all that the harness knows of
// scenarios, and tells what is wrong where it stands.
func (c *compiler) asHarness(path string, s harness.Scenario) {
	for _, problem := range apart(s.Validate()) {
		if c.general && ofTheWhole(problem.Error()) {
			continue
		}
		c.report.Say(c.whereOf(path, s, problem.Error()), "%v", problem)
	}
}

// ofTheWhole reports whether a problem of a scenario is one of all that it shares with
// others.
func ofTheWhole(problem string) bool {
	return strings.HasPrefix(problem, "setup.") || strings.Contains(problem, "process") || strings.HasPrefix(problem, "the name of dependency")
}

// whereOf is where the part of a scenario stands that a problem names.
func (c *compiler) whereOf(path string, s harness.Scenario, problem string) string {
	for j, check := range s.Checks {
		if strings.HasPrefix(problem, "check "+strconv.Quote(check.Text())) || strings.Contains(problem, "check on "+check.Metric+" ") {
			return fmt.Sprintf("%s.checks[%d]", path, j)
		}
	}
	for _, part := range []struct {
		key   string
		names []string
	}{
		{"faults", namesOf(s.Faults, func(f harness.Fault) string { return f.ID })},
		{"load", namesOf(s.Load, streamName)},
		{"actions", namesOf(s.Actions, func(a harness.Action) string { return a.Name })},
		{"invariants", namesOf(s.Invariants, func(i harness.Invariant) string { return i.Name })},
		{"gauges", namesOf(s.Samples, func(g harness.Sample) string { return g.Series.Name })},
	} {
		for j, name := range part.names {
			if strings.Contains(problem, strconv.Quote(name)) || strings.Contains(problem, "stream "+name+" ") {
				return fmt.Sprintf("%s.%s[%d]", path, part.key, j)
			}
		}
	}
	for _, key := range []string{"ledger", "drained", "timeline"} {
		if strings.Contains(problem, key) {
			return path + "." + key
		}
	}
	return path
}

func namesOf[T any](all []T, name func(T) string) []string {
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = name(one)
	}
	return names
}
