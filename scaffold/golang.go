package scaffold

import (
	"path"
	"regexp"
	"strings"

	"holdfast.dev/holdfast/manifest"
)

var goRequire = regexp.MustCompile(`(?m)^(?:require\s+)?\s*([a-z0-9.-]+\.[a-z]{2,}/\S+)\s+v\d[^/\n]*$`)

// golang looks for the programs of a Go module: its own folder, and those below cmd.
func golang(f folder) []Finding {
	text, ok := f.read("go.mod")
	if !ok {
		return nil
	}
	names := map[string]int{}
	for name, line := range matched(goRequire, text) {
		names[strings.ToLower(name)] = line
	}
	all := ofPackages(f.name("go.mod"), names)
	programs := f.programs()
	for _, program := range programs {
		all = append(all, program.finding(len(programs) == 1))
	}
	return all
}

// goProgram is a package main.
type goProgram struct {
	folder, file, name string
	text               string
}

var packageMain = regexp.MustCompile(`(?m)^package main\b`)

// programs are the packages main of a module.
func (f folder) programs() []goProgram {
	var all []goProgram
	add := func(dir, name string) {
		in := f.in(dir)
		for _, file := range in.entries(false) {
			if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, ok := in.read(file)
			if !ok || !packageMain.MatchString(text) || !strings.Contains(text, "func main()") {
				continue
			}
			if len(all) < mostProcesses {
				all = append(all, goProgram{folder: dir, file: in.name(file), name: name, text: text})
			}
			return
		}
	}
	add(".", "")
	for _, below := range f.in("cmd").folders() {
		add("cmd/"+path.Base(below.path), path.Base(below.path))
	}
	return all
}

var (
	serves = regexp.MustCompile(`ListenAndServe|\.Listen\(|net\.Listen|http\.Server\{|\.Run\(|\.Start\(`)
	getenv = regexp.MustCompile(`(?:Getenv|LookupEnv|getenv|env)\(\s*"([A-Z][A-Z0-9_]*)"`)
)

// finding is the program as a process.
func (g goProgram) finding(only bool) Finding {
	name := g.name
	if name == "" || only {
		name = "web"
	}
	binary := "./bin/" + nameOf(name)
	of := "./" + g.folder
	if g.folder == "." {
		of = "."
	}
	p := Process{
		Name: name, Entry: serves.MatchString(g.text) || only, Build: []string{"go", "build", "-o", binary, of}, Command: []string{binary},
		PassEnv: []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOFLAGS", "GOPROXY"},
	}
	found := Finding{File: g.file, Line: lineOf(g.text, "func main()"), Shown: "func main()"}
	if !p.Entry {
		p.Ready = manifest.Ready{Plain: "started"}
		return found.with(p)
	}
	known := matched(getenv, g.text)
	for _, v := range []Variable{{Name: "LISTEN_ADDR", Value: "{address}"}, {Name: "LISTEN_ADDRESS", Value: "{address}"}, {Name: "HTTP_ADDR", Value: "{address}"}, {Name: "ADDR", Value: "{address}"}, {Name: "ADDRESS", Value: "{address}"}, {Name: "HOST", Value: "{host}"}, {Name: "PORT", Value: "{port}"}} {
		if known[v.Name] > 0 {
			p.Env = append(p.Env, v)
		}
	}
	if len(p.Env) == 0 {
		p.Env = []Variable{{Name: "HOST", Value: "{host}"}, {Name: "PORT", Value: "{port}"}}
		p.Said = append(p.Said, "fill in how it is told where to listen: no variable for that was found in "+g.file)
	}
	if _, host := known["HOST"]; known["PORT"] > 0 && !host {
		p.Said = append(p.Said, `if it is refused because it listens on all addresses, have it listen on 127.0.0.1 where HOST says so: ":"+port is all of them`)
	}
	for _, health := range []string{"/readyz", "/healthz", "/health", "/ready", "/livez", "/ping"} {
		if strings.Contains(g.text, health+`"`) {
			p.Ready = manifest.Ready{HTTP: health}
			break
		}
	}
	return found.with(p)
}
