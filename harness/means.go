package harness

import (
	"fmt"
	"maps"
	"os"
	"strings"

	"holdfast.dev/holdfast/harness/step"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/undo"
	"holdfast.dev/holdfast/nearest"
	"holdfast.dev/holdfast/placeholder"
)

// means are what steps of the setup, actions and questions are carried out with: the
// environment and the folder of a process of the target, empty for its entry.
func (st *setup) means(journal *undo.Journal, process string) (step.Means, error) {
	env, dir, err := st.environment(process)
	if err != nil {
		return step.Means{}, err
	}
	m := step.Means{
		Env: env, Dir: dir, Journal: journal, Secrets: st.hidden(),
		Value: func(name string) (string, bool) { value, ok := st.values[name]; return value, ok },
		Database: func(at string) (string, error) {
			if name := st.scenario.World.databaseName(); at != "" && at != name {
				return "", fmt.Errorf("there is no database %s: it is called %s", at, name)
			}
			if st.dsn == "" {
				return "", fmt.Errorf("the scenario has no database")
			}
			return st.dsn, nil
		},
		URL: st.urlOf,
	}
	if st.gate != nil {
		m.Gate = st.gate
	}
	return m, nil
}

// urlOf is where a process of the target answers, empty for its entry.
func (st *setup) urlOf(process string) (string, error) {
	if process != "" {
		if url, ok := st.values[process+".url"]; ok {
			return url, nil
		}
	}
	if st.target == nil || process != "" && process != OnTarget {
		return "", fmt.Errorf("there is no process %s to ask", process)
	}
	return st.target.URL(), nil
}

// environment is what a process of the target is told, empty for its entry, and its
// folder: for commands that are not of the target itself.
func (st *setup) environment(process string) (env map[string]string, dir string, err error) {
	env = target.Passed(os.Environ(), st.passEnv)
	if len(st.processes) == 0 {
		maps.Copy(env, st.env)
		return env, "", nil
	}
	if process == "" {
		process = st.scenario.Parts[0].Name
	}
	for _, p := range st.processes {
		if p.Name != process {
			continue
		}
		for name, text := range p.Env {
			env[name] = placeholder.Text(text).Fill(func(name string) (string, bool) { return st.valueFor(process, name) })
		}
		return env, p.Dir, nil
	}
	return nil, "", fmt.Errorf("there is no process %s%s", process, nearest.Hint(process, st.scenario.programs()))
}

// valueFor is what a name stands for in a text of a process: its own address before
// all others.
func (st *setup) valueFor(process, name string) (string, bool) {
	if own, known := st.values[process+"."+name]; known {
		return own, true
	}
	if name == "replica" {
		return "1", true
	}
	value, known := st.values[name]
	return value, known
}

// hidden are the texts that no output of a step may show.
func (st *setup) hidden() []string {
	var all []string
	for name, value := range st.values {
		if strings.HasPrefix(name, "secrets.") || strings.HasSuffix(name, ".password") {
			all = append(all, value)
		}
	}
	for _, secret := range st.secrets {
		if !secret.Loggable {
			all = append(all, secret.Text)
		}
	}
	return all
}
