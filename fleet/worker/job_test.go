package worker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fleet"
	"holdfast.dev/holdfast/harness/load"
)

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
