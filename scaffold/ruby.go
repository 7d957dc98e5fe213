package scaffold

import (
	"regexp"

	"holdfast.dev/holdfast/manifest"
)

var gem = regexp.MustCompile(`(?m)^\s*gem\s*\(?\s*["']([A-Za-z0-9_-]+)["']`)

// ruby looks for a program in Ruby: Rails, or any Rack, and its worker.
func ruby(f folder) []Finding {
	text, ok := f.read("Gemfile")
	if !ok {
		return nil
	}
	gems := matched(gem, text)
	all := ofPackages(f.name("Gemfile"), gems)
	p := Process{Name: "web", Entry: true, PassEnv: []string{"GEM_HOME", "GEM_PATH", "BUNDLE_PATH"}}
	found := Finding{File: f.name("Gemfile")}
	switch {
	case gems["rails"] > 0:
		found.Line, found.Shown = gems["rails"], "rails"
		p.Command = []string{"bin/rails", "server", "--binding", "{host}", "--port", "{port}"}
		if gems["puma"] > 0 {
			p.Command = []string{"bundle", "exec", "puma", "--bind", "tcp://{address}"}
		}
		p.Env = []Variable{{Name: "RAILS_ENV", Value: "development"}, {Name: "RAILS_LOG_TO_STDOUT", Value: "1"}, {Name: "PIDFILE", Value: "/dev/null"}}
		p.Said = append(p.Said, "RAILS_ENV decides which database.yml and which credentials count: DATABASE_URL goes over the former")
		if routes, ok := f.read("config/routes.rb"); ok && regexp.MustCompile(`rails/health#show`).MatchString(routes) {
			p.Ready = manifest.Ready{HTTP: "/up"}
		}
		all = append(all, found.with(p))
		step := found
		step.Step = &Step{Run: []string{"bin/rails", "db:migrate"}}
		all = append(all, step)
	case f.has("config.ru"):
		found.File = f.name("config.ru")
		p.Command = []string{"bundle", "exec", "rackup", "--host", "{host}", "--port", "{port}"}
		if gems["puma"] > 0 {
			p.Command = []string{"bundle", "exec", "puma", "--bind", "tcp://{address}"}
		}
		all = append(all, found.with(p))
	}
	for _, w := range []struct {
		gem     string
		command []string
		ready   manifest.Ready
	}{
		{"sidekiq", []string{"bundle", "exec", "sidekiq"}, manifest.Ready{Log: "Sidekiq"}}, {"good_job", []string{"bundle", "exec", "good_job", "start"}, manifest.Ready{Plain: "started"}},
		{"solid_queue", []string{"bin/jobs"}, manifest.Ready{Plain: "started"}}, {"delayed_job", []string{"bin/rails", "jobs:work"}, manifest.Ready{Plain: "started"}}, {"resque", []string{"bundle", "exec", "rake", "resque:work"}, manifest.Ready{Plain: "started"}},
	} {
		if line := gems[w.gem]; line > 0 {
			all = append(all, Finding{File: f.name("Gemfile"), Line: line, Shown: w.gem}.with(Process{Name: "worker", Work: w.gem, Command: w.command, Ready: w.ready}))
		}
	}
	return all
}

// matched are the first groups of what an expression finds, each with its first line.
func matched(re *regexp.Regexp, text string) map[string]int {
	all := map[string]int{}
	line, from := 1, 0
	for _, at := range re.FindAllStringSubmatchIndex(text, -1) {
		for ; from < at[2]; from++ {
			if text[from] == '\n' {
				line++
			}
		}
		if name := text[at[2]:at[3]]; all[name] == 0 {
			all[name] = line
		}
	}
	return all
}
