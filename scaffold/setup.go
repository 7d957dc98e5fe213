package scaffold

import (
	"fmt"
	"slices"
	"strings"

	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
)

// setup writes the steps that make the tables, where there is a database that they are
// seen to write into.
func (d *draft) setup() {
	migrated := false
	for _, f := range d.steps {
		migrates := strings.Contains(strings.Join(f.Step.Run, " "), "migrat")
		if migrates && migrated {
			continue // the same, as another file has it
		}
		at := fmt.Sprintf("setup.once[%d]", len(d.file.Setup.Once))
		if why := d.useless(*f.Step); why != "" {
			d.say("", "left out: "+strings.Join(f.Step.Run, " ")+" (from "+f.place()+"), for "+why)
			continue
		}
		migrated = migrated || migrates
		step := manifest.Step{Run: d.words(at, f.Step.Run)}
		for _, p := range d.file.Processes {
			if entry, _ := d.file.Processes.Get(d.entry()); p.Value.WorkingDir == d.dir(f.Step.Dir) && entry.WorkingDir != d.dir(f.Step.Dir) {
				step.EnvOf = p.Name
				break
			}
		}
		if i := slices.IndexFunc(d.things, func(t thing) bool { return t.Kind == "postgres" }); i >= 0 {
			step.Writes = notation.Words{d.things[i].named}
		}
		d.file.Setup.Once = append(d.file.Setup.Once, step)
		d.say(at, f.because())
		d.say(at, f.Step.Said...)
	}
}

// useless is why a step is not done; empty: it is.
func (d *draft) useless(s Step) string {
	built := func(p processRow) bool { return slices.Equal(p.Value.Build, s.Build) }
	switch {
	case d.databases == "":
		return "no database was found that it could write into"
	case len(s.Build) > 0 && !slices.ContainsFunc(d.file.Processes, built):
		return "no process here is built with it"
	}
	return ""
}
