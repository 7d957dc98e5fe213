package task

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
)

func TestWhatATaskAsksFor(t *testing.T) {
	two := steady("mail", 10, time.Second)
	two.to = func(int64) []string { return []string{"a@tasks.example", "nobody"} }
	for _, row := range []struct {
		name string
		m    mailing
		n    int64
		want contract.Task
	}{
		{"mail", steady("mail", 10, time.Second), 3, contract.Task{Kind: contract.Batch, Messages: []contract.Message{{To: "mail-3@tasks.example"}}}},
		{"mail to prefixes in turn", steady("mail", 10, time.Second).each("e0", "e1", "e2"), 4, contract.Task{Kind: contract.Batch, Messages: []contract.Message{{To: "e1-4@tasks.example"}}}},
		{"mail to two", two, 0, contract.Task{Kind: contract.Batch, Messages: []contract.Message{{To: "a@tasks.example"}, {To: "nobody"}}}},
		{"a success", steady("notify", 10, time.Second).about(1), 6, contract.Task{Kind: contract.Notify, Subject: 7}},
		{"a success of nothing", steady("unknown", 10, time.Second).about(ours().Subjects.None), 1, contract.Task{Kind: contract.Notify, Subject: ours().Subjects.None + 1}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := ours().stream(row.m).Next(row.n, nil)
			require.Equal(t, "POST /tasks", r.Method+" "+r.Path)
			got, err := ours().Asked(r)
			require.NoError(t, err)
			for i := range got.Messages {
				require.NotEmpty(t, got.Messages[i].Subject)
				require.NotEmpty(t, got.Messages[i].Body)
				got.Messages[i].Subject, got.Messages[i].Body = "", ""
			}
			require.Equal(t, row.want, got)
		})
	}
}

// A task is taken on with 202 or clearly refused; all else is a failure.
func TestWhatATaskIsAnswered(t *testing.T) {
	expect := ours().stream(steady("mail", 10, time.Second))
	for body, class := range map[string]string{`{"id":7}`: "", `{"id":"7"}`: "", `{}`: "check_id", `{"id":null}`: "check_id", `{"id":{}}`: "check_id", ``: "check_id"} {
		require.Equal(t, class, expect.Judge(load.Answer{Status: http.StatusAccepted, Body: []byte(body)}), body)
	}
	shed := load.Answer{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"1"}}}
	require.Equal(t, "shed_by_target", expect.Judge(shed))
	require.Equal(t, "status_503", expect.Judge(load.Answer{Status: http.StatusServiceUnavailable}))
	require.Equal(t, "status_200", expect.Judge(load.Answer{Status: http.StatusOK}))
}

func TestAMailingStaysAsItWas(t *testing.T) {
	m := steady("mail", 10, time.Second)
	_, _, _ = m.about(7), m.each("a", "b"), m.counted(callsPerTask(mailAPI))
	require.False(t, m.notify)
	require.Equal(t, []string{"mail-1@tasks.example"}, m.recipients(1))
	require.Empty(t, m.also)
}
