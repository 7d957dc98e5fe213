package scaffold

import (
	"path"
	"slices"
	"strings"

	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
)

// choose picks the programs out of all that were found: those of the first detector that
// knows one which answers HTTP, and workers that these lack.
func (d *draft) choose(found [][]Finding) []Finding {
	var chosen []Finding
	for _, all := range found {
		all = d.completed(programsOf(all))
		if !slices.ContainsFunc(all, func(f Finding) bool { return f.Process.Entry }) {
			continue
		}
		if len(chosen) == 0 {
			chosen = all
			continue
		}
		for _, f := range all {
			if !slices.Contains(composeNames, f.File) {
				continue // how it would be started if nobody had said so
			}
			d.say("processes", "found as well, and not used: "+f.Process.Name+" in "+f.place())
		}
	}
	for _, all := range found {
		for _, f := range programsOf(all) {
			if f.Process.Entry || f.Process.Work == "" || len(f.Process.Command) == 0 || slices.ContainsFunc(chosen, func(c Finding) bool { return c.Process.Work == f.Process.Work }) {
				continue
			}
			chosen = append(chosen, f)
		}
	}
	return chosen
}

func programsOf(all []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(all), func(f Finding) bool { return f.Process == nil })
}

// completed are programs whose command Compose leaves to the image: the folder that the
// image is built of says how it is started. What nobody knows is left out.
func (d *draft) completed(all []Finding) []Finding {
	var whole []Finding
	for _, f := range all {
		p := f.Process
		if len(p.Command) > 0 {
			whole = append(whole, f)
			continue
		}
		in := d.root
		if p.Dir != "" {
			in = in.in(p.Dir)
		}
		for _, found := range look(in) {
			i := slices.IndexFunc(found, func(g Finding) bool {
				return g.Process != nil && g.Process.Entry && len(g.Process.Command) > 0
			})
			if i < 0 {
				continue
			}
			start := *found[i].Process
			start.Name, start.Env, start.After, start.Entry = p.Name, append(p.Env, start.Env...), p.After, p.Entry
			start.Said = append(p.Said, start.Said...)
			if start.Ready == (manifest.Ready{}) || p.Ready.HTTP != "" {
				start.Ready = p.Ready
			}
			f.Shown += "; its command is from " + found[i].place()
			f.Process = &start
			whole = append(whole, f)
			break
		}
		if len(p.Command) == 0 && f.Process == p {
			d.say("processes", "left out: "+p.Name+" in "+f.place()+", for how it is started stands nowhere")
		}
	}
	return whole
}

// processes writes the programs.
func (d *draft) processes() {
	if len(d.chosen) == 0 {
		p := Process{Name: "web", Entry: true, Ready: manifest.Ready{Plain: "tcp"}, Command: []string{"sh", "-c", "echo 'holdfast.yaml does not say yet how this service is started: processes.web.command' >&2; exit 1"}}
		d.chosen = []Finding{{Process: &p}}
	}
	if !slices.ContainsFunc(d.chosen, func(f Finding) bool { return f.Process.Entry }) {
		d.chosen[0].Process.Entry = true
	}
	names := map[string]string{} // as the folder has them, and as the file does
	for i, f := range d.chosen {
		name := d.free(nameOf(f.Process.Name))
		if _, taken := names[f.Process.Name]; !taken {
			names[f.Process.Name] = name
		}
		d.chosen[i].Process.Name = name
		set(&d.file.Processes, name, manifest.Process{})
	}
	entry := ""
	for _, f := range d.chosen {
		if p := *f.Process; p.Entry && (entry == "" || p.Name == "web") {
			entry = p.Name
		}
	}
	if len(d.chosen) > 1 {
		d.file.Entry = entry
	}
	for _, f := range d.chosen {
		d.process(f, names)
	}
}

// process writes one program.
func (d *draft) process(f Finding, names map[string]string) {
	p := *f.Process
	at := "processes." + p.Name
	if f.File == "" {
		d.ask(at, "command, how this service is started: nothing in the folder says so. It is told its port by {port}, and its address by {address}")
	} else {
		d.say(at, f.because())
	}
	d.say(at, p.Said...)
	out := manifest.Process{Command: d.words(at, p.Command), Build: p.Build, WorkingDir: d.dir(p.Dir), Ready: p.Ready}
	if p.Entry {
		out.Command = bound(out.Command)
	}
	for _, v := range p.Env {
		d.environment(at, &out.Env, v)
	}
	for _, other := range p.After {
		if name := names[other]; name != "" && name != p.Name && !d.circle(name, p.Name) {
			out.DependsOn = append(out.DependsOn, name)
		}
	}
	for _, name := range p.PassEnv {
		if !slices.Contains(d.file.PassEnv, name) {
			d.file.PassEnv = append(d.file.PassEnv, name)
		}
	}
	set(&d.file.Processes, p.Name, out)
}

// dir is a folder of the service, from that of the file.
func (d *draft) dir(of string) string {
	dir := path.Join(d.options.Dir, of)
	if dir == "." {
		return ""
	}
	return dir
}

// circle reports whether a process waits for another already.
func (d *draft) circle(name, other string) bool {
	p, _ := d.file.Processes.Get(name)
	return slices.Contains(p.DependsOn, other) || slices.ContainsFunc(p.DependsOn, func(next string) bool { return d.circle(next, other) })
}

// listening sees to it that what answers HTTP is told where.
func (d *draft) listening() {
	for _, f := range d.chosen {
		if p := *f.Process; p.Entry && f.File != "" {
			out, _ := d.file.Processes.Get(p.Name)
			d.toldWhere("processes."+p.Name, p, &out)
			set(&d.file.Processes, p.Name, out)
		}
	}
}

func (d *draft) toldWhere(at string, p Process, out *manifest.Process) {
	command := strings.Join(out.Command, " ")
	told := strings.Contains(command, "{port}") || strings.Contains(command, "{address}")
	for _, v := range out.Env {
		told = told || strings.Contains(v.Value, "{port}") || strings.Contains(v.Value, "{address}")
	}
	if !told {
		set(&out.Env, "PORT", "{port}")
		set(&out.Env, "HOST", "{host}")
		d.ask(at, "how it is told where to listen, if PORT and HOST are not it: a run gives it a free port of this machine, in command or env as {port}, {host} or {address}")
	}
	if p.Shell && strings.Contains(command, "{port}") {
		set(&out.Env, "PORT", "{port}")
	}
}

// servers are programs that listen at an address of their own where nobody says
// otherwise, with the option that does.
var servers = []struct {
	name    string
	options []string // any of which says where already
	more    []string
}{
	{"gunicorn", []string{"-b", "--bind"}, []string{"--bind", "{address}"}},
	{"hypercorn", []string{"-b", "--bind"}, []string{"--bind", "{address}"}},
	{"uvicorn", []string{"--port"}, []string{"--host", "{host}", "--port", "{port}"}},
	{"daphne", []string{"-p", "--port"}, []string{"-b", "{host}", "-p", "{port}"}},
	{"waitress-serve", []string{"--listen", "--port"}, []string{"--listen", "{address}"}},
	{"puma", []string{"-b", "--bind"}, []string{"--bind", "tcp://{address}"}},
	{"unicorn", []string{"-l", "--listen"}, []string{"--listen", "{address}"}},
	{"rackup", []string{"-p", "--port"}, []string{"--host", "{host}", "--port", "{port}"}},
}

// bound is a command that says where to listen: a server that is told a port alone
// listens on all addresses of the machine, and a run refuses that.
func bound(command []string) []string {
	for _, s := range servers {
		at := slices.IndexFunc(command[:min(len(command), 5)], func(word string) bool { return word == s.name || strings.HasSuffix(word, "/"+s.name) })
		if at < 0 {
			continue
		}
		says := slices.ContainsFunc(command, func(word string) bool {
			option, _, _ := strings.Cut(word, "=")
			return slices.Contains(s.options, option)
		})
		if !says {
			return append(slices.Clip(command), s.more...)
		}
	}
	if i := slices.Index(command, "-p"); i > 0 && slices.Contains(command, "server") && !slices.Contains(command, "-b") && !slices.Contains(command, "--binding") { // rails
		return append(slices.Clip(command), "-b", "{host}")
	}
	return command
}

// words are those of a command that may be copied: everybody on the machine can read
// them, and so has the file.
func (d *draft) words(at string, command []string) []string {
	out := make([]string, len(command))
	for i, word := range command {
		if out[i] = d.stripped("command of "+strings.TrimPrefix(at, "processes."), word); out[i] != word {
			d.ask(at, "a secret stood in the command; put it into env as {secrets.NAME}, and have the program read it there")
		}
	}
	return out
}

// environment writes one variable of a process, if its value may be copied.
func (d *draft) environment(at string, env *notation.Table[string], v Variable) {
	if strings.HasPrefix(v.Value, "{") && strings.HasSuffix(v.Value, "}") && !strings.Contains(v.Value, ":") {
		set(env, v.Name, v.Value) // of a detector's own
		return
	}
	d.settings = append(d.settings, Finding{File: strings.TrimPrefix(at, "processes."), Variable: &Variable{Name: v.Name, Value: v.Value, Of: strings.TrimPrefix(at, "processes.")}})
}

// free is a name of a place that nothing has yet.
func (d *draft) free(name string) string {
	taken := func(name string) bool {
		_, process := d.file.Processes.Get(name)
		_, dependency := d.file.Dependencies.Get(name)
		return process || dependency || slices.Contains(words("database postgres target machine ledger drain own secrets parameters ports json form header query path status method body"), name)
	}
	for candidate, n := name, 2; ; n++ {
		if !taken(candidate) {
			return candidate
		}
		candidate = name + "-" + string(rune('0'+n%10))
		if n > 9 {
			candidate = name + strings.Repeat("x", n-8)
		}
	}
}
