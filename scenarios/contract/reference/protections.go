package reference

import (
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/reference/settings"
)

// SearchProtections are the safeguards of the search that can be taken away.
func SearchProtections() []harness.Protection { return Protections(settings.Search()) }

// Protections are the safeguards that the settings of a service switch, in their
// order.
func Protections(table settings.Table) []harness.Protection {
	var all []harness.Protection
	for _, s := range table.Protections() {
		all = append(all, harness.Protection{Name: s.Protection, About: s.About, Off: map[string]string{s.Name: s.Off}, Default: map[string]string{s.Name: s.Default}})
	}
	return all
}
