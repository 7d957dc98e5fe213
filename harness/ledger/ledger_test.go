package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/ledger"
	"holdfast.dev/holdfast/harness/step"
)

func at(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func TestEachKeyIsInItsClass(t *testing.T) {
	asked := []ledger.Asked{
		{Key: "well", Fate: ledger.Took, At: at(1)}, {Key: "lost", Fate: ledger.Took}, {Key: "doubled", Fate: ledger.Took, At: at(1)},
		{Key: "refused", Fate: ledger.Refused}, {Key: "phantom", Fate: ledger.Refused},
		{Key: "unknown-done", Fate: ledger.Unknown}, {Key: "unknown-not", Fate: ledger.Unknown}, {Fate: ledger.Took}, {Fate: ledger.Unknown},
	}
	arrived := []ledger.Arrival{
		{Key: "well", At: at(1.25), Timed: true}, {Key: "doubled", At: at(0.5), Timed: true}, {Key: "phantom"}, {Key: "doubled", At: at(9), Timed: true},
		{Key: "unknown-done"}, {Key: "stranger"},
	}
	a := ledger.Match(asked, arrived, 1)
	one := func(key string) ledger.Class { return ledger.Class{N: 1, Keys: []string{key}} }
	require.Equal(t, ledger.Class{N: 3, Keys: []string{"well", "lost", "doubled"}}, a.Accepted)
	require.Equal(t, one("lost"), a.Lost)
	require.Equal(t, one("doubled"), a.Doubled)
	require.Equal(t, one("phantom"), a.Phantom)
	require.Equal(t, one("stranger"), a.Strangers)
	require.Equal(t, ledger.Class{N: 2, Keys: []string{"unknown-done", "unknown-not"}}, a.Unknown, "neither lost nor phantom, done or not")
	require.Equal(t, int64(5), a.Arrived.N)
	require.Equal(t, int64(1), a.Unnamed)
	require.Equal(t, []float64{0, 250}, a.Delays, "what arrived before its answer is late by nothing")
	require.InDelta(t, 250, a.Delay(99).Value, 0)
	require.Zero(t, a.Same.N)
}

func TestTwoTimesCanBeWhatIsMeant(t *testing.T) {
	asked := []ledger.Asked{{Key: "a"}, {Key: "b"}, {Key: "c"}}
	arrived := []ledger.Arrival{{Key: "a", At: at(1), Timed: true}, {Key: "b"}, {Key: "b"}, {Key: "b"}, {Key: "c", At: at(2), Timed: true}, {Key: "c", At: at(1), Timed: true}}
	a := ledger.Match(asked, arrived, 2)
	require.Equal(t, []string{"a"}, a.Lost.Keys, "one of two")
	require.Equal(t, []string{"b"}, a.Doubled.Keys)
	require.Equal(t, []float64{2000}, a.Delays, "until the last of both")
}

func TestKeysThatAreNotUniqueAreSaid(t *testing.T) {
	a := ledger.Match([]ledger.Asked{{Key: "a"}, {Key: "a", Fate: ledger.Refused}}, []ledger.Arrival{{Key: "a"}}, 1)
	require.Equal(t, ledger.Class{N: 1, Keys: []string{"a"}}, a.Same)
}

func TestExamplesAreBounded(t *testing.T) {
	var asked []ledger.Asked
	for i := range 100 {
		asked = append(asked, ledger.Asked{Key: string(rune('a'+i%26)) + string(rune('a'+i/26))})
	}
	a := ledger.Match(asked, nil, 1)
	require.Equal(t, int64(100), a.Lost.N)
	require.Len(t, a.Lost.Keys, ledger.MaxExamples)
	require.Equal(t, "aa, ba, ca, da, ea, …", a.Lost.String())
}

// Whatever was done, the numbers add up.
func TestTheAccountBalances(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		times := rapid.IntRange(1, 3).Draw(rt, "times")
		var asked []ledger.Asked
		var arrived []ledger.Arrival
		want := map[string]int64{}
		for i := range rapid.IntRange(0, 30).Draw(rt, "asked") {
			key := string(rune('A' + i))
			fate := rapid.SampledFrom([]ledger.Fate{ledger.Took, ledger.Refused, ledger.Unknown}).Draw(rt, "fate")
			n := rapid.IntRange(0, 4).Draw(rt, "times done")
			asked = append(asked, ledger.Asked{Key: key, Fate: fate})
			for range n {
				arrived = append(arrived, ledger.Arrival{Key: key})
			}
			if fate == ledger.Took && n < times {
				want["lost"]++
			}
			if n > times {
				want["doubled"]++
			}
			if fate == ledger.Refused && n > 0 {
				want["phantom"]++
			}
		}
		order := rapid.Permutation(arrived).Draw(rt, "order")
		a := ledger.Match(asked, order, times)
		require.Equal(rt, want["lost"], a.Lost.N)
		require.Equal(rt, want["doubled"], a.Doubled.N)
		require.Equal(rt, want["phantom"], a.Phantom.N)
		require.Zero(rt, a.Strangers.N)
		require.Equal(rt, int64(len(asked)), a.Accepted.N+a.Unknown.N+countFate(asked, ledger.Refused))
	})
}

func countFate(asked []ledger.Asked, f ledger.Fate) (n int64) {
	for _, a := range asked {
		if a.Fate == f {
			n++
		}
	}
	return n
}

func TestWhatCannotBeDrawnUpIsRefused(t *testing.T) {
	streams := map[string][]ledger.Variable{"checkout": {{Name: "cart", Unique: true}, {Name: "sku"}}}
	places, calls := []string{"stripe", "stripe.charge"}, []string{"stripe.charge"}
	good := ledger.Ledger{Accepted: ledger.Accepted{Stream: "checkout", Key: "{cart}"}, Arrived: ledger.Arrived{At: "stripe.charge", Key: "{key}"}}
	require.NoError(t, good.Validate(streams, places, calls))
	hooked := good
	hooked.Accepted = ledger.Accepted{Webhook: "stripe.charge"}
	require.NoError(t, hooked.Validate(streams, places, calls))
	for _, key := range []string{"{sku}-{cart}", "{json.order.id}", "{header.X-Order}"} {
		g := good
		g.Accepted.Key = key
		require.NoError(t, g.Validate(streams, places, calls), key)
	}
	for want, change := range map[string]func(*ledger.Ledger){
		"exactly one of a stream and a webhook":                                                                                   func(l *ledger.Ledger) { l.Accepted.Webhook = "stripe.charge" },
		`no webhook with a key is sent by "stripe.chrge", did you mean stripe.charge?`:                                            func(l *ledger.Ledger) { l.Accepted = ledger.Accepted{Webhook: "stripe.chrge"} },
		`the key of a webhook is that of its route`:                                                                               func(l *ledger.Ledger) { l.Accepted = ledger.Accepted{Webhook: "stripe.charge", Key: "{json.id}"} },
		`there is no stream "checkot", did you mean checkout?`:                                                                    func(l *ledger.Ledger) { l.Accepted.Stream = "checkot" },
		"is not another one in each request: vary sku as { unique: uuid }":                                                        func(l *ledger.Ledger) { l.Accepted.Key = "{sku}" },
		`the key "cart" is the same for every request`:                                                                            func(l *ledger.Ledger) { l.Accepted.Key = "cart" },
		"{crat}, which is neither a variable of the stream checkout nor a path of its answer such as json.id, did you mean cart?": func(l *ledger.Ledger) { l.Accepted.Key = "{crat}" },
		`nothing is known to arrive at "stripe.chrage", did you mean stripe.charge?`:                                              func(l *ledger.Ledger) { l.Arrived.At = "stripe.chrage" },
		"it needs exactly one of a fake (at), sql, request and a command":                                                         func(l *ledger.Ledger) { l.Arrived = ledger.Arrived{SQL: "select 1", Run: []string{"x"}} },
		"the request asks for no {key}":                                                                                           func(l *ledger.Ledger) { l.Arrived = ledger.Arrived{Request: &step.Request{Path: "/orders"}} },
		`there is no delivery "exactly_once", did you mean exactly-once?`:                                                         func(l *ledger.Ledger) { l.Delivery = "exactly_once" },
		"the key of a call is that of its route":                                                                                  func(l *ledger.Ledger) { l.Arrived.Key = "{form.cart}" },
		"times is -1":                                                                                                             func(l *ledger.Ledger) { l.Times = -1 },
	} {
		bad := good
		change(&bad)
		require.ErrorContains(t, bad.Validate(streams, places, calls), want)
	}
}
