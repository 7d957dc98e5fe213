package manifest

import "holdfast.dev/holdfast/manifest/notation"

// TaskContract is a service that takes tasks on and does them behind its answers, as the
// scenarios of the catalogue ask it. Each task that they ask for sends one mail.
type TaskContract struct {
	// The request that asks for a task: it sends {body} to {to}, under {subject}. It goes to the entry.
	Enqueue Request `yaml:"enqueue,required"`
	// What an answer that takes a task on looks like. Defaults to any 2xx.
	OK *Answer `yaml:"ok"`
	// What an orderly refusal looks like. Without it scenarios in which some are refused are not exercised.
	Refused *Answer `yaml:"refused"`
	// Where the parts of that answer are.
	Response TaskResponse `yaml:"response,required"`
	// How a task is asked for, and what its state is.
	State TaskState `yaml:"state,required"`
	// How it is asked how many tasks there are. Without it each task is asked for.
	Queue *TaskQueue `yaml:"queue"`
	// Where mail is sent to: a route of an http dependency, as DEPENDENCY.ROUTE, whose key is whom the mail is to, for example "{json.to}", or an smtp dependency, whose key is "{to}".
	Mail string `yaml:"mail,required"`
	// The process that does tasks: it is the one that is killed and stopped. Defaults to the entry.
	Worker string `yaml:"worker"`
	// The most attempts after the first. Defaults to 3.
	Retries int `yaml:"retries"`
	// How many tasks are done at once. Defaults to 16.
	Workers int `yaml:"workers"`
	// By how much the countdown grows with each attempt: 2 doubles it, 1 leaves it. Defaults to 2.
	Growth float64 `yaml:"growth"`
	// The share by which a countdown is longer or shorter: 20%, or 0% for none. Defaults to 20%.
	Spread string `yaml:"spread"`
	// What can be set, or of a time what it is: network_countdown, database_countdown, send_timeout, retry_after, rescue_after, drain, sender, park_refused_key, park_probe.
	Settings notation.Table[Knob] `yaml:"settings"`
}

// TaskResponse are paths into the JSON answer that takes a task on, as gjson has them.
type TaskResponse struct {
	// The task's id, a number or a text.
	ID string `yaml:"id,required"`
}

// TaskState is how a task is asked for, with paths into the JSON answer.
type TaskState struct {
	// The request, in which {id} is the task's id.
	Request Request `yaml:"request,required"`
	// Its state.
	State string `yaml:"state,required"`
	// How often it was tried by then. Defaults to how often its mail came.
	Attempts string `yaml:"attempts"`
	// Which of the service's states is pending, running, retrying, succeeded or failed: { succeeded: done, running: [active, started] }.
	Values notation.Table[notation.Words] `yaml:"values,required"`
}

// TaskQueue is how it is asked how many tasks there are, with the paths of numbers in the
// JSON answer.
type TaskQueue struct {
	// The request.
	Request Request `yaml:"request,required"`
	// Those that wait for their first attempt.
	Pending string `yaml:"pending"`
	// Those that are being done.
	Running string `yaml:"running"`
	// Those that wait for a further attempt.
	Retrying string `yaml:"retrying"`
}
