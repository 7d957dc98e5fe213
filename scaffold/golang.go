package scaffold

import (
	"cmp"
	"path"
	"regexp"
	"slices"
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
	if len(programs) == 1 && !programs[0].once() {
		return append(all, programs[0].process("web", true, "./bin/web", []string{"go", "build", "-o", "./bin/web", programs[0].of()}))
	}
	module, entry := "", entryOf(programs)
	if m := moduleLine.FindStringSubmatch(text); m != nil {
		module = strings.Trim(m[1], `"`)
	}
	var built []string // all that is used, by one build: what a step of setup runs is made, too
	for i, g := range programs {
		if i == entry || g.once() || g.stays() {
			built = append(built, g.of())
		}
	}
	build := append([]string{"go", "build", "-o", "./bin/"}, built...)
	for i, g := range programs {
		switch binary := "./bin/" + g.binary(module); {
		case g.once():
			step := &Step{Run: []string{binary}, Build: build, Said: []string{"if it is told what to do by a word, such as up, the command lacks that"}}
			all = append(all, Finding{File: g.file, Line: g.line(), Shown: "func main()", Step: step})
		case i == entry || g.stays():
			all = append(all, g.process(cmp.Or(g.name, "web"), i == entry || g.serves(), binary, build))
		default:
			all = append(all, Finding{File: g.file, Line: g.line(), Note: "left out, for nothing in it says that it goes on running"})
		}
	}
	return all
}

var moduleLine = regexp.MustCompile(`(?m)^module\s+(\S+)`)

// entryOf is which of some programs load goes to: the first that is seen to answer
// requests, or else that could. -1: there is none.
func entryOf(programs []goProgram) int {
	if i := slices.IndexFunc(programs, goProgram.serves); i >= 0 {
		return i
	}
	return slices.IndexFunc(programs, func(g goProgram) bool { return !g.once() && !worker.MatchString(g.name) })
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
	goesOn = regexp.MustCompile(`for\s*\{|select\s*\{|signal\.Notify|\.Wait\(\)`)
	getenv = regexp.MustCompile(`(?:Getenv|LookupEnv|getenv|env)\(\s*"([A-Z][A-Z0-9_]*)"`)

	// What the names of programs say: those that make the data and end, and those that
	// work without being asked.
	maker  = regexp.MustCompile(`^(?:db[-_]?)?(?:migrat|seed)|[-_](?:migrat|seed)`)
	worker = regexp.MustCompile(`work|consum|schedul|cron|daemon|queue|process|relay|poll|dispatch|subscri|job`)
)

// once reports whether a program makes the data, and ends.
func (g goProgram) once() bool { return maker.MatchString(g.name) }

// serves reports whether a program is seen to answer requests.
func (g goProgram) serves() bool {
	return !g.once() && !worker.MatchString(g.name) && serves.MatchString(g.text)
}

// stays reports whether a program goes on running: one that ends would be a service that
// has died.
func (g goProgram) stays() bool {
	return !g.once() && (worker.MatchString(g.name) || serves.MatchString(g.text) || goesOn.MatchString(g.text))
}

// of is the package as the go command is told of it.
func (g goProgram) of() string {
	if g.folder == "." {
		return "."
	}
	return "./" + g.folder
}

// binary is what the go command calls the program: by its folder, or by the module.
func (g goProgram) binary(module string) string {
	if g.name != "" {
		return g.name
	}
	if name := path.Base(module); !isVersion.MatchString(name) {
		return name
	}
	return path.Base(path.Dir(module))
}

func (g goProgram) line() int { return lineOf(g.text, "func main()") }

// process is the program as one that goes on.
func (g goProgram) process(name string, entry bool, binary string, build []string) Finding {
	p := Process{
		Name: name, Entry: entry, Build: build, Command: []string{binary},
		PassEnv: []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOFLAGS", "GOPROXY", "GOPRIVATE", "CGO_ENABLED"},
	}
	found := Finding{File: g.file, Line: g.line(), Shown: "func main()"}
	if !entry {
		p.Ready = manifest.Ready{Plain: "started"}
		return found.with(p)
	}
	known := matched(getenv, g.text)
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
