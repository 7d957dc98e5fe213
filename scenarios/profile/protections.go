package profile

import "holdfast.dev/holdfast/harness"

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
