package worker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fleet"
	"holdfast.dev/holdfast/harness/load"
)

func TestAWorkerSendsWhereItMay(t *testing.T) {
	for _, row := range []struct {
		allow, hosts []string
		says         string
	}{
		{[]string{"127.0.0.1"}, []string{"127.0.0.1:8080", "127.0.0.1:9"}, ""},
		{[]string{"api.example.com:443", "::1"}, []string{"api.example.com:443", "[::1]:80"}, ""},
		{[]string{"api.example.com:443"}, []string{"api.example.com:80"}, "it may not send load to api.example.com:80: start it with --allow-host api.example.com"},
		{[]string{"example.com"}, []string{"api.example.com:443"}, "--allow-host api.example.com"},
		{[]string{"api.example.com"}, []string{"[::1]:80"}, "--allow-host ::1"},
		{[]string{"::1"}, []string{"::1:80"}, "whom it cannot read"},
		{nil, []string{"127.0.0.1:1"}, "--allow-host 127.0.0.1"},
	} {
		err := allowed(row.allow, row.hosts)
		if row.says == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, row.says)
		}
	}
}

// A load begins though the order to start was lost.
func TestALoadBeginsWithAConfirmation(t *testing.T) {
	s := newSending(&job{ctx: t.Context()}, fleet.Prepare{}, load.Config{}, nil)
	s.hear(fleet.Confirmation{Known: true})
	select {
	case <-s.begun:
		t.Fatal("nobody has said when it begins")
	default:
	}
	s.hear(fleet.Confirmation{Known: true, Started: true, At: time.Minute})
	<-s.begun
	require.Equal(t, time.Minute, s.at)
}

func TestPausesOfTheCollectorAreThoseSinceTheLoadBegan(t *testing.T) {
	c := newCollector()
	require.NotEmpty(t, c.before)
	require.GreaterOrEqual(t, c.longest().Seconds(), 0.0)
	require.Zero(t, collector{}.longest(), "of what nobody has measured before")
}
