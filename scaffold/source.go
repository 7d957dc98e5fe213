package scaffold

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"holdfast.dev/holdfast/traffic"
)

// What is looked at of the code itself.
const (
	mostSources = 300
	deepest     = 4 // folders below the service's
	mostRoutes  = 60
)

// sourceEnds are files of code.
var sourceEnds = []string{".py", ".js", ".mjs", ".cjs", ".ts", ".go", ".rb", ".php", ".ex", ".exs", ".java", ".kt"}

// reading is how programs read a variable, with the value that they take without it:
// os.environ["A"], os.getenv("A", "b"), process.env.A ?? "b", os.Getenv("A"), ENV.fetch("A"), env('A').
var reading = regexp.MustCompile("(?:environ(?:\\.get\\(|\\[)|[gG]et_?[eE]nv\\w*\\(|[lL]ookup[eE]nv\\(|ENV(?:\\.fetch\\(|\\[)|process\\.env(?:\\.|\\[)|\\benv\\(|fetch_env!\\()\\s*[\"'`]?([A-Z][A-Z0-9_]{1,60})\\b[\"'`]?\\]?(?:\\s*(?:,|\\|\\||\\?\\?)\\s*[\"'`]([^\"'`\\n]{0,200})[\"'`])?")

// source reads the code for the variables by which it finds what it talks to.
func source(f folder) []Finding {
	var all []Finding
	seen := map[string]bool{}
	f.sources(func(name, text string) {
		for _, at := range reading.FindAllStringSubmatchIndex(text, 200) {
			v := Variable{Name: text[at[2]:at[3]], InCode: true}
			if at[4] >= 0 {
				v.Value = text[at[4]:at[5]]
			}
			if !seen[v.Name] && len(all) < 300 {
				seen[v.Name] = true
				all = append(all, Finding{File: name, Line: 1 + strings.Count(text[:at[0]], "\n"), Shown: v.Name, Variable: &v})
			}
		}
	})
	return all
}

// sources visits the files of code, those near the top first.
func (f folder) sources(visit func(name, text string)) {
	left := mostSources
	level := []folder{f}
	for depth := 0; depth <= deepest && len(level) > 0; depth++ {
		var next []folder
		for _, in := range level {
			for _, file := range in.entries(false) {
				if !slices.Contains(sourceEnds, path.Ext(file)) || strings.Contains(file, "test") || strings.Contains(file, ".min.") || left == 0 {
					continue
				}
				left--
				if text, ok := in.read(file); ok {
					visit(in.name(file), text)
				}
			}
			next = append(next, in.folders()...)
		}
		level = next
	}
}

// routeForms are how frameworks say that they answer a GET; the group is the path.
var routeForms = []*regexp.Regexp{
	regexp.MustCompile("\\b(?:app|router|server|api|fastify|routes?|r|mux|e|g|group|v1|blueprint|bp)(?:\\.|->)(?:get|Get|GET)\\(\\s*[\"'`](/[^\"'`\\s]*)[\"'`]"), // Express, Fastify, chi, Echo, Gin, Slim
	regexp.MustCompile(`(?m)^\s*@\w+\.(?:get|route)\(\s*["'](/[^"']*)["'](?:\)|[^\n]*GET|,[^\n]*(?:response_model|name|tags|status_code))`),                      // Flask, FastAPI
	regexp.MustCompile(`\bHandle(?:Func)?\(\s*"(?:GET )?(/[^"\s]*)"`),                                                                                            // net/http
	regexp.MustCompile(`@GetMapping\(\s*(?:(?:value|path)\s*=\s*)?"(/[^"]*)"`),                                                                                   // Spring
	regexp.MustCompile(`\bRoute::get\(\s*['"](/[^'"]*)['"]`),                                                                                                     // Laravel
	regexp.MustCompile(`#\[Route\(\s*(?:path:\s*)?['"](/[^'"]*)['"](?:\)|[^\n]*GET|,\s*name:\s*['"][^'"]*['"]\))`),                                               // Symfony
	regexp.MustCompile(`(?m)^\s*get\s*\(?["'](/[^"']*)["']`),                                                                                                     // Rails, Sinatra, Phoenix
	regexp.MustCompile(`\bmount_proc\(?\s*["'](/[^"']*)["']`),                                                                                                    // WEBrick
}

// plainForms are how code without a framework finds out what it is asked.
var plainForms = []*regexp.Regexp{
	regexp.MustCompile("(?i)\\b(?:url|uri|path|pathname|path_?info|request_?uri)[\"']?[\\])]*\\s*[!=]={1,2}\\s*[\"'`](/[^\"'`\\s]*)[\"'`]"),
	regexp.MustCompile("\\b(?:case|when)\\s+[\"'`](/[^\"'`\\s]*)[\"'`]"),
}

var (
	inRoute   = regexp.MustCompile(`:([A-Za-z_]\w*)(?:\([^)]*\))?\??|<(?:(\w+):)?([A-Za-z_]\w*)>|\{([A-Za-z_]\w*)\??(?::[^{}]*)?\}`)
	plainWay  = regexp.MustCompile(`^/(?:[A-Za-z0-9_.~-]+|\{[A-Za-z_]\w*\}|/)*$`)
	notAsked  = regexp.MustCompile(`(?i)^/(health|healthz|readyz|ready|livez|live|ping|metrics|up|favicon|debug|swagger|docs|openapi|static)(?:$|[/.])`)
	namesOfID = regexp.MustCompile(`(?i)(^|_)(id|pk|number|no)$|Id$`)
)

// inCode are the requests that the code says it answers, for where nothing else tells
// what the service is asked.
func (d *draft) inCode() []ask {
	var all []ask
	seen := map[string]bool{}
	add := func(route string, at Finding) {
		a, ok := written(route)
		if !ok || seen[a.key()] || len(all) == mostRoutes {
			return
		}
		seen[a.key()] = true
		a.source = at.place()
		all = append(all, a)
	}
	for _, f := range d.chosen {
		if f.Process.Name == d.entry() {
			djangoRoutes(d.root.in(f.Process.Dir), add)
		}
	}
	for _, forms := range [][]*regexp.Regexp{routeForms, plainForms} {
		if len(all) > 0 {
			break
		}
		d.root.sources(func(name, text string) {
			for _, form := range forms {
				for _, at := range form.FindAllStringSubmatchIndex(text, mostRoutes) {
					route := text[at[2]:at[3]]
					if strings.HasSuffix(name, "routes/api.php") { // Laravel's, which it puts below /api
						route = "/api" + route
					}
					add(route, Finding{File: name, Line: 1 + strings.Count(text[:at[2]], "\n")})
				}
			}
		})
	}
	return all
}

// written is a path as a framework has it, as a request. False: it is none that can be
// asked without knowing more.
func written(route string) (ask, bool) {
	a := ask{method: "GET", values: map[string]string{}}
	a.path = inRoute.ReplaceAllStringFunc(strings.TrimSuffix(route, "{$}"), func(match string) string {
		m := inRoute.FindStringSubmatch(match)
		p := traffic.Place{Name: m[1] + m[3] + m[4], Kind: traffic.Text}
		if m[2] == "int" || namesOfID.MatchString(p.Name) {
			p.Kind, p.Min, p.Max = traffic.Number, 1, 100
		}
		if m[2] == "uuid" {
			p.Kind = traffic.UUID
		}
		if !slices.ContainsFunc(a.places, func(other traffic.Place) bool { return other.Name == p.Name }) {
			a.places = append(a.places, p)
		}
		return "{" + p.Name + "}"
	})
	twice := strings.Count(a.path, "{") != len(a.places)
	return a, plainWay.MatchString(a.path) && !notAsked.MatchString(a.path) && !twice
}
