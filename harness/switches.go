package harness

import (
	"maps"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

// switches are the settings that take away what a scenario proves, each with its
// value among those settings.
func (c Config) switches(sc Scenario, settings map[string]string) []result.Switch {
	var all []result.Switch
	for _, p := range c.Protections {
		if !slices.Contains(sc.Protections, p.Name) {
			continue
		}
		all = append(all, p.switches("", p.Off, settings)...)
		for _, process := range slices.Sorted(maps.Keys(p.OffIn)) {
			all = append(all, p.switches(process, p.OffIn[process], nil)...)
		}
		for _, process := range slices.Sorted(maps.Keys(p.OffCommand)) {
			all = append(all, result.Switch{Protection: p.Name, About: p.About, Runbook: p.Runbook, Process: process, Off: strings.Join(p.OffCommand[process], " ")})
		}
	}
	return all
}

// switches are those of one environment, of one process or of all.
func (p Protection) switches(process string, off, settings map[string]string) []result.Switch {
	var all []result.Switch
	hidden := redacted(off)
	for _, name := range slices.Sorted(maps.Keys(off)) {
		s := result.Switch{Protection: p.Name, About: p.About, Runbook: p.Runbook, Process: process, Setting: name, Default: p.Default[name], Off: hidden[name]}
		if v, given := settings[name]; given {
			s.Value = &v
		}
		all = append(all, s)
	}
	return all
}
