package openapi

import (
	"encoding/json"

	"github.com/getkin/kin-openapi/openapi3"
)

// Description is an API as a file describes it.
type Description struct {
	// File is where it was read from.
	File  string
	Title string
	// Servers are the addresses at which the API is, with the defaults of their
	// variables, and with or without a host: "https://api.example.com/v1", "/v1".
	Servers []string
	// Operations are what it can be asked, by path and method.
	Operations []Operation
	// Notes are what of the file as a whole is not carried over, a line each. What of its
	// operations is not, [Description.NotesOf] tells.
	Notes []string

	unread map[string][]int // of which operations a part is not looked at, by what is said of it
	newer  *compiled        // nil: it is of version 3.0
	held   []openapi3.SchemaValidationOption
	ways   []way   // the more particular first
	rules  []rules // by operation
}

// Operation is one thing that an API can be asked.
type Operation struct {
	// ID is unique in its description. Where the file has none it is made of method
	// and path: get_pets_petId.
	ID     string
	Method string
	// Path is that of the file, below the server's: /pets/{petId}.
	Path string
	// Templates are the paths that a client calls, below those of each server, the first
	// server's first, as [message.ParseTemplate] reads them: /v1/pets/{petId}. None:
	// Path is no path.
	Templates  []string
	Summary    string
	Tags       []string
	Deprecated bool
	Parameters []Parameter
	// Body is what is sent; nil: nothing.
	Body *Body
	// Answers are those that the file documents, by status, "default" last.
	Answers []Answer
	// Credentials are what a request must bear to be let in. None: anybody is.
	Credentials []Credential
}

// Parameter is a value of a request beside its body.
type Parameter struct {
	Name string
	// In is path, query, header or cookie.
	In       string
	Required bool
	// Template is what a name in the path is called in Templates, which take letters,
	// digits and _ only.
	Template string
	Example  json.RawMessage
}

// Body is what a request sends.
type Body struct {
	// MediaType is JSON where the operation takes that, or else the first.
	MediaType string
	Required  bool
	// Example is a value of it, also where it is not sent as JSON.
	Example json.RawMessage
}

// Answer is one that an operation documents. Its example is the one that the file gives:
// of the media type, or else of the schema and its parts. Where there is none it is made
// from types, formats, enumerations, patterns and bounds, with all properties near the top
// and the required ones below; what contains itself ends as soon as it may.
type Answer struct {
	// Status is three digits, a class such as 4XX, or "default".
	Status      string
	Description string
	// MediaType is JSON where there is one, or else the first; empty: it has no body.
	MediaType string
	Example   json.RawMessage
	// Headers have an example each.
	Headers map[string]string
	// Properties are those at the top of an example that is an object, by name.
	Properties map[string]Property
}

// Property is what is known of a property's value beside the example.
type Property struct {
	Format  string // for example uuid
	Pattern string // a regular expression
	// Fixed says that beside these not every value is one: it is an enumeration, a
	// constant or has a bound.
	Fixed bool
}

// Credential is a part of a request by which it is let in.
type Credential struct {
	// Scheme is what the file calls it.
	Scheme string
	// In is header, query or cookie, Name that of the header, parameter or cookie.
	In, Name string
	// Prefix is what the value begins with: "Bearer ", "Basic ", or nothing.
	Prefix string
}

// Operation returns the one of that ID, false if there is none.
func (d *Description) Operation(id string) (Operation, bool) {
	for _, o := range d.Operations {
		if o.ID == id {
			return o, true
		}
	}
	return Operation{}, false
}

// IDs are those of all operations.
func (d *Description) IDs() []string {
	all := make([]string, len(d.Operations))
	for i, o := range d.Operations {
		all[i] = o.ID
	}
	return all
}
