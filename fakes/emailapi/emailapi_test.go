package emailapi_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/journal"

	"github.com/resend/resend-go/v2"
	"github.com/stretchr/testify/require"
)

func TestTheOfficialClientSendsAndReads(t *testing.T) {
	s := start(t, emailapi.Config{Keys: []emailapi.Key{{Text: "re_1"}}})
	c := official(t, s, "re_1")
	sent, err := c.Emails.Send(&resend.SendEmailRequest{
		From: "team@example.org", To: []string{"ann@example.org"}, Cc: []string{"bob@example.org"},
		Subject: "Hello", Html: "<b>Well met.</b>", ReplyTo: "team@example.org",
		Attachments: []*resend.Attachment{{Filename: "a.txt", Content: []byte("abc")}},
	})
	require.NoError(t, err)
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, sent.Id)
	read, err := c.Emails.Get(sent.Id)
	require.NoError(t, err)
	require.Equal(t, sent.Id, read.Id)
	require.Equal(t, []string{"ann@example.org"}, read.To)
	require.Equal(t, "<b>Well met.</b>", read.Html)
	require.Equal(t, map[string]int{"ann@example.org": 1, "bob@example.org": 1}, s.Journal().PerRecipient())
	_, err = c.Emails.Get("nothing")
	require.ErrorContains(t, err, "Email not found")
}

const noAddress = "Invalid `to` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."

func TestTheOfficialClientSendsBatches(t *testing.T) {
	s := start(t, emailapi.Config{})
	c := official(t, s, "re_1")
	good := &resend.SendEmailRequest{From: "team@example.org", To: []string{"ann@example.org"}, Subject: "Hello", Text: "1"}
	bad := &resend.SendEmailRequest{From: "team@example.org", To: []string{"bob"}, Subject: "Hello", Text: "2"}

	sent, err := c.Batch.Send([]*resend.SendEmailRequest{good, good})
	require.NoError(t, err)
	require.Len(t, sent.Data, 2)
	require.NotEqual(t, sent.Data[0].Id, sent.Data[1].Id)
	require.Equal(t, 2, s.Journal().Accepted())

	_, err = c.Batch.Send([]*resend.SendEmailRequest{good, bad})
	require.ErrorContains(t, err, "Invalid `to` field")
	require.Equal(t, 2, s.Journal().Accepted(), "a strict batch is all or nothing")

	sent, err = c.Batch.SendWithOptions(t.Context(), []*resend.SendEmailRequest{bad, good, bad},
		&resend.BatchSendEmailOptions{BatchValidation: resend.BatchValidationPermissive})
	require.NoError(t, err)
	require.Len(t, sent.Data, 1)
	require.Equal(t, []resend.BatchError{{Index: 0, Message: noAddress}, {Index: 2, Message: noAddress}}, sent.Errors)
	require.Equal(t, 3, s.Journal().Accepted())

	hundred := make([]*resend.SendEmailRequest, 101)
	for i := range hundred {
		hundred[i] = good
	}
	_, err = c.Batch.Send(hundred)
	require.ErrorContains(t, err, "A batch has between 1 and 100 mails")
	_, err = c.Batch.Send(hundred[:100])
	require.NoError(t, err)
}

func TestTheOfficialClientIsIdempotent(t *testing.T) {
	s := start(t, emailapi.Config{})
	c := official(t, s, "re_1")
	mail := &resend.SendEmailRequest{From: "team@example.org", To: []string{"ann@example.org"}, Subject: "Hello", Text: "1"}
	options := &resend.SendEmailOptions{IdempotencyKey: "task-1"}
	first, err := c.Emails.SendWithOptions(t.Context(), mail, options)
	require.NoError(t, err)
	again, err := c.Emails.SendWithOptions(t.Context(), mail, options)
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, 1, s.Journal().Accepted(), "it was sent once")
	mail.Text = "2"
	_, err = c.Emails.SendWithOptions(t.Context(), mail, options)
	require.ErrorContains(t, err, "different payload")
}

// TestTheOfficialClientUnderstandsEachError raises each error of the table by a
// fault.
func TestTheOfficialClientUnderstandsEachError(t *testing.T) {
	for _, e := range emailapi.Errors() {
		t.Run(fmt.Sprint(e.Status, " ", e.Name), func(t *testing.T) {
			s := start(t, emailapi.Config{})
			require.NoError(t, s.Faults().AddText(fmt.Sprintf("status %d name=%s retry-after=7", e.Status, e.Name)))
			_, err := official(t, s, "re_1").Emails.Send(&resend.SendEmailRequest{
				From: "team@example.org", To: []string{"ann@example.org"}, Subject: "Hello", Text: "1",
			})
			require.ErrorContains(t, err, e.Message)
			limited := (*resend.RateLimitError)(nil)
			require.Equal(t, e.Status == 429, errors.As(err, &limited))
			if limited != nil {
				require.Equal(t, "7", limited.RetryAfter)
			}
			require.Zero(t, s.Journal().Accepted())
			got := call(t, s, sending(mail()))
			require.Equal(t, apiError{e.Status, e.Name, e.Message}, got.err, "the shape and the name")
		})
	}
}

// TestEachErrorIsAnsweredWhenItIsDue raises each error that the fake answers on
// its own by what a client does wrong. A test of its own, below, proves that no
// error of the table is left out.
func TestEachErrorIsAnsweredWhenItIsDue(t *testing.T) {
	raised := map[string]bool{}
	long := strings.Repeat("x", 257)
	for _, row := range []struct {
		name, why string
		config    emailapi.Config
		request   request
		status    int
	}{
		{"missing_api_key", "no key", emailapi.Config{}, request{method: "POST", path: "/emails", key: "-", body: mail()}, 401},
		{"validation_error", "an unknown key", emailapi.Config{Keys: []emailapi.Key{{Text: "re_2"}}}, sending(mail()), 401},
		{"validation_error", "a revoked key", withKey(emailapi.Revoked), sending(mail()), 401},
		{"validation_error", "a revoked key that reads", withKey(emailapi.Revoked), request{method: "GET", path: "/emails/x"}, 400},
		{"validation_error", "a key of another scheme", emailapi.Config{}, request{
			method: "POST", path: "/emails", key: "-", header: http.Header{"Authorization": {"re_1"}}, body: mail(),
		}, 400},
		{"suspended_api_key", "a suspended key", withKey(emailapi.Suspended), sending(mail()), 403},
		{"restricted_api_key", "a restricted key", withKey(emailapi.Restricted), sending(mail()), 401},
		{"restricted_api_key", "a key for sending only that reads", withKey(emailapi.SendingOnly), request{method: "GET", path: "/emails/x"}, 401},
		{"invalid_idempotency_key", "an empty key", emailapi.Config{}, keyed("", mail()), 400},
		{"invalid_idempotency_key", "a key of 257 characters", emailapi.Config{}, keyed(long, mail()), 400},
		{"validation_error", "no JSON", emailapi.Config{}, sending("{"), 400},
		{"validation_error", "a recipient that is no address", emailapi.Config{}, sending(mail("to", "ann")), 422},
		{"validation_error", "a copy to no address", emailapi.Config{}, sending(mail("cc", []string{"bob@example.org", "eve"})), 422},
		{"validation_error", "more than 50 recipients", emailapi.Config{}, sending(mail("to", strings.Split(strings.Repeat("a@example.org,", 51)+"a@example.org", ","))), 422},
		{"validation_error", "a domain that is not verified", emailapi.Config{Domains: []string{"example.com"}}, sending(mail()), 403},
		{"validation_error", "a request that is too large", emailapi.Config{Config: host.Config{MaxBody: 50}}, sending(mail()), 413},
		{"not_found", "no such route", emailapi.Config{}, request{method: "POST", path: "/mails", body: mail()}, 404},
		{"not_found", "no such mail", emailapi.Config{}, request{method: "GET", path: "/emails/x"}, 404},
		{"method_not_allowed", "the wrong method", emailapi.Config{}, request{method: "PUT", path: "/emails", body: mail()}, 405},
		{"missing_required_field", "no from", emailapi.Config{}, sending(mail("from", nil)), 422},
		{"missing_required_field", "no to", emailapi.Config{}, sending(mail("to", nil)), 422},
		{"missing_required_field", "no subject", emailapi.Config{}, sending(mail("subject", nil)), 422},
		{"missing_required_field", "no text", emailapi.Config{}, sending(mail("text", nil)), 422},
		{"validation_error", "from is no address", emailapi.Config{}, sending(mail("from", "team")), 422},
		{"invalid_attachment", "an attachment without content", emailapi.Config{}, sending(mail("attachments", []any{map[string]any{"filename": "a"}})), 422},
		{"validation_error", "a schedule that is no date", emailapi.Config{}, sending(mail("scheduled_at", "soon")), 422},
		{"validation_error", "a schedule in two months", emailapi.Config{}, sending(mail("scheduled_at", "in 60 days")), 422},
		{"validation_error", "a template with a text", emailapi.Config{}, sending(mail("template", map[string]any{"id": "welcome"})), 422},
		{"missing_required_field", "a template without an id", emailapi.Config{}, sending(mail("text", nil, "template", map[string]any{})), 422},
		{"not_found", "no such mail to cancel", emailapi.Config{}, request{method: "POST", path: "/emails/x/cancel"}, 404},
		{"missing_required_field", "an update of nothing", emailapi.Config{}, request{method: "PATCH", path: "/emails/x", body: map[string]any{}}, 422},
		{"invalid_parameter", "an empty batch", emailapi.Config{}, request{method: "POST", path: "/emails/batch", body: []any{}}, 422},
		{"invalid_parameter", "an unknown way to validate", emailapi.Config{}, request{
			method: "POST", path: "/emails/batch", body: []any{mail()}, header: http.Header{"X-Batch-Validation": {"lax"}},
		}, 422},
	} {
		raised[fmt.Sprint(row.status, row.name)] = true
		t.Run(row.name+" for "+row.why, func(t *testing.T) {
			s := start(t, row.config)
			got := call(t, s, row.request)
			require.Equal(t, row.status, got.status, got.body)
			require.Equal(t, row.name, got.err.Name)
			require.Equal(t, row.status, got.err.StatusCode)
			require.NotEmpty(t, got.err.Message)
			require.Contains(t, got.header.Get("Content-Type"), "application/json")
			require.Zero(t, s.Journal().Accepted())
		})
	}
	for _, name := range []string{ // in tests of their own
		"409invalid_idempotent_request", "409concurrent_idempotent_requests",
		"429rate_limit_exceeded", "429daily_quota_exceeded", "429monthly_quota_exceeded",
	} {
		raised[name] = true
	}
	for _, e := range emailapi.Errors() {
		require.Equal(t, !e.ByFault, raised[fmt.Sprint(e.Status, e.Name)], "%d %s", e.Status, e.Name)
	}
}

func withKey(state emailapi.KeyState) emailapi.Config {
	return emailapi.Config{Keys: []emailapi.Key{{Text: "re_1", State: state}}}
}

func TestAKeyIsRevokedAndReplacedInMidRun(t *testing.T) {
	now, c := movable(emailapi.Config{Keys: []emailapi.Key{
		{Text: "re_old", Changes: []emailapi.KeyChange{{At: 10 * time.Second, State: emailapi.Revoked}}},
		{Text: "re_new", State: emailapi.Revoked, Changes: []emailapi.KeyChange{{At: 15 * time.Second, State: emailapi.Valid}}},
	}})
	s := start(t, c)
	for _, row := range []struct {
		at       time.Duration
		old, new int
	}{{0, 200, 401}, {9 * time.Second, 200, 401}, {10 * time.Second, 401, 401}, {15 * time.Second, 401, 200}} {
		now.set(row.at)
		for key, want := range map[string]int{"re_old": row.old, "re_new": row.new} {
			require.Equal(t, want, call(t, s, request{method: "POST", path: "/emails", key: key, body: mail()}).status, "%s at %v", key, row.at)
		}
	}
	s.SetKey("re_old", emailapi.Valid)
	require.Equal(t, 200, call(t, s, request{method: "POST", path: "/emails", key: "re_old", body: mail()}).status)
	s.SetKey("re_old", emailapi.Suspended)
	require.Equal(t, "suspended_api_key", call(t, s, request{method: "POST", path: "/emails", key: "re_old", body: mail()}).err.Name)
}

// clock is one that the test moves.
type clock struct {
	mu    sync.Mutex
	start time.Time
	now   time.Time
}

func movable(c emailapi.Config) (*clock, emailapi.Config) {
	at := time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC)
	k := &clock{start: at, now: at}
	c.Start, c.Now = at, k.read
	return k, c
}

func (c *clock) read() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) set(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.start.Add(d) }

func TestTheRateIsLimitedInEachSecondAndTold(t *testing.T) {
	now, c := movable(emailapi.Config{RatePerSecond: 2})
	s := start(t, c)
	now.set(300 * time.Millisecond)
	for i, want := range []struct {
		status    int
		remaining string
	}{{200, "1"}, {200, "0"}, {429, "0"}} {
		got := call(t, s, sending(mail()))
		require.Equal(t, want.status, got.status, "request %d", i+1)
		require.Equal(t, "2", got.header.Get("ratelimit-limit"))
		require.Equal(t, want.remaining, got.header.Get("ratelimit-remaining"))
		require.Equal(t, "1", got.header.Get("ratelimit-reset"))
		if want.status == 429 {
			require.Equal(t, "rate_limit_exceeded", got.err.Name)
			require.Equal(t, "1", got.header.Get("retry-after"))
		}
	}
	now.set(time.Second)
	require.Equal(t, 200, call(t, s, sending(mail())).status)
	require.Equal(t, 3, s.Journal().Accepted())
}

func TestQuotasAreSpentByMailAndRenewed(t *testing.T) {
	now, c := movable(emailapi.Config{DailyQuota: 3, MonthlyQuota: 5})
	s := start(t, c)
	batch := func(n int) request {
		list := make([]any, n)
		for i := range list {
			list[i] = mail()
		}
		return request{method: "POST", path: "/emails/batch", body: list}
	}
	got := call(t, s, batch(2))
	require.Equal(t, 200, got.status)
	require.Equal(t, "2", got.header.Get("x-resend-daily-quota"))
	got = call(t, s, batch(2))
	require.Equal(t, "daily_quota_exceeded", got.err.Name)
	require.Equal(t, strconv.Itoa(12*3600), got.header.Get("retry-after"), "until midnight")
	require.Equal(t, 200, call(t, s, sending(mail())).status, "what still fits is sent")
	s.Advance(24 * time.Hour) // to the 31st
	got = call(t, s, batch(2))
	require.Equal(t, 200, got.status)
	require.Equal(t, "2", got.header.Get("x-resend-daily-quota"))
	require.Equal(t, "5", got.header.Get("x-resend-monthly-quota"))
	require.Equal(t, "monthly_quota_exceeded", call(t, s, sending(mail())).err.Name)
	now.set(24 * time.Hour) // to the 1st
	require.Equal(t, 200, call(t, s, sending(mail())).status)
	require.Equal(t, 6, s.Journal().Accepted())
}

func TestTheSameKeyIsAnsweredTheSameUntilItExpires(t *testing.T) {
	s := start(t, emailapi.Config{})
	first := call(t, s, keyed("k", mail()))
	require.Equal(t, first.body, call(t, s, keyed("k", mail())).body)
	require.Equal(t, "invalid_idempotent_request", call(t, s, keyed("k", mail("text", "other"))).err.Name)
	batch := keyed("k", []any{mail()})
	batch.path = "/emails/batch"
	require.Equal(t, "invalid_idempotent_request", call(t, s, batch).err.Name, "another endpoint is another payload")
	require.Equal(t, 1, s.Journal().Accepted())
	s.Advance(24*time.Hour - time.Minute)
	require.Equal(t, first.body, call(t, s, keyed("k", mail())).body)
	s.Advance(time.Minute)
	require.NotEqual(t, first.body, call(t, s, keyed("k", mail())).body)
	require.Equal(t, 2, s.Journal().Accepted(), "only now is it sent again")
	require.Len(t, s.Journal().Duplicates(), 1)
}

func TestARefusedRequestLeavesItsKeyFree(t *testing.T) {
	s := start(t, emailapi.Config{})
	require.Equal(t, 422, call(t, s, keyed("k", mail("from", nil))).status)
	require.Equal(t, 200, call(t, s, keyed("k", mail())).status)
}

func TestTheSameKeyWhileTheFirstIsInTheWorksIsAConflict(t *testing.T) {
	s := start(t, emailapi.Config{})
	require.NoError(t, s.Faults().AddText("delay 24h nth=1 id=slow"))
	first := make(chan reply, 1)
	go func() {
		got, _ := try(t, s, keyed("k", mail()))
		first <- got
	}()
	require.Eventually(t, func() bool { return s.Journal().Accepted() == 1 }, 30*time.Second, time.Millisecond)
	got := call(t, s, keyed("k", mail()))
	require.Equal(t, 409, got.status)
	require.Equal(t, "concurrent_idempotent_requests", got.err.Name)
	require.Equal(t, "invalid_idempotent_request", call(t, s, keyed("k", mail("text", "other"))).err.Name)
	_, err := s.Lift(t.Context(), "slow")
	require.NoError(t, err)
	require.Equal(t, (<-first).body, call(t, s, keyed("k", mail())).body)
	require.Equal(t, 1, s.Journal().Accepted())
}

// TestAcceptedAndThenLost is the most valuable fault: the mail goes out and its
// sender can't know. With a key a retry is answered and sends nothing; without
// one it sends a second mail.
func TestAcceptedAndThenLost(t *testing.T) {
	for _, fault := range []string{"1*lost reset -> ok", "1*lost close -> ok", "1*reset headers -> ok", "1*cut length -> ok", "1*status 504 html carried-out -> ok"} {
		t.Run(fault, func(t *testing.T) {
			s := start(t, emailapi.Config{})
			require.NoError(t, s.Faults().AddText(fault))
			attempt := func(r request) reply {
				got, _ := try(t, s, r) // how it fails is calibrated elsewhere
				return got
			}
			attempt(keyed("with", mail("to", "with@example.org")))
			require.Equal(t, []journal.Name{{Group: "send", Key: "with"}}, s.Journal().Untold(journal.Filter{}))
			require.Len(t, attempt(keyed("with", mail("to", "with@example.org"))).ids(t), 1)
			require.Empty(t, s.Journal().Untold(journal.Filter{}))

			attempt(sending(mail("to", "without@example.org")))
			attempt(sending(mail("to", "without@example.org")))
			require.Equal(t, map[string]int{"with@example.org": 1, "without@example.org": 2}, s.Journal().PerRecipient())
			duplicates := s.Journal().Duplicates()
			require.Len(t, duplicates, 1)
			require.Equal(t, "without@example.org", duplicates[0].Recipient)
		})
	}
}

func TestWhatAFaultRefusesIsNotSent(t *testing.T) {
	s := start(t, emailapi.Config{})
	require.NoError(t, s.Faults().AddText("1*status 503 -> reset -> close -> garbage -> ok"))
	for range 4 {
		_, _ = try(t, s, keyed("k", mail())) // each fails in its own way
	}
	require.Zero(t, s.Journal().Accepted())
	require.Equal(t, 200, call(t, s, keyed("k", mail())).status)
	require.Equal(t, 1, s.Journal().Accepted())
}

func TestAnswersToASendThatTellNothing(t *testing.T) {
	for fault, contains := range map[string]string{
		"json missing field=id": "{}", "json malformed": ",,", "json empty": "", "json html": "<html>", "json types": `"id":36`,
	} {
		s := start(t, emailapi.Config{})
		require.NoError(t, s.Faults().AddText(fault))
		got := call(t, s, sending(mail()))
		require.Equal(t, 200, got.status)
		require.Contains(t, got.body, contains, fault)
		require.Equal(t, 1, s.Journal().Accepted(), "it was sent all the same")
	}
}

func TestFaultsPickARecipientOrAKey(t *testing.T) {
	s := start(t, emailapi.Config{})
	require.NoError(t, s.Faults().AddText("status 500 key=bob@example.org", "status 502 html key=re_2"))
	require.Equal(t, 200, call(t, s, sending(mail())).status)
	require.Equal(t, 500, call(t, s, sending(mail("cc", []string{"bob@example.org"}))).status)
	require.Equal(t, 502, call(t, s, request{method: "POST", path: "/emails", key: "re_2", body: mail()}).status)
	batch := request{method: "POST", path: "/emails/batch", body: []any{mail(), mail("to", "bob@example.org")}}
	require.Equal(t, 500, call(t, s, batch).status)
}

func TestWrongIDsAndRepeatedAnswers(t *testing.T) {
	s := start(t, emailapi.Config{})
	first := call(t, s, sending(mail("text", "1")))
	require.NoError(t, s.Faults().AddText("wrong duplicate key=d@example.org", "wrong id key=i@example.org", "wrong stale key=s@example.org id=stale"))
	require.Equal(t, first.body, call(t, s, sending(mail("to", "d@example.org"))).body)
	wrong := call(t, s, sending(mail("to", "i@example.org"))).ids(t)[0]
	require.Equal(t, 404, call(t, s, request{method: "GET", path: "/emails/" + wrong}).status)
	require.Len(t, call(t, s, sending(mail("to", "s@example.org"))).ids(t), 1)
	r, err := s.Faults().Receipt("stale")
	require.NoError(t, err)
	require.EqualValues(t, 1, r.Missed, "an id does not age: the fault says that it did nothing")
}

func TestOnlyTheLatestMailsAreKept(t *testing.T) {
	s := start(t, emailapi.Config{KeepMails: 2})
	var ids []string
	for i := range 3 {
		ids = append(ids, call(t, s, sending(mail("text", strconv.Itoa(i)))).ids(t)...)
	}
	for i, want := range []int{404, 200, 200} {
		require.Equal(t, want, call(t, s, request{method: "GET", path: "/emails/" + ids[i]}).status)
	}
}

func TestAConfigurationThatMakesNoSenseIsRefused(t *testing.T) {
	_, err := emailapi.Start(emailapi.Config{
		RatePerSecond: -1,
		Keys:          []emailapi.Key{{Text: ""}, {Text: "a"}, {Text: "a"}, {Text: "b", Changes: []emailapi.KeyChange{{At: 2}, {At: 1}}}},
	})
	for _, problem := range []string{"limits must not be below 0", "number 1 is empty", "number 3 is empty or there twice", "number 4: its changes"} {
		require.ErrorContains(t, err, problem)
	}
	require.NotContains(t, err.Error(), "re_")
}

func TestTheStatesOfAKeyHaveNames(t *testing.T) {
	for state := emailapi.Valid; state <= emailapi.Revoked; state++ {
		back, err := emailapi.ParseKeyState(state.String())
		require.NoError(t, err)
		require.Equal(t, state, back)
	}
	_, err := emailapi.ParseKeyState("lost")
	require.ErrorContains(t, err, "want one of [valid sending-only")
	require.Equal(t, "unknown", emailapi.KeyState(9).String())
}

// TestNoMailIsLostOrDoubledByConcurrentRetries: 64 clients send the same 50
// mails under faults, each with the mail's key, until each is told.
func TestNoMailIsLostOrDoubledByConcurrentRetries(t *testing.T) {
	s := start(t, emailapi.Config{Config: host.Config{Seed: 3}})
	require.NoError(t, s.Faults().AddText("lost reset p=0.2", "status 503 p=0.2", "delay 2ms p=0.3"))
	var clients sync.WaitGroup
	for client := range 64 {
		clients.Go(func() {
			n := client % 50
			r := keyed(fmt.Sprint("task-", n), mail("to", fmt.Sprintf("p%d@example.org", n)))
			for range 30 {
				if got, err := try(t, s, r); err == nil && got.status == 200 {
					return
				}
			}
		})
	}
	clients.Wait()
	require.Len(t, s.Journal().PerRecipient(), 50)
	require.Equal(t, 50, s.Journal().Accepted())
	require.Empty(t, s.Journal().Duplicates())
	require.Empty(t, s.Journal().Untold(journal.Filter{}))
}
