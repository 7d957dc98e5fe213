package emailapi_test

import (
	"net/http"
	"testing"

	"github.com/resend/resend-go/v2"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fault"
)

// Every call is kept as it came, also one that a fault refused before anything was
// done; equal bodies are known again.
func TestCallsAreKeptAsTheyCame(t *testing.T) {
	s := start(t, emailapi.Config{})
	down, err := fault.Parse("status 503 key=ann@example.org")
	require.NoError(t, err)
	require.NoError(t, s.Faults().Add(down))
	c := official(t, s, "re_1")
	mail := &resend.SendEmailRequest{From: "team@example.org", To: []string{"ann@example.org"}, Bcc: []string{"eve@example.org"}, Subject: "Hello", Text: "1"}
	for range 2 {
		_, err := c.Emails.SendWithOptions(t.Context(), mail, &resend.SendEmailOptions{IdempotencyKey: "k"})
		require.Error(t, err)
	}
	_, err = c.Batch.Send([]*resend.SendEmailRequest{{From: "team@example.org", To: []string{"bob@example.org"}, Subject: "Other", Html: "2", ReplyTo: "x@example.org"}})
	require.NoError(t, err)
	calls, left := s.Calls()
	require.Zero(t, left)
	require.Len(t, calls, 3)
	require.Equal(t, calls[0].Payload, calls[1].Payload)
	require.NotEqual(t, calls[0].Payload, calls[2].Payload)
	require.Equal(t, emailapi.Call{
		Entry: 1, Route: "send", Bearer: "re_1", IdempotencyKey: "k", Payload: calls[0].Payload,
		Mails: []emailapi.Mail{{From: "team@example.org", To: []string{"ann@example.org"}, Others: []string{"eve@example.org"}, Subject: "Hello", Text: "1"}},
	}, calls[1])
	require.Equal(t, "batch", calls[2].Route)
	require.True(t, calls[2].Mails[0].Extraordinary)
}

func TestCallsAreBounded(t *testing.T) {
	s := start(t, emailapi.Config{KeepCallBytes: 1000})
	c := official(t, s, "re_1")
	for range 9 {
		_, err := c.Emails.Send(&resend.SendEmailRequest{From: "team@example.org", To: []string{"ann@example.org"}, Subject: "Hello", Text: "1"})
		require.NoError(t, err)
	}
	calls, left := s.Calls()
	require.Len(t, calls, 3)
	require.Equal(t, 6, left)
}

// An error that a fault asks for has the class of the catalogue, or none.
func TestErrorsAreFoundByStatusAndName(t *testing.T) {
	require.Equal(t, emailapi.Permanent, emailapi.ErrorOf(http.StatusForbidden, "").Class)
	require.Equal(t, "application_error", emailapi.ErrorOf(http.StatusBadGateway, "").Name)
	require.Empty(t, emailapi.ErrorOf(http.StatusBadGateway, "").Class)
}
