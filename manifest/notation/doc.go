// Package notation is how a Go type stands in a YAML file: one description, the
// type itself, from which come a reader that knows where everything stands, a
// printer that is its inverse, and a JSON Schema.
//
// A type is described by its fields:
//
//	Name string `yaml:"name"`            // a key of that name
//	Of   Table[T] `yaml:",rest"`         // all keys that no other field has
//	Own  []string `yaml:",list"`         // what a list in place of the mapping is
//	Text string `yaml:",scalar"`         // what a text in place of it is
//
// Whatever is a text may have a form of its own ([Text]), and a set of words that it
// is one of ([Choice]). Values of a text are kept as they are written: 010 is 010 and
// False is False. There are no keys but those of the type, no key twice, no second
// document, and no more of anything than [MaxBytes], [MaxNodes] and [MaxDepth] say.
//
// The package knows nothing of what the types mean.
package notation
