package telemetry

import (
	"context"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
)

// Who came again and again gets the last figures: as long as the next time is not overdue.
func TestTheNextScrapeIsWaitedFor(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	for name, row := range map[string]struct {
		scrapes []time.Duration // before the end
		wait    time.Duration
	}{
		"nobody came":                       {nil, 0},
		"somebody came once":                {[]time.Duration{4 * time.Second}, 0},
		"every 4 s, and 1 s ago":            {[]time.Duration{5 * time.Second, time.Second}, 5 * time.Second},
		"every 50 ms, who may be held up":   {[]time.Duration{60 * time.Millisecond, 10 * time.Millisecond}, 1990 * time.Millisecond},
		"every minute is too long":          {[]time.Duration{70 * time.Second, 10 * time.Second}, 15 * time.Second},
		"every 4 s, and not come since 9 s": {[]time.Duration{13 * time.Second, 9 * time.Second}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Server{again: make(chan struct{})}
			for _, before := range row.scrapes {
				s.scrape(at.Add(-before), at.Add(-before))
			}
			wait, _ := s.due(at)
			require.Equal(t, row.wait, max(wait, 0))
		})
	}
}

func TestTheLastScrapeEndsTheWait(t *testing.T) {
	s, err := Listen("127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x 1\n") }))
	require.NoError(t, err)
	comesOften(s)
	ended := make(chan error, 1)
	go func() { ended <- s.Finish(context.Background()) }()
	for late := time.After(longestWait / 2); ; {
		select {
		case err := <-ended:
			require.NoError(t, err)
			return
		case <-late:
			t.Fatal("it waits although the last scrape was there")
		default: // the first may come before the end does
		}
		if answer, err := http.Get(s.URL()); err == nil {
			_ = answer.Body.Close()
			http.DefaultClient.CloseIdleConnections()
		}
	}
}

// comesOften has somebody come every 10 s, who has just been there.
func comesOften(s *Server) {
	now := time.Now()
	before := now.Add(-10 * time.Second)
	s.scrape(before, before)
	s.scrape(now, now)
}

// What was gathered before the end is not the last: the scrape after it is waited for.
func TestAScrapeThatIsUnderWayIsNotTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{again: make(chan struct{})}
		comesOften(s)
		time.Sleep(9 * time.Second)
		underWay := time.Now()
		time.Sleep(time.Second)
		ended := make(chan struct{})
		go func() { defer close(ended); s.awaitScrape(t.Context()) }()
		time.Sleep(time.Second)
		s.scrape(underWay, time.Now())
		time.Sleep(10 * time.Second) // it would have been overdue for 5 s, but for that one
		select {
		case <-ended:
			t.Fatal("nobody has the last figures")
		default:
		}
		s.scrape(time.Now(), time.Now())
		synctest.Wait()
		<-ended
		require.Less(t, time.Since(underWay), longestWait)
	})
}

// A run that was interrupted waits for nobody.
func TestNobodyIsWaitedForWhenTheRunWasInterrupted(t *testing.T) {
	s, err := Listen("127.0.0.1:0", http.NotFoundHandler())
	require.NoError(t, err)
	comesOften(s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	begun := time.Now()
	require.NoError(t, s.Finish(ctx))
	require.Less(t, time.Since(begun), longestWait/2)
}

// What one request costs the load generator where its latency is told.
func BenchmarkTook(b *testing.B) {
	l := NewLatencies()
	f := New(Run{}, l)
	for b.Loop() {
		f.Exchange("shop/slow", time.Time{}, load.Exchange{Stream: "pay", End: time.Millisecond})
	}
}
