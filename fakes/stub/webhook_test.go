package stub_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v82/webhook"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/fault"
)

// inbox is a service that is called back.
type inbox struct {
	*httptest.Server
	mu     sync.Mutex
	got    []posted
	answer func(n int) int // the status for the n-th; nil: 200
}

type posted struct {
	method, path, body string
	header             http.Header
}

func openInbox(t *testing.T, answer func(n int) int) *inbox {
	i := &inbox{answer: answer}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		i.mu.Lock()
		i.got = append(i.got, posted{r.Method, r.URL.RequestURI(), string(body), r.Header.Clone()})
		n := len(i.got)
		i.mu.Unlock()
		if i.answer != nil {
			w.WriteHeader(i.answer(n))
		}
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *inbox) all() []posted {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.got)
}

const whsec = "whsec_0123456789"

// calledBack is a stub whose charges are confirmed at the inbox.
func calledBack(t *testing.T, i *inbox, w stub.Webhook) *stub.Server {
	r := charge()
	r.Webhook = &w
	w.To, w.Path = "web", "/hooks/{key}"
	if w.JSON == "" {
		w.JSON = `{"id":"evt_{id}","type":"charge.succeeded","amount":"{form.amount:int}"}`
	}
	return startWith(t, stub.Config{Config: host.Config{Seed: 1}, Routes: []stub.Route{r}, Values: map[string]string{"web.url": i.URL, "secrets.whsec": whsec}})
}

// pays charges for a cart and returns the status.
func pays(t *testing.T, s *stub.Server, cart, idempotencyKey string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL(0)+"/v1/charges", strings.NewReader("metadata[cart]="+cart+"&amount=7"))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer x")
	if idempotencyKey != "" {
		r.Header.Set("Idempotency-Key", idempotencyKey)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	answer, err := client.Do(r)
	require.NoError(t, err)
	_ = answer.Body.Close()
	return answer.StatusCode
}

// settled are the callbacks once there are so many and nothing more is sent of any.
func settled(t *testing.T, s *stub.Server, n int) []stub.Callback {
	t.Helper()
	var all []stub.Callback
	require.Eventually(t, func() bool {
		all = s.Callbacks()
		return len(all) == n && !slices.ContainsFunc(all, func(c stub.Callback) bool { return !c.Over })
	}, 30*time.Second, 2*time.Millisecond)
	return all
}

func TestAWebhookIsSentOnceTheWorkIsDone(t *testing.T) {
	i := openInbox(t, nil)
	s := calledBack(t, i, stub.Webhook{Headers: map[string]string{"X-Event": "{form.metadata[cart]}"}})
	require.Equal(t, 200, pays(t, s, "c 1", "k"))
	require.Equal(t, 200, pays(t, s, "c 1", "k"), "a replay does nothing, and nobody is called back for it")
	require.NoError(t, s.Faults().AddText("status 503 id=down"))
	require.Equal(t, 503, pays(t, s, "c-2", ""), "what is refused is not done")
	all := settled(t, s, 1)
	require.Equal(t, "charge", all[0].Route)
	require.Equal(t, "c 1", all[0].Key)
	require.Len(t, all[0].Deliveries, 1)
	require.Equal(t, 200, all[0].Deliveries[0].Status)
	require.Equal(t, 1, all[0].Deliveries[0].Attempt)
	got := i.all()
	require.Len(t, got, 1)
	require.Equal(t, "POST", got[0].method)
	require.Equal(t, "/hooks/c%201", got[0].path)
	require.Regexp(t, `^{"id":"evt_[0-9a-f]{16}","type":"charge.succeeded","amount":7}$`, got[0].body)
	require.Equal(t, "application/json", got[0].header.Get("Content-Type"))
	require.Equal(t, "c 1", got[0].header.Get("X-Event"))
	require.Empty(t, got[0].header.Get("Stripe-Signature"))
}

// Stripe's own client verifies what it gets, with the right secret and no other.
func TestStripesClientTakesOurSignature(t *testing.T) {
	i := openInbox(t, nil)
	s := calledBack(t, i, stub.Webhook{
		Sign: stub.Sign{Stripe: "{secrets.whsec}"}, JSON: `{"id":"evt_{id}","object":"event","type":"charge.succeeded","data":{"object":{"id":"ch_{key}"}}}`,
	})
	require.NoError(t, s.WebhookFaults().AddText("wrong-signature key=c-2 id=forged"))
	require.Equal(t, 200, pays(t, s, "c-1", ""))
	settled(t, s, 1)
	require.Equal(t, 200, pays(t, s, "c-2", ""))
	all := settled(t, s, 2)
	require.False(t, all[0].Deliveries[0].Forged)
	require.True(t, all[1].Deliveries[0].Forged)
	got := i.all()
	verify := func(p posted, secret string) error {
		event, err := webhook.ConstructEventWithOptions([]byte(p.body), p.header.Get("Stripe-Signature"), secret, webhook.ConstructEventOptions{IgnoreAPIVersionMismatch: true})
		if err == nil {
			require.EqualValues(t, "charge.succeeded", event.Type)
		}
		return err
	}
	require.NoError(t, verify(got[0], whsec))
	require.ErrorIs(t, verify(got[0], whsec+"x"), webhook.ErrNoValidSignature)
	require.ErrorIs(t, verify(got[1], whsec), webhook.ErrNoValidSignature)
	require.EqualValues(t, 1, receipt(t, s, "forged").Fired)
}

// What senders publish as examples of their signatures.
func TestSignaturesAreThoseOfTheSendersOwnExamples(t *testing.T) {
	const (
		github   = "It's a Secret to Everybody"
		standard = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
		slack    = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	)
	for name, row := range map[string]struct {
		sign     stub.Sign
		at       int64
		id, body string
		want     map[string]string
	}{
		"GitHub": {
			stub.Sign{GitHub: github}, 0, "", "Hello, World!",
			map[string]string{"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
		},
		"Standard Webhooks, as Svix has it": {
			stub.Sign{Standard: standard}, 1614265330, "msg_p5jXN8AQM9LWM0D4loKWxJek", `{"test": 2432232314}`,
			map[string]string{
				"Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "Webhook-Timestamp": "1614265330", "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
			},
		},
		"Slack": {
			stub.Sign{HMAC: stub.HMAC{
				Secret: "8f742231b10e8888abcd99yyyzzz85a5", Header: "X-Slack-Signature", Prefix: "v0=", Signs: "v0:{timestamp}:{body}", Timestamp: "X-Slack-Request-Timestamp",
			}}, 1531420618, "", slack,
			map[string]string{"X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503", "X-Slack-Request-Timestamp": "1531420618"},
		},
		"RFC 4231, test case 2, as Shopify has it": {
			stub.Sign{HMAC: stub.HMAC{Secret: "Jefe", Header: "X-Shopify-Hmac-Sha256", Encoding: "base64"}}, 0, "", "what do ya want for nothing?",
			map[string]string{"X-Shopify-Hmac-Sha256": "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="},
		},
	} {
		got, err := stub.Signed(row.sign, time.Unix(row.at, 0), row.id, row.body)
		require.NoError(t, err, name)
		require.Len(t, got, len(row.want), name)
		for header, value := range row.want {
			require.Equal(t, value, got.Get(header), name)
		}
	}
	_, err := stub.Signed(stub.Sign{Standard: "no base64!"}, time.Unix(0, 0), "", "")
	require.ErrorContains(t, err, "sign.standard: the secret is no base64")
	require.NotContains(t, err.Error(), "no base64!")
}

// A callback has one id, however often it is sent, and another one has another.
func TestTheIDOfACallbackIsThatOfAllItsAttempts(t *testing.T) {
	i := openInbox(t, func(n int) int { return []int{500, 200, 200}[n-1] })
	s := calledBack(t, i, stub.Webhook{Sign: stub.Sign{HMAC: stub.HMAC{Secret: "{secrets.whsec}", Header: "X-Sig", ID: "X-ID", Signs: "{id}{body}"}}})
	for n := range 2 {
		require.Equal(t, 200, pays(t, s, "c-1", ""))
		settled(t, s, n+1)
	}
	got := i.all()
	require.NotEmpty(t, got[0].header.Get("X-ID"))
	require.Equal(t, got[0].header.Get("X-ID"), got[1].header.Get("X-ID"))
	require.Equal(t, got[0].header.Get("X-Sig"), got[1].header.Get("X-Sig"))
	require.NotEqual(t, got[1].header.Get("X-ID"), got[2].header.Get("X-ID"))
}

func TestASecretThatCannotSignIsRefusedAtTheStart(t *testing.T) {
	r := charge()
	r.Webhook = &stub.Webhook{To: "web", Path: "/hooks", Sign: stub.Sign{Standard: "{secrets.hooks}"}}
	_, err := stub.Start(stub.Config{Routes: []stub.Route{r}, Values: map[string]string{"web.url": "http://127.0.0.1:1", "secrets.hooks": "abcde"}})
	require.ErrorContains(t, err, "route charge: webhook: sign.standard: the secret is no base64")
}

func TestWhatIsNotTakenIsSentAgain(t *testing.T) {
	i := openInbox(t, func(n int) int { return []int{500, 302, 200}[n-1] })
	s := calledBack(t, i, stub.Webhook{Attempts: 4})
	require.Equal(t, 200, pays(t, s, "c-1", ""))
	c := settled(t, s, 1)[0]
	require.Len(t, c.Deliveries, 3)
	for n, d := range c.Deliveries {
		require.Equal(t, n+1, d.Attempt)
		require.Equal(t, n == 2, d.Taken())
	}
	require.GreaterOrEqual(t, c.Deliveries[1].Sent-c.Deliveries[0].Sent, 250*time.Millisecond)
	require.GreaterOrEqual(t, c.Deliveries[2].Sent-c.Deliveries[1].Sent, 500*time.Millisecond)
}

func TestItIsNotSentForEver(t *testing.T) {
	i := openInbox(t, nil)
	i.Close()
	s := calledBack(t, i, stub.Webhook{Attempts: 2})
	require.Equal(t, 200, pays(t, s, "c-1", ""))
	c := settled(t, s, 1)[0]
	require.Len(t, c.Deliveries, 2)
	require.Zero(t, c.Deliveries[1].Status)
	require.Contains(t, c.Deliveries[1].Err, "refused")
	require.NotContains(t, c.Deliveries[1].Err, "hooks")
}

// Of several replicas each is called back in turn.
func TestReplicasAreCalledBackInTurn(t *testing.T) {
	first, second := openInbox(t, nil), openInbox(t, nil)
	r := charge()
	r.Webhook = &stub.Webhook{To: "web", Path: "/hooks"}
	s := startWith(t, stub.Config{Routes: []stub.Route{r}, Values: map[string]string{"web.url": first.URL, "web.2.url": second.URL}})
	for n, cart := range []string{"a", "b", "c"} {
		require.Equal(t, 200, pays(t, s, cart, ""))
		settled(t, s, n+1)
	}
	require.Len(t, first.all(), 2)
	require.Len(t, second.all(), 1)
}

func receipt(t *testing.T, s *stub.Server, name string) fault.Receipt {
	t.Helper()
	r, err := s.WebhookFaults().Receipt(name)
	require.NoError(t, err)
	return r
}

func TestFaultsOfCallbacks(t *testing.T) {
	for _, row := range []struct {
		fault string
		sent  []string // carts by arrival, of a and b
		tells func(t *testing.T, all []stub.Callback)
	}{
		{"twice", []string{"a", "a", "b", "b"}, func(t *testing.T, all []stub.Callback) {
			require.False(t, all[0].Deliveries[0].Again)
			require.True(t, all[0].Deliveries[1].Again)
		}},
		{"twice together nth=1 key=b", []string{"a", "b", "b"}, nil},
		{"lost key=a", []string{"b"}, func(t *testing.T, all []stub.Callback) {
			require.True(t, all[0].Lost)
			require.Empty(t, all[0].Deliveries)
		}},
		{"late 300ms key=a", []string{"b", "a"}, func(t *testing.T, all []stub.Callback) {
			require.GreaterOrEqual(t, all[0].Deliveries[0].Sent-all[0].Due, 300*time.Millisecond)
		}},
		{"reordered", []string{"b", "a"}, nil},
	} {
		t.Run(row.fault, func(t *testing.T) {
			i := openInbox(t, nil)
			s := calledBack(t, i, stub.Webhook{})
			require.NoError(t, s.WebhookFaults().AddText(row.fault+" id=x"))
			require.Equal(t, 200, pays(t, s, "a", ""))
			holds := strings.HasPrefix(row.fault, "late") || strings.HasPrefix(row.fault, "reordered")
			require.Eventually(t, func() bool {
				all := s.Callbacks()
				return len(all) == 1 && (all[0].Over || holds && receipt(t, s, "x").Held == 1)
			}, 30*time.Second, time.Millisecond)
			require.Equal(t, 200, pays(t, s, "b", ""))
			all := settled(t, s, 2)
			var sent []string
			for _, p := range i.all() {
				sent = append(sent, strings.TrimPrefix(p.path, "/hooks/"))
			}
			require.Equal(t, row.sent, sent)
			r := receipt(t, s, "x")
			require.Positive(t, r.Fired)
			require.Zero(t, r.Missed)
			if row.tells != nil {
				row.tells(t, all)
			}
			lifted, err := s.WebhookFaults().Lift(t.Context(), "x")
			require.NoError(t, err)
			require.Zero(t, lifted.Held)
		})
	}
}

// A service that is called back while it waits for the answer may ask the API
// something first.
func TestACallbackCanComeBeforeTheAnswer(t *testing.T) {
	for _, early := range []bool{false, true} {
		i := openInbox(t, nil)
		s := calledBack(t, i, stub.Webhook{Delay: 50 * time.Millisecond})
		i.answer = func(int) int { return pays(t, s, "inner", "k") } // its own callback is late
		require.NoError(t, s.WebhookFaults().AddText("late 10s key=inner"))
		if early {
			require.NoError(t, s.WebhookFaults().AddText("before-answer key=outer id=early"))
		}
		require.Equal(t, 200, pays(t, s, "outer", "j"))
		if early {
			require.Len(t, i.all(), 1, "it was there before the answer")
			require.EqualValues(t, 1, receipt(t, s, "early").Fired)
		}
		require.Eventually(t, func() bool { return len(i.all()) == 1 }, 30*time.Second, time.Millisecond)
	}
}

// Who closes the fake is not kept waiting by a callback that is held, nor lifts one in
// vain.
func TestWhatIsHeldIsLetGo(t *testing.T) {
	i := openInbox(t, nil)
	s := calledBack(t, i, stub.Webhook{})
	require.NoError(t, s.WebhookFaults().AddText("late 1h key=a id=late", "reordered key=b id=reordered"))
	for _, cart := range []string{"a", "b"} {
		require.Equal(t, 200, pays(t, s, cart, ""))
	}
	require.Eventually(t, func() bool { return receipt(t, s, "reordered").Held == 1 }, 30*time.Second, time.Millisecond)
	r, err := s.WebhookFaults().Lift(t.Context(), "reordered")
	require.NoError(t, err)
	require.EqualValues(t, 1, r.Missed, "nothing overtook it")
	require.Len(t, i.all(), 1)
	begun := time.Now()
	s.Close()
	require.Less(t, time.Since(begun), 30*time.Second)
	require.Empty(t, s.Callbacks()[0].Deliveries)
	require.False(t, s.Callbacks()[0].Over)
}

func TestWebhooksThatCannotBeAreRefused(t *testing.T) {
	for want, spoil := range map[string]func(*stub.Webhook){
		`to: no process is called "wep"`:                                func(w *stub.Webhook) { w.To = "wep" },
		"to: it does not say which process":                             func(w *stub.Webhook) { w.To = "" },
		`path: "//evil" does not begin with a single /`:                 func(w *stub.Webhook) { w.Path = "//evil" },
		`path: "http://e" does not begin with a single`:                 func(w *stub.Webhook) { w.Path = "http://e" },
		"json: {kye} is nothing":                                        func(w *stub.Webhook) { w.JSON = `{"a":"{kye}"}` },
		"json: it is no JSON":                                           func(w *stub.Webhook) { w.JSON = `{` },
		"headers.X: {kye} is nothing":                                   func(w *stub.Webhook) { w.Headers = map[string]string{"X": "{kye}"} },
		"delay: it is below 0":                                          func(w *stub.Webhook) { w.Delay = -1 },
		"attempts: 11 is not between 1 and 10":                          func(w *stub.Webhook) { w.Attempts = 11 },
		"sign.stripe: {secrets.whse} is nothing that is":                func(w *stub.Webhook) { w.Sign.Stripe = "{secrets.whse}" },
		"sign.github: {json.secret} is nothing that is":                 func(w *stub.Webhook) { w.Sign.GitHub = "{json.secret}" },
		"sign: it is signed in more than one way":                       func(w *stub.Webhook) { w.Sign = stub.Sign{Stripe: "a", GitHub: "b"} },
		"sign.hmac.secret: it has no secret":                            func(w *stub.Webhook) { w.Sign.HMAC = stub.HMAC{Header: "X"} },
		"sign.hmac.header":                                              func(w *stub.Webhook) { w.Sign.HMAC = stub.HMAC{Secret: "a", Header: "X Y"} },
		"sign.hmac.algorithm: \"sha255\" is none of":                    func(w *stub.Webhook) { w.Sign.HMAC = stub.HMAC{Secret: "a", Header: "X", Algorithm: "sha255"} },
		"sign.hmac.signs: there is no variable bdoy, did you mean body": func(w *stub.Webhook) { w.Sign.HMAC = stub.HMAC{Secret: "a", Header: "X", Signs: "{timestamp}.{bdoy}"} },
		"sign.hmac.signs: \"{id}\" has no {body}":                       func(w *stub.Webhook) { w.Sign.HMAC = stub.HMAC{Secret: "a", Header: "X", Signs: "{id}"} },
		"sign.hmac.timestamp: \"a b\" is no name":                       func(w *stub.Webhook) { w.Sign.HMAC = stub.HMAC{Secret: "a", Header: "X", Timestamp: "a b"} },
		"sign.hmac.encoding":                                            func(w *stub.Webhook) { w.Sign.HMAC = stub.HMAC{Secret: "a", Header: "X", Encoding: "b64"} },
	} {
		w := stub.Webhook{To: "web", Path: "/hooks"}
		spoil(&w)
		r := rates()
		r.Webhook = &w
		err := stub.Config{Routes: []stub.Route{r}, Given: []string{"web.url", "secrets.whsec"}}.Validate()
		require.ErrorContains(t, err, "route rate: webhook: "+want)
	}
	for _, text := range []string{"lost close", "status 503", "delay 1s"} {
		f, err := fault.Parse(text)
		require.NoError(t, err)
		require.Error(t, stub.WebhookSupport(true).Accepts(f), text)
	}
	forged := fault.Fault{Kind: fault.WrongSignature{}}
	require.NoError(t, stub.WebhookSupport(true).Accepts(forged))
	require.ErrorContains(t, stub.WebhookSupport(false).Accepts(forged), "is not signed")
	require.Error(t, stub.RouteSupport().Accepts(forged), fmt.Sprint(forged))
}
