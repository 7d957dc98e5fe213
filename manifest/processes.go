package manifest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/nearest"
)

// processes compiles the programs of the service.
func (c *compiler) processes() {
	for _, row := range c.File.Processes {
		path := "processes." + row.Name
		if row.Value.URL != "" {
			c.somebodyElses(path, row.Value)
			continue
		}
		p := c.program(path, row.Name, row.Value)
		c.Launch.Processes = append(c.Launch.Processes, p)
		if err := p.Validate(); err != nil {
			c.invalid(path, err)
		}
	}
	c.order()
	c.Launch.PassEnv = c.File.PassEnv
	c.Launch.Entry = c.entry()
}

// program compiles one program.
func (c *compiler) program(path, name string, p Process) target.Process {
	n := c.ofProcess(p)
	if len(p.Command) == 0 && p.Image == "" {
		c.report.Say(path, "%s has neither a command, nor an image, nor a url", name)
	}
	if p.Image != "" && len(p.Build) > 0 {
		c.report.Say(path+".build", "an image is built already")
	}
	c.command(path+".command", p.Command, n)
	c.command(path+".build", p.Build, names{known: c.given()})
	dir := c.path(p.WorkingDir)
	if p.Image != "" {
		dir = p.WorkingDir
	}
	return target.Process{
		Declared: c.declared(path, p), Name: name, Build: p.Build, Command: p.Command, Dir: dir, Image: p.Image,
		Ports: ports(p), Env: c.environment(path+".env", p.Env, n), Ready: c.ready(path+".ready", p.Ready, ports(p)),
		DependsOn: p.DependsOn, Replicas: p.Replicas, Restart: target.Restart(p.Restart),
		Memory: uint64(p.Limits.Memory), CPUs: p.Limits.CPUs, Grace: time.Duration(p.StopGracePeriod),
	}
}

// declared is where the file says how a program is started.
func (c *compiler) declared(path string, p Process) target.Declared {
	at := func(part string, given bool) string {
		if !given {
			return ""
		}
		return fmt.Sprintf("%s:%d", c.Path, c.document.At(path+part).Line)
	}
	command := ".command"
	if p.Image != "" {
		command = ".image"
	}
	return target.Declared{Build: at(".build", len(p.Build) > 0), Command: at(command, true), Ready: at(".ready", p.Ready != Ready{})}
}

// ready compiles when something can serve.
func (c *compiler) ready(path string, r Ready, ports []string) target.Ready {
	compiled := target.Ready{HTTP: r.HTTP, Log: r.Log, Started: r.Plain == "started", TCP: r.Plain == "tcp" || r.TCP != "", Timeout: time.Duration(r.Timeout)}
	switch {
	case r.TCP == "" || r.TCP == "true":
	case !slices.Contains(ports, r.TCP):
		c.report.Say(path+".tcp", "there is no port %s%s", quote(r.TCP), c.nearestOf(r.TCP, ports))
	default:
		compiled.Port = r.TCP
	}
	if r.HTTP != "" && !strings.HasPrefix(r.HTTP, "/") {
		c.report.Say(path+".http", "%s is no path: it begins with /", quote(r.HTTP))
	}
	return compiled
}

// somebodyElses compiles a service that somebody else runs: nothing of it is started.
func (c *compiler) somebodyElses(path string, p Process) {
	u, err := url.Parse(string(p.URL))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" {
		c.report.Say(path+".url", "it is no address such as https://staging.example.com")
	} else if err := (target.URLConfig{URL: string(p.URL)}).Validate(); err != nil {
		c.report.Say(path+".url", "%v", err)
	}
	for key, given := range map[string]bool{
		"command": len(p.Command) > 0, "image": p.Image != "", "build": len(p.Build) > 0, "env": len(p.Env) > 0, "ports": len(p.Ports) > 0, "working_dir": p.WorkingDir != "",
		"limits": p.Limits != Limits{}, "replicas": p.Replicas != 0, "restart": p.Restart != "", "depends_on": len(p.DependsOn) > 0, "stop_grace_period": p.StopGracePeriod != 0,
	} {
		if given {
			c.report.Say(path+"."+key+"#", "what somebody else runs is not started here: beside url there may be ready, and no %s", key)
		}
	}
	if p.Ready.Log != "" || p.Ready.TCP != "" {
		c.report.Say(path+".ready", "of what somebody else runs a path is asked: ready: { http: /health }")
	}
	c.Launch.ReadyPath, c.Launch.ReadyTimeout = p.Ready.HTTP, time.Duration(p.Ready.Timeout)
	if c.Launch.URL != "" {
		c.report.Say(path, "two processes have a url; one is somebody else's")
	}
	c.Launch.URL = string(p.URL)
	if len(c.File.Processes) > 1 {
		c.report.Say(path, "a service that somebody else runs has no processes beside it here")
	}
}

// order reports processes that wait for each other, or for nobody.
func (c *compiler) order() {
	all := c.File.Processes.Names()
	done := map[string]bool{}
	for _, row := range c.File.Processes {
		for _, other := range row.Value.DependsOn {
			path := "processes." + row.Name + ".depends_on"
			switch _, isDependency := c.File.Dependencies.Get(other); {
			case isDependency:
				c.report.Say(path, "%s is a dependency: all of them are up before any process is started", other)
			case !slices.Contains(all, other):
				c.report.Say(path, "there is no process %s%s", quote(other), c.nearestOf(other, all))
			}
		}
		if circle := c.circle(row.Name, nil, done); circle != nil {
			c.report.Say("processes."+row.Name+".depends_on", "these wait for each other: %s", strings.Join(circle, " → "))
			return // once is enough
		}
	}
}

// circle is the way from a process back to itself, nil where there is none.
func (c *compiler) circle(name string, way []string, done map[string]bool) []string {
	if i := slices.Index(way, name); i >= 0 {
		return append(slices.Clone(way[i:]), name)
	}
	if done[name] {
		return nil
	}
	done[name] = true
	p, _ := c.File.Processes.Get(name)
	for _, other := range p.DependsOn {
		if found := c.circle(other, append(way, name), done); found != nil {
			return found
		}
	}
	return nil
}

// entry is the process that load goes to.
func (c *compiler) entry() string {
	if c.File.Entry != "" {
		c.process("entry", c.File.Entry)
		return c.File.Entry
	}
	if len(c.File.Processes) == 1 {
		return c.File.Processes[0].Name
	}
	if _, ok := c.File.Processes.Get("web"); ok {
		return "web"
	}
	if len(c.File.Processes) > 1 {
		c.report.Say("processes", "which of them does load go to? say it with entry")
	}
	return ""
}

// protections compiles what takes each of them away.
func (c *compiler) protections() {
	for _, row := range c.File.Protections {
		path := "protections." + row.Name
		area, what, dotted := strings.Cut(row.Name, ".")
		if !dotted || area == "" || what == "" {
			c.report.Say(path+"#", "a protection is named area.what, for example %s", suggested(c.File.Name, row.Name))
		}
		without := row.Value.Without
		p := harness.Protection{Name: row.Name, About: row.Value.About, Runbook: row.Value.Runbook}
		p.Off, p.OffIn = c.off(path+".without.env", without.Env)
		p.OffCommand = c.offCommands(path+".without.command", without.Command)
		if len(p.Off)+len(p.OffIn)+len(p.OffCommand) == 0 {
			c.report.Say(path+".without", "nothing takes it away; say how with env or command")
		}
		if c.Launch.URL != "" {
			c.report.Say(path, "nothing can be taken away from a service that somebody else runs")
		}
		c.Protections = append(c.Protections, p)
	}
}

func suggested(service, name string) string {
	return service + "." + strings.ReplaceAll(strings.Trim(name, "."), " ", "-")
}

// off compiles environment for all processes, and for some; its texts may have further
// names.
func (c *compiler) off(path string, env notation.Table[Off], more ...string) (all map[string]string, in map[string]map[string]string) {
	for _, row := range env {
		at := path + "." + row.Name
		if row.Value.Value != nil {
			one := c.environment(path, notation.Table[string]{{Name: row.Name, Value: *row.Value.Value}}, c.anywhere().with(more...))
			all = with(all, row.Name, one[row.Name])
			if _, isProcess := c.File.Processes.Get(row.Name); isProcess {
				c.report.Say(at, "%s is a process; write %s: { NAME: value }", row.Name, row.Name)
			}
			continue
		}
		if c.process(at+"#", row.Name) {
			p, _ := c.File.Processes.Get(row.Name)
			in = with(in, row.Name, c.environment(at, row.Value.Of, c.ofProcess(p).with(more...)))
		}
	}
	return all, in
}

// anywhere are the names that any process knows.
func (c *compiler) anywhere() names {
	n := c.atRun()
	for _, p := range c.File.Processes {
		n = n.with(c.ofProcess(p.Value).known...)
	}
	return n
}

func with[T any](m map[string]T, name string, value T) map[string]T {
	if m == nil {
		m = map[string]T{}
	}
	m[name] = value
	return m
}

// offCommands compiles other commands.
func (c *compiler) offCommands(path string, o OffCommand) map[string][]string {
	var all map[string][]string
	if len(o.Entry) > 0 {
		p, _ := c.File.Processes.Get(c.Launch.Entry)
		c.command(path, o.Entry, c.ofProcess(p))
		all = with(all, c.Launch.Entry, []string(o.Entry))
	}
	for _, row := range o.Of {
		if !c.process(path+"."+row.Name+"#", row.Name) {
			continue
		}
		p, _ := c.File.Processes.Get(row.Name)
		c.command(path+"."+row.Name, row.Value, c.ofProcess(p))
		all = with(all, row.Name, []string(row.Value))
	}
	return all
}

// protection reports that there is no protection of a name, with the nearest.
func (c *compiler) protection(path, name string) {
	all := c.File.Protections.Names()
	if !slices.Contains(all, name) {
		c.report.Say(path, "there is no protection %s%s", quote(name), nearest.Hint(name, all))
	}
}
