package scaffold

import (
	"encoding/json"
	"regexp"
	"strings"

	"holdfast.dev/holdfast/manifest"
)

// packageJSON is what package.json has that says something here.
type packageJSON struct {
	Scripts         map[string]string `json:"scripts"`
	Main            string            `json:"main"`
	Dependencies    map[string]any    `json:"dependencies"`
	DevDependencies map[string]any    `json:"devDependencies"`
}

// node looks for a program in Node that package.json starts.
func node(f folder) []Finding {
	text, ok := f.read("package.json")
	if !ok {
		return nil
	}
	file := f.name("package.json")
	var p packageJSON
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		f.log.say(file, "it is no package.json that can be read")
		return nil
	}
	packages := map[string]int{}
	for name := range p.Dependencies {
		packages[name] = lineOf(text, `"`+name+`"`)
	}
	all := ofPackages(file, packages)
	if start, ok := nodeStart(f, p, packages); ok {
		start.File = file
		if start.Line = lineOf(text, `"start"`); start.Shown == "" {
			start.Line = 0
		}
		all = append(all, start)
	}
	if script := p.Scripts["worker"]; script != "" {
		all = append(all, Finding{File: file, Line: lineOf(text, `"worker"`), Shown: "worker: " + script}.with(Process{Name: "worker", Work: "worker", Command: []string{"npm", "run", "--silent", "worker"}, Ready: manifest.Ready{Plain: "started"}}))
	}
	return append(all, nodeMigrations(f, file, text, p, packages)...)
}

// fronts are packages of what is a page in a browser and no service.
var fronts = regexp.MustCompile(`^(vite|react-scripts|@angular/cli|gatsby)$`)

// nodeStart is how the program is started.
func nodeStart(f folder, p packageJSON, packages map[string]int) (Finding, bool) {
	process := Process{Name: "web", Entry: true, Env: []Variable{{Name: "HOST", Value: "{host}"}, {Name: "PORT", Value: "{port}"}}}
	listens := "if it is refused because it listens on all addresses, have it listen on HOST too: app.listen(process.env.PORT, process.env.HOST)"
	start := p.Scripts["start"]
	words, plain := plainWords(portVariable.ReplaceAllString(start, "{port}"))
	switch {
	case packages["next"] > 0:
		process.Command = []string{"npx", "next", "start", "--hostname", "{host}", "--port", "{port}"}
		process.Build = []string{"npx", "next", "build"}
	case start != "" && plain && words[0] == "node":
		process.Command = words // npm between would hide how it ends
		process.Said = append(process.Said, listens)
	case start != "":
		process.Command = []string{"npm", "start", "--silent"}
		process.Said = append(process.Said, listens)
	default:
		main := p.Main
		for _, file := range []string{main, "server.js", "app.js", "index.js", "src/server.js", "src/index.js"} {
			if file != "" && plainPath(file) && f.has(file) && hasServer(packages) {
				process.Command = []string{"node", file}
				process.Said = append(process.Said, listens)
				return Finding{}.with(process), true
			}
		}
		return Finding{}, false
	}
	if p.Scripts["build"] != "" && process.Build == nil && !isFront(p) {
		process.Build = []string{"npm", "run", "--silent", "build"}
	}
	return Finding{Shown: "start: " + start}.with(process), !isFront(p)
}

// isFront reports whether npm start would show a page, and serve nothing.
func isFront(p packageJSON) bool {
	for name := range p.Dependencies {
		if hasServer(map[string]int{name: 1}) {
			return false
		}
	}
	for _, all := range []map[string]any{p.Dependencies, p.DevDependencies} {
		for name := range all {
			if fronts.MatchString(name) {
				return true
			}
		}
	}
	return false
}

func hasServer(packages map[string]int) bool {
	for _, name := range words("express fastify koa @nestjs/core @hapi/hapi hono restify polka micro next @apollo/server") {
		if packages[name] > 0 {
			return true
		}
	}
	return false
}

// nodeMigrations is what makes the tables.
func nodeMigrations(f folder, file, text string, p packageJSON, packages map[string]int) []Finding {
	found := Finding{File: file, Line: packages["knex"], Shown: "knex"}
	_, prisma := p.DevDependencies["prisma"]
	switch {
	case (prisma || packages["prisma"] > 0 || packages["@prisma/client"] > 0) && f.has("prisma/schema.prisma"):
		found = Finding{File: f.name("prisma/schema.prisma")}
		found.Step = &Step{Run: []string{"npx", "prisma", "migrate", "deploy"}}
	case packages["sequelize"] > 0 && f.has(".sequelizerc"):
		found.Line, found.Shown = packages["sequelize"], "sequelize"
		found.Step = &Step{Run: []string{"npx", "sequelize-cli", "db:migrate"}}
	case packages["knex"] > 0 && (f.has("knexfile.js") || f.has("knexfile.ts")):
		found.Step = &Step{Run: []string{"npx", "knex", "migrate:latest"}}
	default:
		for _, name := range []string{"migrate", "db:migrate", "migration:run", "migrations"} {
			if script := p.Scripts[name]; script != "" {
				found.Line = lineOf(text, `"`+name+`"`)
				found.Shown = name + ": " + strings.TrimSpace(script)
				found.Step = &Step{Run: []string{"npm", "run", "--silent", name}}
				return []Finding{found}
			}
		}
		return nil
	}
	return []Finding{found}
}
