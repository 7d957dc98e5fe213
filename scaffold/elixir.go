package scaffold

import "regexp"

var mixDependency = regexp.MustCompile(`\{:([a-z0-9_]+)\s*,`)

// elixir looks for Phoenix in mix.exs.
func elixir(f folder) []Finding {
	text, ok := f.read("mix.exs")
	if !ok {
		return nil
	}
	names := matched(mixDependency, text)
	all := ofPackages(f.name("mix.exs"), names)
	if names["phoenix"] == 0 {
		return all
	}
	found := Finding{File: f.name("mix.exs"), Line: names["phoenix"], Shown: "phoenix"}
	p := Process{Name: "web", Entry: true, Command: []string{"mix", "phx.server"}, Env: []Variable{{Name: "PORT", Value: "{port}"}}, PassEnv: []string{"MIX_HOME", "HEX_HOME"}}
	p.Said = append(p.Said, "config/dev.exs has a port and a database of its own: have it read PORT and DATABASE_URL, as config/runtime.exs does for production")
	all = append(all, found.with(p))
	if names["ecto_sql"] > 0 {
		all = append(all, Finding{File: f.name("mix.exs"), Line: names["ecto_sql"], Shown: "ecto_sql", Step: &Step{Run: []string{"mix", "ecto.migrate"}}})
	}
	return all
}
