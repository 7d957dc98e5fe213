// Package manifest reads holdfast.yaml, the one file by which a team runs Holdfast on
// a service of its own, in any language: what to start, what it talks to, which
// protections it claims, and scenarios that try them.
//
// Enter at [Read] or [Load], which give a [Service]: it holds the [File] as it is
// written, and the harness's own values that come of it. Whatever can be known to be
// wrong is told before anything starts, each problem with its line, its column and the
// name that was meant. [Schema] is the notation for editors, [Test] runs a file from
// go test.
//
// The notation is the types of this package and nothing besides: what their comments
// say of the fields is what schema and docs/holdfast-yaml.md say.
package manifest
