package manifest

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// Plan is what a run of some scenarios would do, before it does it.
type Plan struct {
	service   *Service
	scenarios []harness.Scenario
	covered   *Covered // nil: it is not told
}

// Plan is that of these scenarios of the service.
func (s *Service) Plan(scenarios ...harness.Scenario) Plan {
	return Plan{service: s, scenarios: scenarios}
}

// With tells in the plan what all scenarios of the service touch, and what none does.
func (p Plan) With(c *Covered) Plan {
	p.covered = c
	return p
}

// Hosts are those outside of this machine that the run would reach, host:port or
// host, sorted: each must be allowed by name.
func (s *Service) Hosts() []string {
	var all []string
	for _, d := range s.File.Dependencies {
		if d.Value.HTTP != nil && d.Value.HTTP.Relay != nil {
			if host := (stub.Relay{To: string(d.Value.HTTP.Relay.To)}).Host(); host != "" {
				all = append(all, host)
			}
		}
		if d.Value.Address != "" {
			all = append(all, string(d.Value.Address))
		}
	}
	for _, p := range s.File.Processes {
		if u, err := url.Parse(string(p.Value.URL)); err == nil && u.Host != "" {
			all = append(all, u.Host)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Length is for how long the load of the plan lasts, and with all that is waited for.
func (p Plan) Length() (load, most time.Duration) {
	for _, s := range p.scenarios {
		load += s.Timeline.Total()
		drain := s.Timeline.Drain
		if drain == 0 {
			drain = harness.DefaultDrain
		}
		most += s.Timeline.Total() + drain
	}
	return load, most
}

// WriteTo writes the plan for people.
func (p Plan) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	f := p.service.File
	fmt.Fprintf(&b, "%s, from %s\n", f.Name, p.service.Path)
	p.writeProcesses(&b)
	p.writeDependencies(&b)
	p.writeSetup(&b)
	for _, s := range p.scenarios {
		p.writeScenario(&b, s)
	}
	p.writeCoverage(&b)
	p.writeOutside(&b)
	load, most := p.Length()
	fmt.Fprintf(&b, "\nload for %s in all, and %s at most with what is waited for at the ends\n", Duration(load), Duration(most))
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

// table writes lines of cells below a heading.
func table(b *strings.Builder, heading string, rows ...[]string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", heading)
	t := tabwriter.NewWriter(b, 0, 4, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(t, "  "+strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	_ = t.Flush() // a builder takes all
}

func (p Plan) writeProcesses(b *strings.Builder) {
	var rows [][]string
	for _, row := range p.service.File.Processes {
		if row.Value.URL != "" {
			rows = append(rows, []string{row.Name, "somebody else's, at " + string(row.Value.URL) + ": it is not started, seeded or harmed"})
			continue
		}
		what := strings.Join(row.Value.Command, " ")
		if row.Value.Image != "" {
			what = strings.TrimSpace("image " + row.Value.Image + " " + what)
		}
		notes := []string{}
		if n := max(1, row.Value.Replicas); n > 1 {
			notes = append(notes, fmt.Sprintf("%d of it", n))
		}
		if row.Name == p.service.Launch.Entry {
			notes = append(notes, "load goes here")
		}
		if len(row.Value.Build) > 0 {
			notes = append(notes, "built by "+strings.Join(row.Value.Build, " "))
		}
		rows = append(rows, []string{row.Name, what, strings.Join(notes, ", ")})
	}
	table(b, "starts", rows...)
}

func (p Plan) writeDependencies(b *strings.Builder) {
	var rows [][]string
	for _, row := range p.service.File.Dependencies {
		d := row.Value
		what, _ := d.what()
		says := map[string]string{
			"postgres": "a Postgres of this run's own; each scenario gets a copy of its data", "smtp": "a mail server that is played here",
			"resend": "an e-mail API that is played here", "image": "the image " + d.Image, "command": "the program " + strings.Join(d.Command, " "),
			"address": "somebody else's, at " + string(d.Address) + ": it is not started, seeded or killed",
		}[what]
		if d.HTTP != nil {
			says = p.plays(row.Name) + d.says()
			if r := d.HTTP.Relay; r != nil {
				says += "; what is not answered here is passed on to somebody else's, at " + string(r.To)
			}
		}
		rows = append(rows, []string{row.Name, says, "told as " + strings.Join(d.Export.Names(), ", ")})
		if len(d.Export) == 0 {
			rows[len(rows)-1] = rows[len(rows)-1][:2]
		}
	}
	table(b, "talks to", rows...)
	for _, line := range p.toldOtherwise() {
		fmt.Fprintf(b, "  %s\n", line)
	}
	p.writeNotes(b)
}

// mostNamed is how many routes of a description are named.
const mostNamed = 12

// plays says what an outside API answers.
func (p Plan) plays(name string) string {
	a := p.service.apis[name]
	if a.description == nil {
		return "an outside API that is played here: " + strings.Join(p.routes(a.played), ", ")
	}
	routes := p.routes(a.played)
	if more := len(routes) - mostNamed; more > 0 {
		routes = append(routes[:mostNamed:mostNamed], fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("an outside API that is played here by %s, which holds what it is sent against that: %s", a.played.OpenAPI, strings.Join(routes, ", "))
}

// writeNotes says what is otherwise than in the descriptions.
func (p Plan) writeNotes(b *strings.Builder) {
	var rows [][]string
	for _, row := range p.service.File.Dependencies {
		for _, note := range p.service.apis[row.Name].notes {
			rows = append(rows, []string{row.Name, note})
		}
	}
	table(b, "otherwise than described", rows...)
}

// routes are those of an outside API, with where they call back to.
func (p Plan) routes(h HTTP) []string {
	var all []string
	for _, row := range h.Routes {
		if w := row.Value.Webhook; w != nil {
			all = append(all, fmt.Sprintf("%s (calls back %s%s)", row.Name, cmp.Or(w.To, p.service.Launch.Entry), w.Path))
			continue
		}
		all = append(all, row.Name)
	}
	return all
}

func (p Plan) writeSetup(b *strings.Builder) {
	var rows [][]string
	for _, part := range []struct {
		when  string
		steps []Step
	}{{"once", p.service.File.Setup.Once}, {"each time", p.service.File.Setup.Each}} {
		for _, s := range part.steps {
			rows = append(rows, []string{part.when, s.does(), writes(s)})
		}
	}
	table(b, "makes the data by", rows...)
}

func writes(s Step) string {
	if len(s.Writes) == 0 {
		return ""
	}
	return "must write into " + strings.Join(s.Writes, ", ")
}

// does says what a step is.
func (s Step) does() string {
	switch {
	case s.Name != "":
		return s.Name
	case len(s.Run) > 0:
		return strings.Join(s.Run, " ")
	case s.SQL != "":
		return strings.Join(strings.Fields(s.SQL), " ")
	case s.Request != nil:
		return strings.TrimSpace(s.Request.Method + " " + s.Request.Path)
	}
	return "nothing"
}

func stepNames(steps []load.Step) string {
	names := make([]string, len(steps))
	for i, step := range steps {
		names[i] = step.Name
	}
	return strings.Join(names, ", ")
}

func (p Plan) writeScenario(b *strings.Builder, s harness.Scenario) {
	fmt.Fprintf(b, "\n%s, %s\n  %s\n", s.Name, Duration(s.Timeline.Total()), s.Claim)
	for _, lack := range s.Lacks {
		fmt.Fprintf(b, "  is not exercised: %s\n", lack)
	}
	for _, stream := range s.Load {
		to := stream.To
		if to == "" {
			to = p.service.Launch.Entry
		}
		if stream.Sessions != nil {
			fmt.Fprintf(b, "  logs in %d times for %s at %s: %s\n", stream.Sessions.Count, stream.Name, to, stepNames(stream.Sessions.Steps))
		}
		what := "requests"
		if len(stream.Steps) > 0 {
			what = "journeys (" + stepNames(stream.Steps) + ")"
		}
		fmt.Fprintf(b, "  sends %d %s of %s to %s: %s\n", load.Planned(stream.Profile), what, stream.Name, to, stream.Profile)
	}
	for _, f := range s.Faults {
		during := f.During
		if during == "" {
			during = result.Inject
		}
		text := fmt.Sprintf("  breaks %s: %s, in %s", f.On, f.What().Text(), during)
		if f.After > 0 {
			text += fmt.Sprintf(" after %s", Duration(f.After))
		}
		if f.For > 0 {
			text += fmt.Sprintf(" for %s", Duration(f.For))
		}
		b.WriteString(text + "\n")
	}
	for _, a := range s.Actions {
		fmt.Fprintf(b, "  does %s: %s\n", a.Name, a.Step)
	}
	for _, c := range slices.Concat(s.Checks, s.Implied()) {
		fmt.Fprintf(b, "  checks %s\n", c)
	}
}

// mostMissing is how much is said of what no scenario touches.
const mostMissing = 12

// writeCoverage says what the scenarios of the service touch.
func (p Plan) writeCoverage(b *strings.Builder) {
	if p.covered == nil {
		return
	}
	c := p.covered.By(nil)
	b.WriteString("\ncovers\n")
	for _, line := range slices.Concat(c.Summary(), c.Notes) {
		fmt.Fprintf(b, "  %s\n", line)
	}
	missing := c.Missing()
	for _, line := range missing[:min(len(missing), mostMissing)] {
		fmt.Fprintf(b, "  %s\n", line)
	}
	if n := len(missing) - mostMissing; n > 0 {
		fmt.Fprintf(b, "  and %d more\n", n)
	}
}

// writeOutside says what is reached outside of this machine.
func (p Plan) writeOutside(b *strings.Builder) {
	b.WriteString("\nconnects to\n")
	hosts := p.service.Hosts()
	for _, host := range hosts {
		fmt.Fprintf(b, "  %s, if --allow-host %s is given\n", host, hostName(host))
	}
	if len(hosts) == 0 {
		b.WriteString("  nothing but this machine\n")
	}
	p.writeEnvFiles(b)
	b.WriteString("\nnot done\n  load by gRPC and WebSocket, users who wait for an answer before they ask again\n")
}

func hostName(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}
