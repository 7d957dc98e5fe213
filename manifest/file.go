package manifest

import "holdfast.dev/holdfast/manifest/notation"

// File is a holdfast.yaml: what a service is made of, what it talks to, which
// protections it claims, and the scenarios that try them.
type File struct {
	// The version of this notation: 1.
	Version Version `yaml:"version,required"`
	// What the service is called: lower-case letters, digits and dashes.
	Name string `yaml:"name,required"`
	// The process that load goes to. Defaults to the only one that has a port, or else to web.
	Entry string `yaml:"entry"`
	// The programs that make up the service, by name. The names are the places of faults and begin the names of metrics: web.rss, worker.restarts.
	Processes notation.Table[Process] `yaml:"processes,required"`
	// Variables of the shell that all programs get. PATH, HOME, USER, LANG, LC_*, TZ and TMPDIR are passed always, and no other is.
	PassEnv notation.Words `yaml:"pass_env"`
	// Values that stand nowhere in results, logs and reports, as {secrets.NAME}. Those of 8 characters or more are hidden.
	Secrets notation.Table[Secret] `yaml:"secrets"`
	// What the service talks to, by name: databases, brokers, outside APIs.
	Dependencies notation.Table[Dependency] `yaml:"dependencies"`
	// Values for commands, data and requests, as {parameters.NAME}. A scenario may set them anew.
	Parameters notation.Table[string] `yaml:"parameters"`
	// Sizes that the service is tried at, by name, for --profile: parameters in place of the file's own.
	Profiles notation.Table[Profile] `yaml:"profiles"`
	// How the data that scenarios start from is made.
	Setup Setup `yaml:"setup"`
	// What of the service the scenarios of the catalogue are tried on.
	Contracts Contracts `yaml:"contracts"`
	// What the service claims to be protected by, and how to take each away. Named area.what.
	Protections notation.Table[Protection] `yaml:"protections"`
	// The experiments.
	Scenarios []Scenario `yaml:"scenarios"`
	// What the service can be asked, so that plan and report tell what no scenario touches.
	Coverage Coverage `yaml:"coverage"`
}

// Profile is a size that the service is tried at.
type Profile struct {
	// Values in place of those of parameters, by the same names.
	Parameters notation.Table[string] `yaml:"parameters,required"`
}

// Version is that of the notation.
type Version string

// Words are the versions that there are.
func (Version) Words() []string { return []string{"1"} }

// Process is one program of the service.
type Process struct {
	// What to run, and its arguments. Others can see them: no ${VARIABLE}, no {secrets.…} and no {dsn} here, but in env.
	Command Command `yaml:"command"`
	// What makes the program, once in a run.
	Build Command `yaml:"build"`
	// A container image to run in place of a program of this machine.
	Image string `yaml:"image"`
	// The address of a service that somebody else runs, in place of command. Its host must be named by --allow-host.
	URL notation.Literal `yaml:"url"`
	// Where it runs, from the folder of this file.
	WorkingDir string `yaml:"working_dir"`
	// Names of the ports that it listens on: {port} is the first, {ports.NAME} any. Defaults to one, called http.
	Ports notation.Words `yaml:"ports"`
	// Its environment. Values are kept as they are written: False is "False".
	Env notation.Table[string] `yaml:"env"`
	// How it is known that it can serve. Defaults to a TCP connection to its first port, or to having been started where no port stands in its command or env.
	Ready Ready `yaml:"ready"`
	// What it may use at most, with all that it starts.
	Limits Limits `yaml:"limits"`
	// How long it is given to end by itself before it is killed. Defaults to 10s.
	StopGracePeriod Duration `yaml:"stop_grace_period"`
	// Whether it is started again when it ends: no, on-failure or always. Defaults to no.
	Restart Restart `yaml:"restart"`
	// Processes that must be ready before it is started.
	DependsOn notation.Words `yaml:"depends_on"`
	// How many of it there are. The second is called NAME.2. Defaults to 1.
	Replicas int `yaml:"replicas"`
}

// Restart says when a process is started again.
type Restart string

// Words are the policies that there are.
func (Restart) Words() []string { return []string{"no", "on-failure", "always"} }

// Command is a program with its arguments, as a list. There is no shell.
type Command []string

// Ready says when a program can serve: started, tcp, or one of the keys.
type Ready struct {
	// started: as soon as it runs; tcp: when its first port takes connections.
	Plain Readiness `yaml:",scalar"`
	// A path that answers 2xx.
	HTTP string `yaml:"http"`
	// The port that takes connections, by its name; true is the first.
	TCP string `yaml:"tcp"`
	// A text that a line of its log has.
	Log string `yaml:"log"`
	// How long that may take. Defaults to 30s.
	Timeout Duration `yaml:"timeout"`
}

// Readiness is one that needs no more to be said.
type Readiness string

// Words are those that there are.
func (Readiness) Words() []string { return []string{"started", "tcp"} }

// Limits are what a program may use.
type Limits struct {
	// Memory, for example 512MiB. The kernel kills what needs more.
	Memory Size `yaml:"memory"`
	// Processors, for example 1.5.
	CPUs float64 `yaml:"cpus"`
}

// Secret is a value that is hidden: a text, or drawn anew for each run.
type Secret struct {
	// The value itself, best from the environment: "${SHOP_ADMIN_KEY}".
	Value notation.Literal `yaml:",scalar"`
	// How many letters and digits to draw.
	Generate int `yaml:"generate"`
}

// Protection is one safeguard that the service claims.
type Protection struct {
	// What it does, in a sentence.
	About string `yaml:"about"`
	// What whoever is woken reads next, for example an address: a report names it where the protection did not hold.
	Runbook string `yaml:"runbook"`
	// What takes it away.
	Without Without `yaml:"without,required"`
}

// Without is what takes a protection away.
type Without struct {
	// Environment that does: NAME: value for all processes, or PROCESS: { NAME: value }.
	Env notation.Table[Off] `yaml:"env"`
	// Another command that does: that of the entry as a list, or PROCESS: [ … ].
	Command OffCommand `yaml:"command"`
}

// Off is a value for all processes, or the values for one.
type Off struct {
	// The value, for all processes.
	Value *string `yaml:",scalar"`
	// The variables of the process of that name.
	Of notation.Table[string] `yaml:",rest"`
}

// OffCommand is another command of the entry, or of some processes.
type OffCommand struct {
	// That of the entry.
	Entry Command `yaml:",list"`
	// Those of processes, by name.
	Of notation.Table[Command] `yaml:",rest"`
}
