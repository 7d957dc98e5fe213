package coverage

import "holdfast.dev/holdfast/fault"

// Possible are the effects that the kind of that name can have, EffectsOf those that
// one has as it is laid.
func Possible(name string) []string { return effects()[name] }

// EffectsOf are those that a kind has as it is laid.
func EffectsOf(kind fault.Kind) []string { return effectsOf(kind) }
