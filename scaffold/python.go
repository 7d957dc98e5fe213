package scaffold

import (
	"regexp"
	"strings"

	"holdfast.dev/holdfast/manifest"
)

// required is a requirement as requirements.txt, pyproject.toml and Pipfile have it: a name at
// the beginning of a line or of a text in quotes, with or without extras.
var required = regexp.MustCompile(`(?m)(?:^[ \t]*|["'])([A-Za-z0-9][A-Za-z0-9._-]*(?:\[[a-z0-9,_-]+\])?)[ \t]*(?:[=<>~!;@^,"'(]|$)`)

var projectName = regexp.MustCompile(`(?m)^name\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']`)

// python looks for a program in Python: Django, FastAPI, Flask, and Celery beside them.
func python(f folder) []Finding {
	packages := map[string]int{}
	project := ""
	var all []Finding
	for _, file := range []string{"pyproject.toml", "requirements.txt", "requirements/base.txt", "requirements/production.txt", "Pipfile", "setup.cfg"} {
		text, ok := f.read(file)
		if !ok {
			continue
		}
		if m := projectName.FindStringSubmatch(text); m != nil && file == "pyproject.toml" {
			project = strings.ToLower(strings.NewReplacer("-", "_", ".", "_").Replace(m[1]))
		}
		names := map[string]int{}
		for _, at := range required.FindAllStringSubmatchIndex(text, -1) {
			name := strings.ToLower(strings.ReplaceAll(text[at[2]:at[3]], "_", "-"))
			line := 1 + strings.Count(text[:at[2]], "\n")
			base, _, _ := strings.Cut(name, "[")
			for _, one := range []string{name, base} {
				if packages[one] == 0 {
					packages[one], names[one] = line, line
				}
			}
		}
		all = append(all, ofPackages(f.name(file), names)...)
	}
	manage, isDjango := f.read("manage.py")
	module := "app"
	switch {
	case isDjango:
		found, name := django(f, manage, packages)
		module = name
		all = append(all, found...)
	default:
		found, name := asgi(f, project, packages)
		module = name
		all = append(all, found...)
	}
	return append(all, celery(f, module, packages)...)
}

var settingsModule = regexp.MustCompile(`DJANGO_SETTINGS_MODULE["'],\s*["']([A-Za-z_][\w.]*)["']`)

// django is a program that manage.py belongs to, and the name of its package.
func django(f folder, manage string, packages map[string]int) ([]Finding, string) {
	found := Finding{File: f.name("manage.py")}
	module := ""
	if m := settingsModule.FindStringSubmatch(manage); m != nil {
		found.Line, found.Shown = lineOf(manage, m[0]), m[0]
		module, _, _ = strings.Cut(m[1], ".")
	}
	p := Process{Name: "web", Entry: true, Command: []string{"python3", "manage.py", "runserver", "{address}", "--noreload"}}
	switch {
	case module != "" && packages["gunicorn"] > 0:
		p.Command = []string{"gunicorn", module + ".wsgi", "--bind", "{address}", "--workers", "2"}
	case module != "" && packages["uvicorn"] > 0:
		p.Command = []string{"uvicorn", module + ".asgi:application", "--host", "{host}", "--port", "{port}"}
	default:
		p.Said = append(p.Said, "no gunicorn or uvicorn is among the packages, so this is Django's server for development")
	}
	step := found
	step.Step = &Step{Run: []string{"python3", "manage.py", "migrate", "--noinput"}}
	return []Finding{found.with(p), step}, module
}

var pythonApp = regexp.MustCompile(`(?m)^([A-Za-z_]\w*)(?:\s*:\s*\w+)?\s*=\s*(FastAPI|Starlette|Litestar|Quart|Flask|create_app)\(`)

// asgi is a program with an application that a server is given by name; project is what
// its package is called, where somebody says so.
func asgi(f folder, project string, packages map[string]int) ([]Finding, string) {
	files := []string{"main.py", "app.py", "wsgi.py", "asgi.py", "server.py", "run.py", "app/main.py", "app/__init__.py", "src/main.py", "src/app.py", "src/app/main.py", "api/main.py"}
	if project != "" {
		for _, in := range []string{project, "src/" + project} {
			files = append(files, in+"/main.py", in+"/app.py", in+"/asgi.py", in+"/wsgi.py", in+"/__init__.py")
		}
	}
	for _, file := range files {
		text, ok := f.read(file)
		if !ok {
			continue
		}
		m := pythonApp.FindStringSubmatch(text)
		module := strings.TrimSuffix(strings.ReplaceAll(strings.TrimSuffix(file, ".py"), "/", "."), ".__init__")
		found := Finding{File: f.name(file), Line: 1}
		p := Process{Name: "web", Entry: true}
		if rest, ok := strings.CutPrefix(module, "src."); ok && project != "" && strings.HasPrefix(rest, project) {
			module = rest // as the code calls itself
			p.Env = []Variable{{Name: "PYTHONPATH", Value: "src"}}
		}
		switch {
		case m == nil && len(packages) > 0 && strings.Contains(text, "__main__"), m == nil && strings.Contains(text, "serve_forever"):
			p.Command = []string{"python3", file}
			p.Env = append(p.Env, Variable{Name: "HOST", Value: "{host}"}, Variable{Name: "PORT", Value: "{port}"})
			p.Said = append(p.Said, "if it does not listen at the PORT and the HOST that it is told, say here how it is told")
		case m == nil:
			continue
		case m[2] == "Flask" || m[2] == "create_app":
			p.Command = []string{"flask", "--app", module + ":" + m[1], "run", "--host", "{host}", "--port", "{port}"}
			if packages["gunicorn"] > 0 {
				p.Command = []string{"gunicorn", module + ":" + m[1], "--bind", "{address}", "--workers", "2"}
			}
		default:
			p.Command = []string{"uvicorn", module + ":" + m[1], "--host", "{host}", "--port", "{port}"}
		}
		if m != nil {
			found.Line, found.Shown = lineOf(text, m[0]), m[0]
		}
		all := []Finding{found.with(p)}
		if f.has("alembic.ini") {
			all = append(all, Finding{File: f.name("alembic.ini"), Step: &Step{Run: []string{"alembic", "upgrade", "head"}}})
		}
		module, _, _ = strings.Cut(module, ".")
		return all, module
	}
	return nil, "app"
}

// celery is a worker, where there is one.
func celery(f folder, module string, packages map[string]int) []Finding {
	var all []Finding
	for _, file := range []string{module + "/celery.py", "celery.py", "tasks.py", "worker.py", module + "/tasks.py", module + "/worker.py"} {
		text, ok := f.read(file)
		if !ok || !strings.Contains(text, "Celery(") {
			continue
		}
		app := strings.ReplaceAll(strings.TrimSuffix(file, ".py"), "/", ".")
		app = strings.TrimSuffix(app, ".celery")
		all = append(all, Finding{File: f.name(file), Line: lineOf(text, "Celery("), Shown: "Celery("}.with(Process{
			Name: "worker", Work: "celery", Ready: manifest.Ready{Log: "ready."},
			Command: []string{"celery", "--app", app, "worker", "--loglevel", "info", "--concurrency", "2"},
		}))
		break
	}
	for name, command := range map[string][]string{"dramatiq": {"dramatiq", module}, "rq": {"rq", "worker"}, "arq": {"arq", module + ".WorkerSettings"}} {
		if packages[name] > 0 && len(all) == 0 {
			all = append(all, Finding{File: f.name("requirements"), Shown: name}.with(Process{Name: "worker", Work: name, Command: command, Ready: manifest.Ready{Plain: "started"}}))
		}
	}
	return all
}
