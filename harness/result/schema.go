package result

import _ "embed"

//go:embed run.schema.json
var schemaJSON string

// JSONSchema returns the JSON Schema (draft 2020-12) of run.json, for readers
// in other languages. It allows properties that it does not name, as a reader
// should.
func JSONSchema() []byte { return []byte(schemaJSON) }
