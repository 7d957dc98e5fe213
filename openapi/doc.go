// Package openapi reads the description of an HTTP API, an OpenAPI file of version 3.0
// or 3.1 or a Swagger file of version 2, in YAML or JSON, and gives plain values: which
// operations there are, what each is asked, and what it answers, with an example of
// everything.
//
// Enter at [Read]. [Description.Find] knows which operation a request is for, and
// [Description.Judge] what is wrong with one.
//
// A description is somebody else's file. It is read from its folder alone: a $ref that
// leaves the folder, or leads to the network, is refused. What of it cannot be carried
// over is told by [Description.NotesOf].
//
// An example is the description's own where it has one, and else made from the schema,
// always the same: see [Answer].
package openapi
