package manifest

import "holdfast.dev/holdfast/manifest/notation"

// Setup is how the data is made that scenarios start from, when all dependencies are up.
type Setup struct {
	// Steps that are done once in a run, before each scenario gets its copy.
	Once []Step `yaml:"once"`
	// Steps that are done for each scenario, on its copy: the addresses are known.
	Each []Step `yaml:"each"`
}

// Step is one thing that setup does: exactly one of run, sql and request.
type Step struct {
	// What messages call it. Defaults to what it does.
	Name string `yaml:"name"`
	// A command, with the environment of the process that is named by env_of.
	Run Command `yaml:"run"`
	// A statement of SQL; :name stands for one of values.
	SQL string `yaml:"sql"`
	// A request to a process; it takes after: ready.
	Request *Request `yaml:"request"`
	// Values of the statement.
	Values notation.Table[string] `yaml:"values"`
	// The database of the statement. Defaults to the only one.
	At string `yaml:"at"`
	// The process whose environment and folder the command gets. Defaults to the entry.
	EnvOf string `yaml:"env_of"`
	// Dependencies that the step must be seen to write into.
	Writes notation.Words `yaml:"writes"`
	// ready: when the processes are, and not before they are started.
	After After `yaml:"after"`
	// Names for parts of the answer, or of the command's output: { token: json.key }.
	Capture notation.Table[string] `yaml:"capture"`
	// Files that the result depends on, with * and **: the data is made anew when they change.
	Inputs notation.Words `yaml:"inputs"`
	// How long it may take. Defaults to 5m.
	Timeout Duration `yaml:"timeout"`
}

// After is a moment of setup.
type After string

// Words are the moments that there are.
func (After) Words() []string { return []string{"ready"} }

// Request is a request to the service.
type Request struct {
	// The process that gets it. Defaults to the entry.
	To string `yaml:"to"`
	// Defaults to GET.
	Method string `yaml:"method"`
	// With its query: /items?page={page}. A redirect is not followed.
	Path string `yaml:"path,required"`
	// Headers, with {placeholders}.
	Headers notation.Table[string] `yaml:"headers"`
	// A JSON body; texts in it may have {placeholders}, and "{n:int}" is a number.
	JSON notation.JSON `yaml:"json"`
	// Fields of a form, with {placeholders}.
	Form notation.Table[string] `yaml:"form"`
	// Another body, with {placeholders}. Its type is said by a header.
	Body string `yaml:"body"`
}
