package fleet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/fleet"
	"holdfast.dev/holdfast/harness/load"
)

const ms = time.Millisecond

func streamsOf(t *rapid.T) []load.Stream {
	var all []load.Stream
	for i := range rapid.IntRange(1, 3).Draw(t, "streams") {
		all = append(all, load.Stream{
			Name: string(rune('a' + i)), Profile: load.Constant(float64(rapid.IntRange(1, 100).Draw(t, "rate")), 10*time.Second),
			StartAt: time.Duration(rapid.IntRange(0, 2000).Draw(t, "start")) * ms, Template: &load.Template{Path: "/"},
		})
	}
	return all
}

// sentBy is how many requests of a lane a worker sends that goes on from one time to another.
func sentBy(s load.Stream, lane, lanes int, from, to time.Duration) int64 {
	share := load.Share{Lane: lane, Lanes: lanes}
	return max(0, share.Planned(s, to)-share.Planned(s, from))
}

// TestTheBooksAddUpToThePlan draws who holds which lane until when, what each sends, and
// how much of that it still tells. Whatever happens the books add up to the plan, and what
// was really sent is between what they know and what they hold possible.
func TestTheBooksAddUpToThePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		streams := streamsOf(t)
		lanes := rapid.IntRange(1, 4).Draw(t, "lanes")
		b := fleet.NewBooks(streams, lanes)
		var planned, really int64
		for _, s := range streams {
			planned += load.Planned(s.Profile)
		}
		for lane := range lanes {
			from := time.Duration(0)
			for range rapid.IntRange(0, 4).Draw(t, "spans") {
				epoch := b.Hand(lane, "w", from, "it was lost")
				fence := from + time.Duration(rapid.IntRange(0, 3000).Draw(t, "confirmed for"))*ms
				require.True(t, b.Confirm(lane, epoch, "w", fence))
				stops := from + time.Duration(rapid.Float64Range(0, 1).Draw(t, "sends for")*float64(fence-from))
				told := from + time.Duration(rapid.Float64Range(0, 1).Draw(t, "tells of")*float64(stops-from))
				final := rapid.Bool().Draw(t, "final")
				if final {
					told = stops
				}
				for _, s := range streams {
					n := sentBy(s, lane, lanes, from, told)
					late := min(n, rapid.Int64Range(0, 2).Draw(t, "late"))
					open := int64(0)
					if !final {
						open = rapid.Int64Range(0, n-late).Draw(t, "open")
					}
					require.NoError(t, b.Tell(lane, epoch, "w", load.Delta{Stream: s.Name, Open: open, Counts: []load.PartDelta{{Sent: n - late, Late: late}}}))
					require.NoError(t, b.Tell(lane, epoch, "w", load.Delta{Stream: s.Name + ".step", Counts: []load.PartDelta{{Sent: 99}}}), "a step is not planned by itself")
					really += sentBy(s, lane, lanes, from, stops) - late
				}
				if final {
					b.Final(lane, epoch, "cut")
				}
				b.Cut(lane, "lost")
				from = b.Free(lane) + time.Duration(rapid.IntRange(0, 1000).Draw(t, "nobody for"))*ms
			}
		}
		spans, err := b.Spans()
		require.NoError(t, err)
		var sum, sent, lost, unknown int64
		for _, s := range spans {
			require.Equal(t, s.Planned, s.Sent+s.Lost+s.Unknown+s.Never, "%+v", s)
			for _, n := range []int64{s.Planned, s.Sent, s.Lost, s.Unknown, s.Never, s.Hole} {
				require.GreaterOrEqual(t, n, int64(0), "%+v", s)
			}
			require.LessOrEqual(t, s.Hole, s.Never)
			sum, sent, lost, unknown = sum+s.Planned, sent+s.Sent, lost+s.Lost, unknown+s.Unknown
		}
		require.Equal(t, planned, sum)
		require.LessOrEqual(t, sent+lost, really)
		require.LessOrEqual(t, really, sent+lost+unknown)
	})
}

func oneStream() []load.Stream {
	return []load.Stream{{Name: "a", Profile: load.Constant(100, 10*time.Second), Template: &load.Template{Path: "/"}}}
}

func TestWhoHeldNothingTellsNothing(t *testing.T) {
	b := fleet.NewBooks(oneStream(), 2)
	require.ErrorContains(t, b.Tell(0, 0, "w", load.Delta{Stream: "a"}), "which it did not hold")
	epoch := b.Hand(0, "w", 0, "")
	require.Error(t, b.Tell(0, epoch, "v", load.Delta{Stream: "a"}))
	require.Error(t, b.Tell(2, epoch, "w", load.Delta{Stream: "a"}))
	require.Error(t, b.Tell(0, epoch+1, "w", load.Delta{Stream: "a"}))
	require.NoError(t, b.Tell(0, epoch, "w", load.Delta{Stream: "a", Counts: []load.PartDelta{{Sent: 501}}}))
	_, err := b.Spans()
	require.ErrorContains(t, err, "worker w told of 501 requests of a in lane 0 and was given 500")
}

func TestAConfirmationIsForWhoHoldsTheLane(t *testing.T) {
	b := fleet.NewBooks(oneStream(), 1)
	_, _, held := b.Holder(0)
	require.False(t, held)
	first := b.Hand(0, "w", 0, "")
	require.True(t, b.Confirm(0, first, "w", time.Second))
	require.False(t, b.Confirm(0, first, "v", time.Hour))
	require.Equal(t, map[int]int{0: first}, b.Held("w"))
	b.Cut(0, "lost")
	require.False(t, b.Confirm(0, first, "w", time.Hour), "it came back too late")
	require.Empty(t, b.Held("w"))
	require.Equal(t, time.Second, b.Free(0))
	second := b.Hand(0, "v", 2*time.Second, "lost")
	require.NotEqual(t, first, second)
	require.True(t, b.Confirm(0, second, "v", 3*time.Second))
	require.False(t, b.Done(0))
	b.Final(0, first, "cut")
	require.False(t, b.Done(0))
	b.Final(0, second, "")
	require.True(t, b.Done(0))
}

// The clock of a worker may be wrong by any amount, and by a wrong one in each direction
// of the way: what is estimated is never further from the truth than it says.
func TestAnEstimateIsAsGoodAsItSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ahead := time.Duration(rapid.Int64Range(int64(-5*time.Minute), int64(5*time.Minute)).Draw(t, "ahead"))
		at := time.Duration(0)
		var trips []fleet.RoundTrip
		for range rapid.IntRange(1, 20).Draw(t, "trips") {
			there, back := time.Duration(rapid.Int64Range(0, int64(50*ms)).Draw(t, "there")), time.Duration(rapid.Int64Range(0, int64(50*ms)).Draw(t, "back"))
			trips = append(trips, fleet.RoundTrip{Asked: at, There: at + there + ahead, Answered: at + there + back})
			at += 100 * ms
		}
		e := fleet.Best(trips)
		require.LessOrEqual(t, (e.Ahead - ahead).Abs(), e.Doubt+1)
		require.Equal(t, e.Doubt > fleet.MaxDoubt, e.Pinned() != nil)
	})
	require.ErrorContains(t, fleet.Estimate{Doubt: 24 * ms}.Pinned(), "its clock cannot be pinned: the best of all round trips took 48ms, at most 20ms would do")
}

func TestADriftIsWhatNoDoubtExplains(t *testing.T) {
	before := fleet.Estimate{Ahead: 100 * ms, Doubt: 2 * ms}
	for after, want := range map[fleet.Estimate]time.Duration{
		{Ahead: 104 * ms, Doubt: 2 * ms}: 0, {Ahead: 110 * ms, Doubt: 3 * ms}: 5 * ms, {Ahead: 90 * ms, Doubt: 3 * ms}: -5 * ms, {Ahead: 500 * ms, Doubt: time.Second}: 0,
	} {
		require.Equal(t, want, fleet.Drift(before, after))
	}
}

func TestExchangesAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b []byte
		all := rapid.SliceOfN(rapid.Custom(anyExchange), 0, 5).Draw(t, "exchanges")
		for _, x := range all {
			b = fleet.AppendExchange(b, x)
		}
		for _, want := range all {
			var got load.Exchange
			var err error
			got, b, err = fleet.ReadExchange(b)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		require.Empty(t, b)
	})
}

func anyExchange(t *rapid.T) load.Exchange {
	number, text := rapid.Int64(), rapid.String()
	span := func(name string) time.Duration { return time.Duration(number.Draw(t, name)) }
	return load.Exchange{
		Stream: text.Draw(t, "stream"), N: number.Draw(t, "n"), Due: span("due"), Sent: span("sent"), End: span("end"),
		Unplanned: rapid.Bool().Draw(t, "unplanned"), Status: rapid.Int().Draw(t, "status"), Class: text.Draw(t, "class"), Step: text.Draw(t, "step"),
		Method: text.Draw(t, "method"), Path: text.Draw(t, "path"), Instance: rapid.Int().Draw(t, "instance"),
		BytesOut: number.Draw(t, "out"), BytesIn: number.Draw(t, "in"),
	}
}

func FuzzReadExchange(f *testing.F) {
	f.Add(fleet.AppendExchange(nil, load.Exchange{Stream: "a", N: 3, Due: time.Second, Path: "/", Class: "timeout"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		x, rest, err := fleet.ReadExchange(b)
		if err != nil {
			return
		}
		require.Less(t, len(rest), len(b))
		again, _, err := fleet.ReadExchange(fleet.AppendExchange(nil, x))
		require.NoError(t, err)
		require.Equal(t, x, again)
	})
}

func TestMessagesAreReadStrictly(t *testing.T) {
	_, err := fleet.Decode[fleet.Order]([]byte(`{"run":"x","command":"rm -rf"}`))
	require.ErrorContains(t, err, "unknown field")
	_, err = fleet.Decode[fleet.Order](make([]byte, fleet.MaxMessage+1))
	require.ErrorContains(t, err, "a message of 1048577 bytes")
	o, err := fleet.Decode[fleet.Order]([]byte(`{"run":"x","term":1,"claim":{}}`))
	require.NoError(t, err)
	require.NotNil(t, o.Claim)
}

func TestPolicies(t *testing.T) {
	for _, p := range fleet.Policies() {
		got, err := fleet.ParsePolicy(string(p))
		require.NoError(t, err)
		require.Equal(t, p, got)
	}
	_, err := fleet.ParsePolicy("retry")
	require.ErrorContains(t, err, `"retry" is no policy for a lost worker: one of take-over, shrink, fail`)
}

func TestAWorkerSendsWhereItMay(t *testing.T) {
	for _, row := range []struct {
		allow, hosts []string
		says         string
	}{
		{[]string{"127.0.0.1"}, []string{"127.0.0.1:8080", "127.0.0.1:9"}, ""},
		{[]string{"api.example.com:443", "::1"}, []string{"api.example.com:443", "[::1]:80"}, ""},
		{[]string{"API.Example.com"}, []string{"api.example.COM:443"}, ""},
		{[]string{"api.example.com:443"}, []string{"api.example.com:80"}, "it may not send load to api.example.com:80: start it with --allow-host api.example.com"},
		{[]string{"example.com"}, []string{"api.example.com:443"}, "--allow-host api.example.com"},
		{[]string{"api.example.com"}, []string{"[::1]:80"}, "--allow-host ::1"},
		{[]string{"::1"}, []string{"::1:80"}, "whom it cannot read"},
		{nil, []string{"127.0.0.1:1"}, "--allow-host 127.0.0.1"},
	} {
		err := fleet.MaySend(row.allow, row.hosts)
		if row.says == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, row.says)
		}
	}
}
