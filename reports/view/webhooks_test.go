package view

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func TestWhatBecameOfACallbackIsOneSentence(t *testing.T) {
	ok := result.Delivery{Attempt: 1, Status: 200}
	for want, c := range map[string]result.Callback{
		"sent once, answered 200":                                       {Deliveries: []result.Delivery{ok}},
		"sent twice, answered 200 and 200":                              {Deliveries: []result.Delivery{ok, {Again: true, Status: 200}}},
		"sent 3\u00a0times, answered 500, not at all (refused) and 200": {Deliveries: []result.Delivery{{Status: 500}, {Error: "refused"}, ok}},
		"sent once with a wrong signature, answered 401":                {Deliveries: []result.Delivery{{Forged: true, Status: 401}}},
		"sent once, answered 503; it would have been sent again":        {Pending: true, Deliveries: []result.Delivery{{Status: 503}}},
		"sent to nobody":          {Lost: true},
		"not sent before the end": {Pending: true},
	} {
		require.Equal(t, want, story(c))
	}
}

func TestFaultsOfCallbacksAreCalledByWhatTheyDo(t *testing.T) {
	s := result.Scenario{
		Faults:   []result.Fault{{ID: "api.charge.webhook-twice", Kind: "twice"}},
		Webhooks: []result.Webhooks{{At: "api.charge.webhook", Due: 9, Delivered: 9, Callbacks: []result.Callback{{Key: "k", Faults: []string{"api.charge.webhook-twice", "other"}}}}},
	}
	w := webhooks(s)[0]
	require.Equal(t, "twice, other", w.Rows[0].Faults)
	require.Equal(t, "9 fell due, 9 answered with 2xx", w.Tally)
	require.Contains(t, w.Note, "8\u00a0more are not told one by one")
}
