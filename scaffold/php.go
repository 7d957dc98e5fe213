package scaffold

import (
	"encoding/json"

	"holdfast.dev/holdfast/manifest"
)

// php looks for Laravel, Symfony, or one file before all others, beside composer.json.
func php(f folder) []Finding {
	text, ok := f.read("composer.json")
	if !ok {
		return nil
	}
	file := f.name("composer.json")
	var c struct {
		Require map[string]any `json:"require"`
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		f.log.say(file, "it is no composer.json that can be read")
		return nil
	}
	names := map[string]int{}
	for name := range c.Require {
		names[name] = lineOf(text, `"`+name+`"`)
	}
	all := ofPackages(file, names)
	found := Finding{File: file}
	switch {
	case names["laravel/framework"] > 0:
		found.Line, found.Shown = names["laravel/framework"], "laravel/framework"
		p := builtIn("php", "artisan", "serve", "--host={host}", "--port={port}", "--no-reload")
		p.Env = append(p.Env, Variable{Name: "APP_KEY", Value: ""}, Variable{Name: "LOG_CHANNEL", Value: "stderr"})
		step, worker := found, found
		step.Step = &Step{Run: []string{"php", "artisan", "migrate", "--force"}}
		w := Process{Name: "worker", Work: "queue:work", Command: []string{"php", "artisan", "queue:work"}, Ready: manifest.Ready{Plain: "started"}}
		if names["laravel/horizon"] > 0 {
			w.Work, w.Command, w.Ready = "horizon", []string{"php", "artisan", "horizon"}, manifest.Ready{Log: "started successfully"}
			worker.Line, worker.Shown = names["laravel/horizon"], "laravel/horizon"
		}
		all = append(all, found.with(p), worker.with(w), step)
	case names["symfony/framework-bundle"] > 0:
		found.Line, found.Shown = names["symfony/framework-bundle"], "symfony/framework-bundle"
		all = append(all, found.with(builtIn("php", "-S", "{address}", "-t", "public")))
		if names["symfony/messenger"] > 0 {
			all = append(all, found.with(Process{Name: "worker", Work: "messenger:consume", Command: []string{"php", "bin/console", "messenger:consume", "async"}, Ready: manifest.Ready{Plain: "started"}}))
		}
		if names["doctrine/doctrine-migrations-bundle"] > 0 {
			found.Step = &Step{Run: []string{"php", "bin/console", "doctrine:migrations:migrate", "--no-interaction"}}
			all = append(all, found)
		}
	case f.has("public/index.php"): // Slim, and whatever has one file before all others
		found.File = f.name("public/index.php")
		all = append(all, found.with(builtIn("php", "-S", "{address}", "-t", "public")))
	}
	return all
}

// builtIn is a program that PHP's own server answers for.
func builtIn(command ...string) Process {
	return Process{
		Name: "web", Entry: true, Command: command, Env: []Variable{{Name: "PHP_CLI_SERVER_WORKERS", Value: "4"}},
		Said: []string{"the server for development takes few requests at once; yours (FrankenPHP, Octane, php-fpm) may take more"},
	}
}
