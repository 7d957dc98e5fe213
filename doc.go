// Package holdfast is the root of the module and holds no code: the program is
// cmd/holdfast, the library harness. Its tests keep the house in order: who may
// know whom, and that every package says what it is.
package holdfast
