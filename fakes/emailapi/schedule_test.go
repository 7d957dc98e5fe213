package emailapi_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"holdfast.dev/holdfast/fakes/emailapi"

	"github.com/resend/resend-go/v2"
	"github.com/stretchr/testify/require"
)

// shown is a mail as GET tells it.
func shown(t *testing.T, s *emailapi.Server, id string) (event string, due any) {
	t.Helper()
	var m struct {
		LastEvent   string `json:"last_event"`
		ScheduledAt any    `json:"scheduled_at"`
	}
	require.NoError(t, json.Unmarshal([]byte(call(t, s, request{method: "GET", path: "/emails/" + id}).body), &m))
	return m.LastEvent, m.ScheduledAt
}

// TestAMailIsScheduledInWords has the words of the API's own documentation. The clock
// is that of a Monday noon.
func TestAMailIsScheduledInWords(t *testing.T) {
	_, c := movable(emailapi.Config{})
	s := start(t, c)
	for words, want := range map[string]string{
		"in 1 min":                      "2026-03-30 12:01:00+00",
		"in 1 hour":                     "2026-03-30 13:00:00+00",
		"in an hour":                    "2026-03-30 13:00:00+00",
		"tomorrow at 9am":               "2026-03-31 09:00:00+00",
		"Tomorrow":                      "2026-03-31 12:00:00+00",
		"Friday at 3pm ET":              "2026-04-03 20:00:00+00",
		"monday 15:30":                  "2026-04-06 15:30:00+00",
		"today at 12:30 pm":             "2026-03-30 12:30:00+00",
		"2026-04-02T11:52:01.858Z":      "2026-04-02 11:52:01.858+00",
		"2026-04-02 11:52:01.858381+00": "2026-04-02 11:52:01.858381+00",
	} {
		got := call(t, s, sending(mail("scheduled_at", words)))
		require.Equal(t, 200, got.status, "%s: %s", words, got.body)
		event, due := shown(t, s, got.ids(t)[0])
		require.Equal(t, "scheduled", event, words)
		require.Equal(t, want, due, words)
	}
	for _, words := range []string{"soon", "in", "in many days", "at 9am", "friday at 25", "tomorrow at 13pm", "next year", "ET", "2026-02-30T10:00:00Z"} {
		got := call(t, s, sending(mail("scheduled_at", words)))
		require.Equal(t, 422, got.status, words)
		require.Contains(t, got.err.Message, "scheduled_at")
	}
}

func TestTheOfficialClientPutsOffAndCancels(t *testing.T) {
	now, c := movable(emailapi.Config{})
	s := start(t, c)
	client := official(t, s, "re_1")
	sent, err := client.Emails.Send(&resend.SendEmailRequest{
		From: "team@example.org", To: []string{"ann@example.org"}, Subject: "Hello", Text: "1", ScheduledAt: "in 1 hour",
	})
	require.NoError(t, err)
	updated, err := client.Emails.Update(&resend.UpdateEmailRequest{Id: sent.Id, ScheduledAt: "in 2 hours"})
	require.NoError(t, err)
	require.Equal(t, sent.Id, updated.Id)
	require.Equal(t, "email", updated.Object)
	now.set(time.Hour)
	canceled, err := client.Emails.Cancel(sent.Id)
	require.NoError(t, err)
	require.Equal(t, sent.Id, canceled.Id)
	event, _ := shown(t, s, sent.Id)
	require.Equal(t, "canceled", event)
	_, err = client.Emails.Cancel(sent.Id)
	require.ErrorContains(t, err, "still scheduled")

	again, err := client.Emails.Send(&resend.SendEmailRequest{
		From: "team@example.org", To: []string{"ann@example.org"}, Subject: "Hello", Text: "2", ScheduledAt: "in 1 min",
	})
	require.NoError(t, err)
	now.set(2 * time.Hour)
	event, _ = shown(t, s, again.Id)
	require.Equal(t, "delivered", event, "its time has come")
	_, err = client.Emails.Update(&resend.UpdateEmailRequest{Id: again.Id, ScheduledAt: "in 1 min"})
	require.ErrorContains(t, err, "still scheduled")
}

func TestATemplateNeedsNoText(t *testing.T) {
	s := start(t, emailapi.Config{})
	with := func(name string) request {
		return sending(mail("text", nil, "subject", nil, "template", map[string]any{"id": "welcome", "variables": map[string]any{"NAME": name}}))
	}
	for _, name := range []string{"Ann", "Eve", "Ann"} {
		require.Equal(t, 200, call(t, s, with(name)).status)
	}
	duplicates := s.Journal().Duplicates()
	require.Len(t, duplicates, 1, "the same variables say the same, others do not")
}

func TestTheOrderOfFieldsIsNoOtherPayload(t *testing.T) {
	s := start(t, emailapi.Config{})
	first := call(t, s, keyed("k", `{"from":"team@example.org","to":"ann@example.org","subject":"Hello","text":"1"}`))
	again := call(t, s, keyed("k", "{ \"text\": \"1\",\n\"subject\": \"Hell\\u006f\", \"to\":\"ann@example.org\", \"from\":\"team@example.org\"}"))
	require.Equal(t, first.body, again.body)
	require.Equal(t, 200, again.status)
	other := call(t, s, keyed("k", `{"from":"team@example.org","to":"ann@example.org","subject":"Hello","text":"2"}`))
	require.Equal(t, 409, other.status)
	require.Equal(t, 1, s.Journal().Accepted())
}

func TestADomainHasNoCase(t *testing.T) {
	s := start(t, emailapi.Config{Domains: []string{"Example.org"}})
	require.Equal(t, 200, call(t, s, sending(mail("from", "Team <team@eXample.ORG>"))).status)
	got := call(t, s, sending(mail("from", "team@example.com")))
	require.Equal(t, 403, got.status)
	require.Contains(t, got.err.Message, "example.com domain is not verified")
}

func TestAttachmentsMayBeLarge(t *testing.T) {
	s := start(t, emailapi.Config{})
	large := mail("attachments", []any{map[string]any{"filename": "a", "content": strings.Repeat("A", 40<<20)}})
	require.Equal(t, 200, call(t, s, sending(large)).status)
	over := mail("attachments", []any{map[string]any{"filename": "a", "content": strings.Repeat("A", 45<<20)}})
	require.Equal(t, 413, call(t, s, sending(over)).status)
}

// TestARefusedKeyIsToldAsTheAPITellsIt has what public clients assert and what others
// have seen of the API itself.
func TestARefusedKeyIsToldAsTheAPITellsIt(t *testing.T) {
	s := start(t, withKey(emailapi.Revoked))
	require.Equal(t, apiError{401, "validation_error", "API key is invalid"}, call(t, s, sending(mail())).err)
	require.Equal(t, apiError{400, "validation_error", "API key is invalid"}, call(t, s, request{method: "GET", path: "/emails/x"}).err)
}
