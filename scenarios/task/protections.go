package task

import (
	"holdfast.dev/holdfast/harness"
)

// Protections are the safeguards of the service that can be taken away.
func Protections() []harness.Protection {
	return []harness.Protection{
		{
			Name:  "task.classify-errors",
			About: "only errors that may pass are tried again, told by status, name, SQLSTATE and cause",
			Off:   map[string]string{"TASK_CLASSIFY_ERRORS": "false"},
		},
		{
			Name:  "task.max-retries",
			About: "a task is tried four times at most",
			Off:   map[string]string{"TASK_LIMIT_RETRIES": "false"},
		},
		{
			Name:  "task.backoff",
			About: "each retry waits twice as long as the one before",
			Off:   map[string]string{"TASK_BACKOFF": "1"},
		},
		{
			Name:  "task.jitter",
			About: "tasks that failed together do not come back together",
			Off:   map[string]string{"TASK_JITTER": "0"},
		},
		{
			Name:  "task.send-timeout",
			About: "a call to the e-mail API is given up after 10 s",
			Off:   map[string]string{"TASK_SEND_TIMEOUT": "0"},
		},
		{
			Name:  "task.idempotency-key",
			About: "each attempt at the same mail carries the same key",
			Off:   map[string]string{"TASK_IDEMPOTENCY_KEYS": "false"},
		},
		{
			Name:  "task.honour-retry-after",
			About: "no retry comes before an answer's Retry-After",
			Off:   map[string]string{"TASK_HONOUR_RETRY_AFTER": "false"},
		},
		{
			Name:  "task.durable-enqueue",
			About: "a task is committed before its 202",
			Off:   map[string]string{"TASK_DURABLE_ENQUEUE": "false"},
		},
		{
			Name:  "task.drain-on-stop",
			About: "running tasks end before the program does",
			Off:   map[string]string{"TASK_DRAIN_ON_STOP": "0"},
		},
		{
			Name:  "task.rescue-crashed",
			About: "tasks of a worker that died are taken up by another",
			Off:   map[string]string{"TASK_RESCUE_AFTER": "0"},
		},
		{
			Name:  "task.park-refused-key",
			About: "where it is configured, a refused API key stops the mail queue instead of failing its tasks",
			Off:   map[string]string{"TASK_PARK_REFUSED_KEY": "false"},
		},
		{
			Name:  "task.queue-isolation",
			About: "each kind of task has a queue and workers of its own",
			Off:   map[string]string{"TASK_QUEUE_ISOLATION": "false"},
		},
	}
}
