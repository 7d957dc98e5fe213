package profile

import (
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/reference/settings"
)

// Protections are the safeguards that the settings of a service switch, in their
// order.
func Protections(table settings.Table) []harness.Protection {
	var all []harness.Protection
	for _, s := range table.Protections() {
		all = append(all, harness.Protection{Name: s.Protection, About: s.About, Off: map[string]string{s.Name: s.Off}})
	}
	return all
}

// Without are the protections of those names among all. One that is not among
// them is not left out: it comes without a way to be taken away.
func Without(all []harness.Protection, names ...string) []harness.Protection {
	found := make([]harness.Protection, len(names))
	for i, name := range names {
		found[i].Name = name
		for _, p := range all {
			if p.Name == name {
				found[i] = p
			}
		}
	}
	return found
}
