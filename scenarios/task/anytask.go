package task

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/profile"
)

// anyTask asks for tasks of every shape, drawn from the run's seed, and for some that
// are none.
func anyTask(p profile.Profile) harness.Scenario {
	t := p.Brief()
	none := notTasks()
	some := mailing{name: "any", profile: load.Constant(float64(2*len(shapes(p)))/p.Brief().Total().Seconds(), t.Total()), draw: drawn(p)}
	return withMail(p, harness.Scenario{
		Name:       "task/any-task",
		Claim:      "Whatever task is asked for, of any size, in any script, twice the same or about nothing, each of its mails is sent once as it was written, and what is no task is refused as such.",
		Settings:   compressedSettings(compressedCountdown, nil),
		Compressed: compressedTimes(compressedCountdown),
		Timeline:   profile.WithDrain(t, 20*time.Second),
		Load: []load.Stream{{
			Name: "no_task", Profile: load.Constant(float64(len(none))*1.01/p.Brief().Total().Seconds(), t.Total()), Next: noTask(none),
			Expect: load.All(load.Status(http.StatusBadRequest), load.Check("error", isError)),
		}},
		Checks: []verdict.Check{
			nothing("any.failed"), nothing("any.errors.shed_by_target"),
			verdict.Metric("no_task.ok_ratio").Equals(verdict.Percent(100)).Because("what is no task is answered 400 in the shape of an error"),
			nothing("tasks.unserved").Because("each message with an address is sent"),
			verdict.Metric("tasks.attempts.max").Equals(verdict.Count(1)).Because("nothing went wrong that would pass"),
		},
	}, emailapi.Config{}, some)
}

// isError reports whether an answer has the shape of an error.
func isError(a load.Answer) bool {
	var answer struct {
		Error struct{ Code, Message string }
	}
	return json.Unmarshal(a.Body, &answer) == nil && answer.Error.Code != "" && answer.Error.Message != ""
}

// shapes are the kinds of tasks that are drawn, in turn.
func shapes(p profile.Profile) []func(n int64, r *rand.Rand) task {
	of := func(messages int) func(int64, *rand.Rand) task {
		return func(n int64, r *rand.Rand) task { return batch(n, r, messages) }
	}
	about := func(from, to int64) func(int64, *rand.Rand) task {
		return func(_ int64, r *rand.Rand) task {
			return task{Kind: kindNotify, ProjectID: from + r.Int64N(to-from)}
		}
	}
	return []func(n int64, r *rand.Rand) task{
		of(1), of(2), of(99), of(100), of(101), of(250), of(1000),
		func(n int64, r *rand.Rand) task { return batch(n, r, 2+r.IntN(30)) },
		twin, twin,
		sameRecipient, withNobody,
		about(1, int64(p.Projects)+1), about(int64(p.Projects)+1, noProject), about(1, int64(p.Projects)+1),
		func(int64, *rand.Rand) task { return task{Kind: kindNotify, ProjectID: 7} }, // asked for again and again
	}
}

// drawn is task n: its shape in turn, all else from the seed.
func drawn(p profile.Profile) func(n int64, r *rand.Rand) task {
	all := shapes(p)
	return func(n int64, r *rand.Rand) task { return all[n%int64(len(all))](n, r) }
}

// batch is a batch of so many messages, each to somebody of its own.
func batch(n int64, r *rand.Rand, messages int) task {
	t := task{Kind: kindBatch, Messages: make([]message, messages)}
	long := min(60, 1+6000/messages) // a large batch is no work for the generator
	for i := range t.Messages {
		t.Messages[i] = message{fmt.Sprintf("any-%d-%d@tasks.example", n, i), anyText(r, long), anyText(r, 5*long)}
	}
	return t
}

// twin is a batch that is asked for several times in the very same words: each time
// it is a task of its own.
func twin(n int64, _ *rand.Rand) task {
	return task{Kind: kindBatch, Messages: []message{
		{fmt.Sprintf("twin-%d@tasks.example", n/64), "The same again", "This was asked for several times."},
		{fmt.Sprintf("twin-%d-too@tasks.example", n/64), "The same again", "This was asked for several times."},
	}}
}

// sameRecipient has several mails for one recipient in one batch, two of them equal.
func sameRecipient(n int64, r *rand.Rand) task {
	to := fmt.Sprintf("often-%d@tasks.example", n)
	again := message{to, anyText(r, 60), anyText(r, 300)}
	return task{Kind: kindBatch, Messages: []message{again, {to, anyText(r, 60) + " 2", anyText(r, 300)}, again}}
}

// withNobody has messages among others that go to no address.
func withNobody(n int64, r *rand.Rand) task {
	t := batch(n, r, 105)
	for _, i := range []int{3, 102} {
		t.Messages[i].To = fmt.Sprintf("nobody %d of %d", i, n)
	}
	return t
}

// alphabets are what texts are drawn from: scripts, marks that stand alone or on a
// letter, what JSON and HTML escape, and characters beyond 16 bits.
var alphabets = [...]string{
	"abcdefghijklmnopqrstuvwxyz ABC 0123456789", "éàüößñçøåœ", "ΑΒΓαβγ", "Приветмир", "日本語中文한국어", "שלוםمرحبا",
	"e\u0301a\u0308", `"\/<>&'` + "\t", "😀🌍👩\u200d🚀", "\u2028\u2029\ufeff",
}

// anyText is a text of at most so many characters and of one at least.
func anyText(r *rand.Rand, most int) string {
	var b strings.Builder
	for range 1 + r.IntN(most) {
		letters := []rune(alphabets[r.IntN(len(alphabets))])
		b.WriteRune(letters[r.IntN(len(letters))])
	}
	return b.String()
}

// notTasks are bodies that ask for no task, each wrong in one way.
func notTasks() []string {
	one := `{"to":"a@tasks.example","subject":"s","body":"b"}`
	many := strings.TrimSuffix(strings.Repeat(one+",", 1001), ",")
	huge := strings.TrimSuffix(strings.Repeat(`{"to":"a@tasks.example","subject":"s","body":"`+strings.Repeat("x", 500)+`"},`, 1001), ",")
	return []string{
		``, ` `, `{`, `null`, `[]`, `7`, `"task"`, `{}`, `{"kind":""}`, `{"kind":"send_everything"}`, `{"kind":7}`, `{"kind":null,"project_id":7}`,
		`{"kind":"notify_project_success"}`, `{"kind":"notify_project_success","project_id":0}`, `{"kind":"notify_project_success","project_id":-1}`,
		`{"kind":"notify_project_success","project_id":"7"}`, `{"kind":"notify_project_success","project_id":7.5}`, `{"kind":"notify_project_success","project_id":null}`,
		`{"kind":"notify_project_success","project_id":9223372036854775808}`, `{"kind":"notify_project_success","project_id":[7]}`,
		`{"kind":"send_batch_email"}`, `{"kind":"send_batch_email","messages":[]}`, `{"kind":"send_batch_email","messages":{}}`, `{"kind":"send_batch_email","messages":"all"}`,
		`{"kind":"send_batch_email","messages":[7]}`, `{"kind":"send_batch_email","messages":[{}]}`,
		`{"kind":"send_batch_email","messages":[{"subject":"s","body":"b"}]}`, `{"kind":"send_batch_email","messages":[{"to":"a@tasks.example","body":"b"}]}`,
		`{"kind":"send_batch_email","messages":[{"to":"a@tasks.example","subject":"s"}]}`, `{"kind":"send_batch_email","messages":[{"to":7,"subject":"s","body":"b"}]}`,
		`{"kind":"send_batch_email","messages":[` + one + `,{}]}`, `{"kind":"send_batch_email","messages":[` + one + `]`, `{"kind":"send_batch_email","messages":[` + one + `,]}`,
		`{"kind":"send_batch_email","messages":[` + many + `]}`, `{"kind":"send_batch_email","messages":[` + huge + `]}`,
	}
}

// noTask asks for what is no task, each in turn.
func noTask(all []string) func(n int64, _ *rand.Rand) load.Request {
	return func(n int64, _ *rand.Rand) load.Request {
		return load.Request{Method: http.MethodPost, Path: "/tasks", Body: []byte(all[n%int64(len(all))])}
	}
}
