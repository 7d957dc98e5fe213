package task

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// anyTask asks for tasks of every shape, drawn from the run's seed, and for some that
// are none.
func anyTask(p profile.Profile, s *service) harness.Scenario {
	s.wordedAPI()
	t := p.Brief()
	none, unknown := s.NoTasks, s.Unknown
	some := mailing{name: "any", profile: load.Constant(float64(2*len(shapes(s.Subjects)))/p.Brief().Total().Seconds(), t.Total()), draw: drawn(s.Subjects)}
	s.compress(compressedCountdown)
	return s.withMail(harness.Scenario{
		Name:     "task/any-task",
		Claim:    "Whatever task is asked for, of any size, in any script, twice the same or about nothing, each of its mails is sent once as it was written, and what is no task is refused as such.",
		Timeline: profile.WithDrain(t, 20*time.Second),
		Load: []load.Stream{{
			Name: "no_task", Profile: load.Constant(float64(len(none))*1.01/p.Brief().Total().Seconds(), t.Total()), Next: inTurnOf(none),
			Expect: s.NoTask,
		}, {
			Name: "unknown", Profile: load.Constant(float64(len(unknown))*1.01/p.Brief().Total().Seconds(), t.Total()), Next: inTurnOf(unknown),
			Expect: s.NotKnown,
		}},
		Checks: []verdict.Check{
			nothing("any.failed"), nothing("any.errors.shed_by_target"),
			verdict.Metric("no_task.ok_ratio").Equals(verdict.Percent(100)).Because("what is no task is answered 400 in the shape of an error"),
			verdict.Metric("unknown.ok_ratio").Equals(verdict.Percent(100)).Because("of a task that there is not nobody has a status: 404 in the shape of an error"),
			nothing("tasks.unserved").Because("each message with an address is sent"),
			verdict.Metric("tasks.attempts.max").Equals(verdict.Count(1)).Because("nothing went wrong that would pass"),
		},
	}, emailapi.Config{}, some)
}

// shapes are the kinds of tasks that are drawn, in turn.
func shapes(of contract.Subjects) []func(n int64, r *rand.Rand) contract.Task {
	with := func(messages int) func(int64, *rand.Rand) contract.Task {
		return func(n int64, r *rand.Rand) contract.Task { return batch(n, r, messages) }
	}
	about := func(from, to int64) func(int64, *rand.Rand) contract.Task {
		return func(_ int64, r *rand.Rand) contract.Task {
			return contract.Task{Kind: contract.Notify, Subject: from + r.Int64N(to-from)}
		}
	}
	return []func(n int64, r *rand.Rand) contract.Task{
		with(1), with(2), with(99), with(100), with(101), with(250), with(1000),
		func(n int64, r *rand.Rand) contract.Task { return batch(n, r, 2+r.IntN(30)) },
		twin, twin,
		sameRecipient, withNobody,
		about(1, of.Count+1), about(of.Count+1, of.None), about(1, of.Count+1),
		func(int64, *rand.Rand) contract.Task { return contract.Task{Kind: contract.Notify, Subject: 7} }, // asked for again and again
	}
}

// drawn is task n: its shape in turn, all else from the seed.
func drawn(of contract.Subjects) func(n int64, r *rand.Rand) contract.Task {
	all := shapes(of)
	return func(n int64, r *rand.Rand) contract.Task { return all[n%int64(len(all))](n, r) }
}

// batch is a batch of so many messages, each to somebody of its own.
func batch(n int64, r *rand.Rand, messages int) contract.Task {
	t := contract.Task{Kind: contract.Batch, Messages: make([]contract.Message, messages)}
	long := min(60, 1+6000/messages) // a large batch is no work for the generator
	for i := range t.Messages {
		t.Messages[i] = mail(fmt.Sprintf("any-%d-%d@tasks.example", n, i), anyText(r, long), anyText(r, 5*long))
	}
	return t
}

// twin is a batch that is asked for several times in the very same words: each time
// it is a task of its own.
func twin(n int64, _ *rand.Rand) contract.Task {
	return contract.Task{Kind: contract.Batch, Messages: []contract.Message{
		mail(fmt.Sprintf("twin-%d@tasks.example", n/64), "The same again", "This was asked for several times."),
		mail(fmt.Sprintf("twin-%d-too@tasks.example", n/64), "The same again", "This was asked for several times."),
	}}
}

// sameRecipient has several mails for one recipient in one batch, two of them equal.
func sameRecipient(n int64, r *rand.Rand) contract.Task {
	to := fmt.Sprintf("often-%d@tasks.example", n)
	again := mail(to, anyText(r, 60), anyText(r, 300))
	return contract.Task{Kind: contract.Batch, Messages: []contract.Message{again, mail(to, anyText(r, 60)+" 2", anyText(r, 300)), again}}
}

// withNobody has messages among others that go to no address.
func withNobody(n int64, r *rand.Rand) contract.Task {
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

// inTurnOf asks for each of some requests in turn.
func inTurnOf(all []load.Request) func(n int64, _ *rand.Rand) load.Request {
	return func(n int64, _ *rand.Rand) load.Request { return all[n%int64(len(all))] }
}
