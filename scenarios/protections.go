package scenarios

import "holdfast.dev/holdfast/harness"

// Protections lists every safeguard that can be taken away, each as the
// environment of the target that does so. The names of the variables are the
// source's own where it has one, so that the same scenarios can switch a
// protection of somebody else's service.
func Protections() []harness.Protection {
	return []harness.Protection{
		{
			Name:  "search.sql-limit",
			About: "the number of results is limited in SQL, so that no more are loaded into the process",
			Off:   map[string]string{"MAX_SEARCH_RESULTS": "0"},
		},
		{
			Name:  "search.query-length",
			About: "a query of more than 200 characters is refused before it reaches the database",
			Off:   map[string]string{"SEARCH_MAX_QUERY_LENGTH": "0"},
		},
		{
			Name:  "search.literal-wildcards",
			About: "%, _ and \\ in a query stand for themselves",
			Off:   map[string]string{"SEARCH_LITERAL_WILDCARDS": "false"},
		},
		{
			Name:  "search.stable-order",
			About: "results come in one documented order, newest first",
			Off:   map[string]string{"SEARCH_STABLE_ORDER": "false"},
		},
		{
			Name:  "search.statement-timeout",
			About: "a statement that takes too long is ended in the database",
			Off:   map[string]string{"SEARCH_STATEMENT_TIMEOUT": "0"},
		},
		{
			Name:  "search.acquire-timeout",
			About: "the wait for a turn and for a connection is bounded",
			Off:   map[string]string{"SEARCH_ACQUIRE_TIMEOUT": "0"},
		},
		{
			Name:  "search.shed-load",
			About: "beyond what can be served soon, requests are refused at once with 503 and Retry-After",
			Off:   map[string]string{"SEARCH_MAX_CONCURRENT": "0"},
		},
		{
			Name:  "oracle.cap",
			About: "of a project no more than ten oracles are asked",
			Off:   map[string]string{"MAX_ORACLES_PER_PROJECT": "0"},
		},
		{
			Name:  "oracle.call-timeout",
			About: "a call to an oracle is given up after 10 s, body and all",
			Off:   map[string]string{"DEFAULT_API_TIMEOUT": "0"},
		},
		{
			Name:  "oracle.overall-deadline",
			About: "a request is answered after 10 s with what there is",
			Off:   map[string]string{"ORACLE_OVERALL_DEADLINE": "0"},
		},
		{
			Name:  "oracle.concurrent-calls",
			About: "the oracles of a request are asked at the same time",
			Off:   map[string]string{"ORACLE_CONCURRENT_CALLS": "1"},
		},
		{
			Name:  "oracle.isolate-errors",
			About: "an oracle that fails is a part of the answer, not its end",
			Off:   map[string]string{"ORACLE_ISOLATE_ERRORS": "false"},
		},
		{
			Name:  "oracle.isolate-panics",
			About: "a panic over an answer is an error of that oracle alone",
			Off:   map[string]string{"ORACLE_ISOLATE_PANICS": "false"},
		},
		{
			Name:  "oracle.body-limit",
			About: "no more of an answer is read than its limit",
			Off:   map[string]string{"ORACLE_MAX_BODY": "0"},
		},
		{
			Name:  "oracle.redirect-limit",
			About: "redirects are followed once at most, and not to another host",
			Off:   map[string]string{"ORACLE_REDIRECT_LIMIT": "0"},
		},
		{
			Name:  "oracle.validate-answer",
			About: "answers are checked before they are passed on",
			Off:   map[string]string{"ORACLE_VALIDATE_ANSWERS": "false"},
		},
		{
			Name:  "oracle.release-connection",
			About: "no database connection is held while oracles are asked",
			Off:   map[string]string{"ORACLE_RELEASE_CONNECTION": "false"},
		},
		{
			Name:  "oracle.cancel-abandoned",
			About: "calls for a caller who has gone are given up",
			Off:   map[string]string{"ORACLE_CANCEL_ABANDONED": "false"},
		},
		{
			Name:  "oracle.bulkhead",
			About: "one host gets no more than so many calls at once",
			Off:   map[string]string{"ORACLE_HOST_MAX_IN_FLIGHT": "0"},
		},
		{
			Name:  "oracle.breaker",
			About: "an oracle that keeps failing is left alone for a while",
			Off:   map[string]string{"ORACLE_BREAKER_FAILURES": "0"},
		},
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
