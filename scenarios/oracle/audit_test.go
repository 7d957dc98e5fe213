package oracle

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/oracleapi"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// rig is a fake, and a target that is played by the test.
type rig struct {
	t     *testing.T
	fake  *adapter.Oracles
	state harness.State
	heard *listener
}

func newRig(t *testing.T) *rig {
	fake, err := adapter.OracleAPI(oracleAPI, oracleapi.Config{DataSeed: profile.DataSeed}).Open(t.Context(), harness.Opening{Seed: 1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = fake.Close() })
	s, _ := ours(2)
	r := &rig{t: t, fake: fake.(*adapter.Oracles), heard: &listener{impact: s.Impact}}
	r.state = harness.State{Start: r.fake.Journal().Start(), Fakes: map[string]harness.Fake{oracleAPI: fake}, Companion: r.heard}
	for _, project := range []string{"1", "2"} {
		r.heard.Learn(project, contract.Truth{Active: 2, Asked: []string{"oracle-1", "oracle-2"}, Addresses: map[string]string{
			"oracle-1": r.fake.Endpoint(0, "oracle-1"), "oracle-2": r.fake.Endpoint(0, "oracle-2"), "closed": r.fake.Endpoint(0, "closed"),
		}})
	}
	return r
}

// spoil lays a fault on the fake for good, and returns the kinds of an audit that knows it.
func (r *rig) spoil(text string) map[string]fault.Kind {
	r.t.Helper()
	what := adapter.Always("it", oracleAPI, text).What()
	_, err := r.fake.Apply(r.t.Context(), what)
	require.NoError(r.t, err)
	return map[string]fault.Kind{"it": what.Kind}
}

// now is the time of the run.
func (r *rig) now() time.Duration { return time.Since(r.state.Start) }

// call asks an oracle and returns the result to tell of it.
func (r *rig) call(project, oracle, attempt string) oracleResult {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.fake.Endpoint(0, oracle)+"?project="+project, nil)
	require.NoError(r.t, err)
	req.Header.Set("X-Attempt", attempt)
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := client.Do(req)
	if err != nil {
		return oracleResult{Status: "error", Error: "connection"}
	}
	defer res.Body.Close()
	var got struct{ Data oracleapi.Data }
	if json.NewDecoder(res.Body).Decode(&got) != nil || res.StatusCode != 200 {
		return oracleResult{Status: "error", Error: "status"}
	}
	return oracleResult{Status: "ok", Data: got.Data}
}

// answer is an answer about project 1 that was asked for at a moment and ends now.
func (r *rig) answer(sent time.Duration, one, two oracleResult, header http.Header) {
	answer := reply(r.t, impactAnswer{ProjectID: 1, Active: 2, Queried: 2, Results: map[string]oracleResult{"oracle-1": one, "oracle-2": two}})
	answer.Header = header
	r.heard.Answered(load.Exchange{Stream: "impact", Sent: sent, End: r.now(), Status: 200, Path: "/projects/1/impact"}, load.Request{}, answer)
}

// broken is what each finding counts: asked once, own words, errors true, heard in time.
func (r *rig) broken(kinds map[string]fault.Kind) [4]int64 {
	require.Eventually(r.t, func() bool { return r.fake.Journal().Gauge("").InFlight == 0 }, 30*time.Second, time.Millisecond)
	a := newAudit(r.state, kinds, bounds{deadline: time.Second, cooldown: 200 * time.Millisecond})
	a.unheard = map[string]int{}
	f := a.findings()
	return [4]int64{f[0].Broken, f[1].Broken, f[2].Broken, f[3].Broken}
}

func cached(age, maxAge string) http.Header {
	return http.Header{"Age": {age}, "Cache-Control": {"public, max-age=" + maxAge}}
}

// Each row is a target that answers twice about one project, and what is found.
func TestBothSidesAreHeldAgainstEachOther(t *testing.T) {
	for _, row := range []struct {
		name   string
		second func(r *rig, one, two oracleResult)
		want   [4]int64
	}{
		{"as it should be", func(r *rig, _, _ oracleResult) {
			sent := r.now()
			r.answer(sent, r.call("1", "oracle-1", "1"), r.call("1", "oracle-2", "1"), nil)
		}, [4]int64{}},
		{"the last good data without a call", func(r *rig, one, two oracleResult) { r.answer(r.now(), one, two, nil) }, [4]int64{0, 2, 0}},
		{"the last good data after a call", func(r *rig, one, _ oracleResult) {
			sent := r.now()
			r.call("1", "oracle-1", "1")
			r.answer(sent, one, r.call("1", "oracle-2", "1"), nil)
		}, [4]int64{1, 1, 0}},
		{"out of a cache that says so", func(r *rig, one, two oracleResult) { r.answer(r.now(), one, two, cached("0", "1")) }, [4]int64{}},
		{"out of a cache that keeps it too long", func(r *rig, one, two oracleResult) { r.answer(r.now()+2*time.Second, one, two, cached("1", "1")) }, [4]int64{0, 2, 0}},
		{"an age without a limit to it", func(r *rig, one, two oracleResult) { r.answer(r.now(), one, two, http.Header{"Age": {"1"}}) }, [4]int64{0, 2, 0}},
		{"asked twice", func(r *rig, _, _ oracleResult) {
			sent := r.now()
			r.call("1", "oracle-1", "1")
			r.answer(sent, r.call("1", "oracle-1", "1"), r.call("1", "oracle-2", "1"), nil)
		}, [4]int64{1, 0, 0}},
		{"asked who is not active", func(r *rig, _, _ oracleResult) {
			sent := r.now()
			r.call("1", "closed", "1")
			r.answer(sent, r.call("1", "oracle-1", "1"), r.call("1", "oracle-2", "1"), nil)
		}, [4]int64{1, 0, 0}},
		{"asked about another project", func(r *rig, _, _ oracleResult) {
			sent := r.now()
			r.answer(sent, r.call("2", "oracle-1", "1"), r.call("1", "oracle-2", "1"), nil)
		}, [4]int64{1, 1, 0}},
		{"asked as a second attempt", func(r *rig, _, _ oracleResult) {
			sent := r.now()
			r.answer(sent, r.call("1", "oracle-1", "2"), r.call("1", "oracle-2", "1"), nil)
		}, [4]int64{1, 0, 0}},
		{"an error of who answered well", func(r *rig, _, _ oracleResult) {
			sent := r.now()
			r.call("1", "oracle-1", "1")
			r.answer(sent, oracleResult{Status: "error", Error: "timeout"}, r.call("1", "oracle-2", "1"), nil)
		}, [4]int64{0, 0, 0, 1}},
		{"asked long after the answer that calls it a timeout", func(r *rig, _, _ oracleResult) {
			sent := r.now() - time.Second
			two := r.call("1", "oracle-2", "1")
			r.answer(sent, oracleResult{Status: "error", Error: "timeout"}, two, nil)
			time.Sleep(300 * time.Millisecond) // longer than a call may be under way
			r.call("1", "oracle-1", "1")
			time.Sleep(5 * time.Millisecond) // what is said is told apart by milliseconds
			sent = r.now()
			r.answer(sent, r.call("1", "oracle-1", "1"), r.call("1", "oracle-2", "1"), nil)
		}, [4]int64{0, 0, 0, 1}},
		{"an error of who was not asked", func(r *rig, _, _ oracleResult) {
			sent := r.now()
			r.answer(sent, oracleResult{Status: "error", Error: "timeout"}, r.call("1", "oracle-2", "1"), nil)
		}, [4]int64{3: 1}},
		{"left alone, and was well", func(r *rig, _, _ oracleResult) {
			sent := r.now()
			r.answer(sent, oracleResult{Status: "error", Error: "connection", Detail: "breaker: it failed"}, r.call("1", "oracle-2", "1"), nil)
		}, [4]int64{0, 0, 1}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t)
			sent := r.now()
			one, two := r.call("1", "oracle-1", "1"), r.call("1", "oracle-2", "1")
			r.answer(sent, one, two, nil)
			time.Sleep(2 * time.Millisecond) // what an oracle says is of a millisecond
			row.second(r, one, two)
			require.Equal(t, row.want, r.broken(nil))
		})
	}
}

// Each row is a fault on one of two oracles, and how an answer may tell of it.
func TestAnErrorHasItsCause(t *testing.T) {
	for text, classes := range map[string][]string{
		"status 503": {"status"}, "close": {"connection"}, "json malformed": {"payload", "unexpected"}, "wrong id": {"payload"},
	} {
		for _, class := range []string{"timeout", "connection", "status", "payload", "too_large", "unexpected", ""} {
			r := newRig(t)
			kinds := r.spoil(text + " key=oracle-1")
			sent := r.now()
			r.call("1", "oracle-1", "1")
			var one oracleResult
			if class == "" {
				one = oracleResult{Status: "ok", Data: lastData(r)}
			} else {
				one = oracleResult{Status: "error", Error: class}
			}
			r.answer(sent, one, r.call("1", "oracle-2", "1"), nil)
			got := r.broken(kinds)
			switch {
			case class == "":
				require.Equal(t, [4]int64{0, 1, 0}, got, "%s and ok", text)
			default:
				fits := int64(1)
				for _, c := range classes {
					if c == class {
						fits = 0
					}
				}
				want := [4]int64{0, 0, fits}
				if class == "timeout" {
					want = [4]int64{3: fits}
				}
				require.Equal(t, want, got, "%s as %s", text, class)
			}
		}
	}
}

// Who spares an oracle its calls must have seen it fail, and not over the question.
func TestSparingHasItsCause(t *testing.T) {
	for text, want := range map[string]int64{"status 503": 0, "status 429": 0, "close": 0, "status 404": 1, "json malformed": 1} {
		r := newRig(t)
		kinds := r.spoil(text + " key=oracle-1")
		sent := r.now()
		class, _ := classesOf(kinds["it"])
		r.call("1", "oracle-1", "1")
		r.answer(sent, oracleResult{Status: "error", Error: string(class[0])}, r.call("1", "oracle-2", "1"), nil)
		sent = r.now()
		r.answer(sent, oracleResult{Status: "error", Error: "connection", Detail: "breaker: it failed"}, r.call("1", "oracle-2", "1"), nil)
		require.Equal(t, [4]int64{0, 0, want}, r.broken(kinds), text)
	}
}

// A timeout is known to the target before it is told: the answer that tells it waits for
// others, while who comes meanwhile is spared the call. That takes time, and is held
// against the target where time is. What was asked for later is no reason.
func TestATimeoutIsAReasonBeforeItIsTold(t *testing.T) {
	spared := oracleResult{Status: "error", Error: "connection", Detail: "breaker: it failed"}
	for _, late := range []bool{false, true} {
		r := newRig(t)
		before := r.now()
		sent := r.now()
		r.answer(sent, spared, r.call("1", "oracle-2", "1"), nil)
		if late {
			before = r.now()
		}
		r.answer(before, oracleResult{Status: "error", Error: "timeout"}, r.call("1", "oracle-2", "1"), nil)
		want := [4]int64{0, 0, 0, 2}
		if late {
			want = [4]int64{0, 0, 1, 1}
		}
		require.Equal(t, want, r.broken(nil))
	}
}

// lastData is what oracle-1 would have said to its last call.
func lastData(r *rig) oracleapi.Data {
	var d oracleapi.Data
	for e := range r.fake.Journal().Entries(journal.Filter{Group: "oracle-1"}) {
		d = oracleapi.DataOf(profile.DataSeed, "oracle-1", 1, oracleapi.AsOf(r.fake.Journal(), e))
	}
	return d
}

func TestOnlyACacheHasAnAge(t *testing.T) {
	for _, row := range []struct {
		header http.Header
		maxAge time.Duration
		aged   bool
	}{
		{nil, 0, false}, {cached("0", "1"), time.Second, true}, {cached("2", "1"), 0, false}, {cached("-1", "1"), 0, false},
		{http.Header{"Cache-Control": {"max-age=60"}}, 0, false}, {http.Header{"Age": {"1"}}, 0, false},
		{http.Header{"Age": {"1"}, "Cache-Control": {"no-transform", "Max-Age=60"}}, time.Minute, true},
	} {
		maxAge, aged := documentedAge(row.header)
		require.Equal(t, row.maxAge, maxAge)
		require.Equal(t, row.aged, aged)
	}
}

// What was refused left no call behind: the one that lies in the same span is of
// another request, which tells of it itself.
func TestAnErrorIsNotHeldAgainstTheCallOfAnotherRequest(t *testing.T) {
	r := newRig(t)
	sent := r.now()
	r.call("1", "oracle-1", "1") // of the second request, which has no processor to hear it
	mine, theirs := r.call("1", "oracle-2", "1"), r.call("1", "oracle-2", "1")
	r.answer(sent, oracleResult{Status: "error", Error: "connection"}, mine, nil)
	r.answer(sent, oracleResult{Status: "error", Error: "timeout"}, theirs, nil)
	a := newAudit(r.state, nil, bounds{deadline: time.Second})
	a.unheard, a.refused = map[string]int{}, map[string]bool{oracleAPI: true}
	var broken []int64
	for _, f := range a.findings() {
		broken = append(broken, f.Broken)
	}
	require.Equal(t, []int64{0, 0, 0, 1}, broken, "only the timeout is none")
}

// Of two requests at once each has a call that was led to another host, where nobody goes.
func TestACallThatWasLedAwayHasNoSecondOne(t *testing.T) {
	r := newRig(t)
	kinds := r.spoil("redirect host location=http://127.0.0.1:1 key=oracle-1")
	sent := r.now()
	var two [2]oracleResult
	for i := range two {
		r.call("1", "oracle-1", "1")
		two[i] = r.call("1", "oracle-2", "1")
		time.Sleep(2 * time.Millisecond) // what is said is told apart by milliseconds
	}
	for _, other := range two {
		r.answer(sent, oracleResult{Status: "error", Error: "status"}, other, nil)
	}
	require.Equal(t, [4]int64{}, r.broken(kinds))
}

// Of two requests that overlap the one that began first may be answered last: whose calls
// are whose is found so that each has its two.
func TestCallsThatWereLedBackBelongTogether(t *testing.T) {
	for more := range int64(2) { // calls that nobody explains
		r := newRig(t)
		kinds := r.spoil("redirect loop key=oracle-1")
		pause := func() { time.Sleep(2 * time.Millisecond) } // what is said is told apart by milliseconds
		led := oracleResult{Status: "error", Error: "status"}
		first := r.now()
		pause()
		second := r.now()
		ask := func(calls int64) {
			for range calls {
				r.call("1", "oracle-1", "1")
				pause()
			}
		}
		ask(2)
		r.answer(second, led, r.call("1", "oracle-2", "1"), nil)
		ask(2 + more)
		r.answer(first, led, r.call("1", "oracle-2", "1"), nil)
		require.Equal(t, [4]int64{0: more}, r.broken(kinds))
	}
}

// A timeout that no call explains takes none from who is explained by one.
func TestWhatIsExplainedComesFirst(t *testing.T) {
	r := newRig(t)
	kinds := r.spoil("status 503 key=oracle-1")
	sent := r.now()
	r.call("1", "oracle-1", "1")
	mine, theirs := r.call("1", "oracle-2", "1"), r.call("1", "oracle-2", "1")
	r.answer(sent, oracleResult{Status: "error", Error: "timeout"}, mine, nil)
	r.answer(sent, oracleResult{Status: "error", Error: "status"}, theirs, nil)
	require.Equal(t, [4]int64{3: 1}, r.broken(kinds))
}

// An answer that was under way when the connections were cut was whole for the fake that
// wrote it, and an error for who waited for it.
func TestAnAnswerThatWasCutOff(t *testing.T) {
	for _, cuts := range []bool{true, false} {
		r := newRig(t)
		sent := r.now()
		r.call("1", "oracle-1", "1")
		r.answer(sent, oracleResult{Status: "error", Error: "connection"}, r.call("1", "oracle-2", "1"), nil)
		a := newAudit(r.state, nil, bounds{deadline: time.Second})
		a.unheard, a.refused = map[string]int{}, map[string]bool{oracleAPI: cuts}
		broken := int64(0)
		for _, f := range a.findings() {
			broken += f.Broken
		}
		require.Equal(t, !cuts, broken > 0)
	}
}

// Two calls within a millisecond are told apart by how they ended: who hung up heard
// nothing.
func TestOfTwoCallsOfOneMomentTheOneThatWasAnsweredIsQuoted(t *testing.T) {
	said := time.Now()
	hung := &call{Entry: journal.Entry{Outcome: journal.Abandoned, Faults: []string{"hang"}}, said: said}
	well := &call{Entry: journal.Entry{Outcome: journal.Answered, Status: 200}, said: said}
	of := name{"1", "oracle-1"}
	a := &audit{kinds: map[string]fault.Kind{"hang": fault.Hang{At: "headers"}}, calls: map[name][]*call{of: {hung, well}}}
	require.Same(t, well, a.quoted(of, said, false))
	well.by = &heard{}
	require.Same(t, hung, a.quoted(of, said, false), "nobody else is left")
	require.Same(t, well, a.quoted(of, said, true))
}

// A fake that cuts its connections does not know which call was open in them.
func TestACallThatWasCutOff(t *testing.T) {
	a := newAudit(newRig(t).state, nil, bounds{deadline: time.Second})
	open := &call{Entry: journal.Entry{Outcome: journal.Abandoned}}
	of, lost := name{"1", "oracle-1"}, contract.ImpactResult{Failed: true, Class: contract.Connection}
	require.False(t, a.cutOff(of, open, lost), "nothing cuts")
	a.refused = map[string]bool{oracleAPI: true}
	require.True(t, a.cutOff(of, open, lost))
	require.False(t, a.cutOff(of, open, contract.ImpactResult{Failed: true, Class: contract.BadStatus}))
	require.False(t, a.cutOff(of, &call{Entry: journal.Entry{Outcome: journal.Answered}}, lost))
}
