package oracle

import "holdfast.dev/holdfast/harness"

// Protections are the safeguards of the service that can be taken away.
func Protections() []harness.Protection {
	return []harness.Protection{
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
	}
}
