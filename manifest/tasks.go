package manifest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/contract/mapped"
)

// Tasks are the service's tasks as the scenarios of the catalogue ask for them, false where
// the file maps none.
func (s *Service) Tasks() (contract.Tasks, bool) {
	if s.tasks == nil {
		return contract.Tasks{}, false
	}
	return *s.tasks, true
}

// Contracts are all that the file maps.
func (s *Service) Contracts() contract.All {
	return contract.All{Search: s.search, Impact: s.impact, Tasks: s.tasks}
}

// taskContract compiles what the scenarios of the catalogue ask of tasks.
func (c *compiler) taskContract(path string, f *TaskContract) {
	before := c.report.Len()
	c.breakable(path)
	t := mapped.Tasks{
		Enqueue: c.ofTasks(path+".enqueue", f.Enqueue, mapped.ToName, mapped.SubjectName, mapped.BodyName),
		Refused: c.refused(path+".refused", f.Refused), ID: f.Response.ID,
		State: mapped.TaskState{
			Request: c.ofTasks(path+".state.request", f.State.Request, mapped.IDName), State: f.State.State, Attempts: f.State.Attempts,
			States: c.taskStates(path+".state.values", f.State.Values),
		},
		Queue: c.taskQueue(path+".queue", f.Queue), Far: c.mailRoute(path+".mail", f.Mail),
		Retries: f.Retries, Workers: f.Workers, Growth: f.Growth, Spread: c.share(path+".spread", f.Spread, mapped.DefaultSpread),
		Worker: cmp.Or(f.Worker, c.Launch.Entry), Apart: f.Worker != "" && f.Worker != c.Launch.Entry, Settings: c.knobs(path+".settings", f.Settings, contract.TaskSettings()),
		Parts: c.parts(), Protections: c.File.Protections.Names(),
	}
	if d, ok := c.File.Dependencies.Get(f.Mail); ok {
		t.SMTP = d.SMTP != nil
	}
	if f.OK != nil {
		ok := c.matcher(path+".ok", *f.OK)
		t.OK, t.Answered = load.Answering(ok), mapped.StatusOf(ok.Status)
	}
	if f.Worker != "" {
		c.process(path+".worker", f.Worker)
	}
	for _, name := range []string{mapped.ToName, mapped.IDName} {
		of, at := f.Enqueue, ".enqueue"
		if name == mapped.IDName {
			of, at = f.State.Request, ".state.request"
		}
		if !slices.Contains(namesIn(of), name) {
			c.report.Say(path+at, "it has no {%s}", name)
		}
	}
	c.fromOne(path+".retries", float64(f.Retries))
	c.fromOne(path+".workers", float64(f.Workers))
	c.fromOne(path+".growth", f.Growth)
	if c.report.Len() == before {
		over := t.Over(c.world)
		over.Beside = c.search
		c.tasks = &over
	}
}

// ofTasks compiles a request with names of its own. It goes to the entry, where it is asked
// beside the load, too.
func (c *compiler) ofTasks(path string, r Request, own ...string) load.Template {
	if r.To != "" && r.To != c.Launch.Entry {
		c.report.Say(path+".to", "tasks are asked for at the entry, %s", c.Launch.Entry)
	}
	known := c.atRun().with(c.captured()...)
	for _, name := range own {
		if slices.Contains(known.known, name) {
			c.report.Say(path, "{%s} is what setup has captured here, too: call that otherwise", name)
		}
	}
	before := c.report.Len()
	asked := c.template(path, r, known.with(own...))
	tried := asked
	tried.Vars = map[string]load.Var{}
	for _, name := range own {
		tried.Vars[name] = load.Var{Words: []string{name}}
	}
	if _, err := tried.Fill(nil); err != nil && c.report.Len() == before {
		c.invalid(path, err)
	}
	return asked
}

// taskStates are the service's own states, by their names.
func (c *compiler) taskStates(path string, table notation.Table[notation.Words]) map[string]contract.State {
	all := map[string]contract.State{}
	known := contract.States()
	for _, row := range table {
		state := contract.State(row.Name)
		if !slices.Contains(known, state) {
			c.report.Say(path+"."+row.Name+"#", "there is no state %s%s: there are %s", quote(row.Name), c.nearestOf(row.Name, texts(known)), strings.Join(texts(known), ", "))
			continue
		}
		for _, word := range row.Value {
			if other, twice := all[word]; twice {
				c.report.Say(path+"."+row.Name, "%s is %s, too", quote(word), other)
			}
			all[word] = state
		}
	}
	for _, state := range []contract.State{contract.Succeeded, contract.Failed} {
		if row, ok := table.Get(string(state)); !ok || len(row) == 0 {
			c.report.Say(path, "it does not say which state is %s", state)
		}
	}
	return all
}

// taskQueue compiles how many tasks there are.
func (c *compiler) taskQueue(path string, f *TaskQueue) mapped.TaskQueue {
	if f == nil {
		return mapped.TaskQueue{}
	}
	q := mapped.TaskQueue{Request: c.ofTasks(path+".request", f.Request), Counts: map[contract.State]string{}}
	for state, at := range map[contract.State]string{contract.Pending: f.Pending, contract.Running: f.Running, contract.Retrying: f.Retrying} {
		if at != "" {
			q.Counts[state] = at
		}
	}
	if len(q.Counts) == 0 {
		c.report.Say(path, "it counts nothing: pending, running or retrying is missing")
	}
	return q
}

// mailRoute is the route that mail is sent to, or the mail server.
func (c *compiler) mailRoute(path, place string) string {
	name, route, _ := strings.Cut(place, ".")
	d, ok := c.File.Dependencies.Get(name)
	switch {
	case !ok:
		c.report.Say(path, "there is no dependency %s%s", quote(name), c.nearestOf(name, c.File.Dependencies.Names()))
	case d.SMTP != nil && route == "":
		if d.SMTP.Key == "" {
			c.report.Say(path, `the mail server has no key: give it whom the mail is to, smtp: { key: "{to}" }`)
		}
	case d.HTTP == nil || route == "":
		c.report.Say(path, "%s is no mail server and no route of an http dependency: write the name of an smtp dependency, or DEPENDENCY.ROUTE", place)
	default:
		r, ok := d.HTTP.Routes.Get(route)
		if !ok {
			c.report.Say(path, "%s has no route %s%s", name, quote(route), c.nearestOf(route, d.HTTP.Routes.Names()))
		} else if r.Key == "" {
			c.report.Say(path, `the route has no key: give it whom the mail is to, for example key: "{json.to}"`)
		}
	}
	return place
}

// leastSpread is the least share by which countdowns are spread that can be told from the
// moments of a machine.
const leastSpread = 0.05

// share is a part of a whole, such as 20%.
func (c *compiler) share(path, text string, otherwise float64) float64 {
	if text == "" {
		return otherwise
	}
	number, percent := strings.CutSuffix(text, "%")
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !percent || !(n >= 0 && n < 100) {
		c.report.Say(path, "%s is no share such as 20%%, from 0%% to less than 100%%", quote(text))
		return otherwise
	}
	if n > 0 && n/100 < leastSpread {
		c.report.Say(path, "%s cannot be told from a machine's own moments: write 5%% or more, or 0%% for none", quote(text))
	}
	return n / 100
}
