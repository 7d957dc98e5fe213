package adapter_test

import (
	"net/smtp"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/smtpserver"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/verdict"
)

// mailed is a mail server that was sent two orders: each twice, of which the one was
// taken on twice and the other refused first.
func mailed(t *testing.T) (harness.Dependency, *adapter.MailServer) {
	t.Helper()
	d := adapter.SMTP("api", smtpserver.Config{})
	m := open(t, d).(*adapter.MailServer)
	require.Equal(t, m.Values()["host"]+":"+m.Values()["port"], m.Values()["address"])
	send := func(to, subject string) error {
		return smtp.SendMail(m.Values()["address"], nil, "shop@example.com", []string{to}, []byte("Subject: "+subject+"\r\nX-Order: "+subject+"\r\n\r\nx\r\n"))
	}
	applied, err := m.Apply(t.Context(), adapter.Misbehave("lost", "api", "lost reset key=ann@example.com").What())
	require.NoError(t, err)
	require.Error(t, send("ann@example.com", "o-1"), "taken on, and never heard of")
	require.NoError(t, applied.Undo(t.Context()))
	require.NoError(t, applied.Undo(t.Context()))
	require.EqualValues(t, 1, applied.Receipt().Fired)
	require.NoError(t, send("ann@example.com", "o-1"))
	refused, err := m.Part("rcpt").Apply(t.Context(), adapter.Misbehave("no", "api.rcpt", "status 550").What())
	require.NoError(t, err)
	require.Error(t, send("bob@example.com", "o-2"))
	require.NoError(t, refused.Undo(t.Context()))
	require.NoError(t, send("bob@example.com", "o-2"))
	require.NoError(t, m.Close())
	return d, m
}

func TestMailIsCountedWhereItArrives(t *testing.T) {
	d, m := mailed(t)
	for name, want := range map[string]verdict.Reading{
		"api.calls": {Value: 4, Samples: 4}, "api.abandoned": {Value: 0, Samples: 4},
		"api.accepted": {Value: 3, Samples: 3}, "api.duplicates": {Value: 1, Samples: 3}, "api.attempts.max": {Value: 2, Samples: 3}, "api.retries": {Value: 1, Samples: 3},
	} {
		require.Equal(t, want, measured(t, d, m, name), name)
	}
	require.EqualValues(t, 1, measured(t, d, m, "api.gap.min").Samples)
	require.Zero(t, d.Gauges[0].Read(m))
}

func TestMailIsReadForALedger(t *testing.T) {
	d, m := mailed(t)
	state := harness.State{Start: m.Journal().Start(), Fakes: map[string]harness.Fake{"api": m}}
	all, left, err := adapter.Arrivals(state, "api", "{header.X-Order} to {to}")
	require.NoError(t, err)
	require.Zero(t, left)
	var keys []string
	for i, a := range all {
		keys = append(keys, a.Key)
		require.True(t, a.Accepted)
		require.Equal(t, i > 0, a.Answered)
	}
	require.Equal(t, []string{"o-1 to ann@example.com", "o-1 to ann@example.com", "o-2 to bob@example.com"}, keys)
	_, _, err = adapter.Arrivals(state, "api", "{subjct}")
	require.ErrorContains(t, err, "did you mean subject?")

	require.Equal(t, []string{"api"}, d.Receives)
	received := m.Received("api", m.Journal().Start())
	require.Len(t, received, 3, "what was taken on, heard of or not")
	require.Equal(t, received[0].Key, received[1].Key)
}
