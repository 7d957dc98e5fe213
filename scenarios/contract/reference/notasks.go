package reference

import (
	"net/http"
	"strings"

	"holdfast.dev/holdfast/harness/load"
)

// noTasks ask for no task, each wrong in one way.
func noTasks() []load.Request {
	one := `{"to":"a@tasks.example","subject":"s","body":"b"}`
	many := strings.TrimSuffix(strings.Repeat(one+",", 1001), ",")
	huge := strings.TrimSuffix(strings.Repeat(`{"to":"a@tasks.example","subject":"s","body":"`+strings.Repeat("x", 500)+`"},`, 1001), ",")
	var all []load.Request
	for _, body := range []string{
		``, ` `, `{`, `null`, `[]`, `7`, `"task"`, `{}`, `{"kind":""}`, `{"kind":"send_everything"}`, `{"kind":7}`, `{"kind":null,"project_id":7}`,
		`{"kind":"notify_project_success"}`, `{"kind":"notify_project_success","project_id":0}`, `{"kind":"notify_project_success","project_id":-1}`,
		`{"kind":"notify_project_success","project_id":"7"}`, `{"kind":"notify_project_success","project_id":7.5}`, `{"kind":"notify_project_success","project_id":null}`,
		`{"kind":"notify_project_success","project_id":9223372036854775808}`, `{"kind":"notify_project_success","project_id":[7]}`,
		`{"kind":"send_batch_email"}`, `{"kind":"send_batch_email","messages":[]}`, `{"kind":"send_batch_email","messages":{}}`, `{"kind":"send_batch_email","messages":"all"}`,
		`{"kind":"send_batch_email","messages":[7]}`, `{"kind":"send_batch_email","messages":[{}]}`,
		`{"kind":"send_batch_email","messages":[{"subject":"s","body":"b"}]}`, `{"kind":"send_batch_email","messages":[{"to":"a@tasks.example","body":"b"}]}`,
		`{"kind":"send_batch_email","messages":[{"to":"a@tasks.example","subject":"s"}]}`, `{"kind":"send_batch_email","messages":[{"to":7,"subject":"s","body":"b"}]}`,
		`{"kind":"send_batch_email","messages":[` + one + `,{}]}`, `{"kind":"send_batch_email","messages":[` + one + `]`, `{"kind":"send_batch_email","messages":[` + one + `,]}`,
		`{"kind":"send_batch_email","messages":[` + one + `],"project_id":7}`, `{"kind":"notify_project_success","project_id":7,"messages":[` + one + `]}`,
		`{"kind":"send_batch_email","messages":[{"to":"","subject":"s","body":"b"}]}`, `{"kind":"send_batch_email","messages":[{"to":"a@tasks.example","subject":"","body":"b"}]}`,
		`{"kind":"send_batch_email","messages":[{"to":"a@tasks.example","subject":"s","body":""}]}`,
		`{"kind":"send_batch_email","messages":[{"to":"a\u0000@tasks.example","subject":"s","body":"b"}]}`,
		`{"kind":"send_batch_email","messages":[{"to":"a@tasks.example","subject":"\u0000s","body":"b"}]}`,
		`{"kind":"send_batch_email","messages":[{"to":"a@tasks.example","subject":"s","body":"b\u0000"}]}`,
		`{"kind":"send_batch_email","messages":[` + one + `]}{}`, `{"kind":"notify_project_success","project_id":7} 7`,
		`{"kind":"send_batch_email","messages":[` + many + `]}`, `{"kind":"send_batch_email","messages":[` + huge + `]}`,
	} {
		all = append(all, load.Request{Method: http.MethodPost, Path: "/tasks", Body: []byte(body)})
	}
	return all
}

// unknownTasks ask for the status of tasks that there are not, by ids of every kind.
func unknownTasks() []load.Request {
	var all []load.Request
	for _, id := range []string{"0", "-1", "999999999999", "9223372036854775807", "9223372036854775808", "7.5", "0x7", "1e3", "seven", "%20", "7%00", "%F0%9F%92%8C"} {
		all = append(all, load.Request{Path: "/tasks/" + id})
	}
	return all
}
