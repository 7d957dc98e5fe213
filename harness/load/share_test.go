package load_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/load"
)

// Each request of a schedule belongs to one lane, also where lanes are taken over.
func TestLanesTogetherAreTheWholeSchedule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := load.Stream{Profile: drawProfile(t), StartAt: time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "start"))}
		lanes := rapid.IntRange(1, 7).Draw(t, "lanes")
		end := s.StartAt + s.Profile.Duration()
		over := time.Duration(rapid.Int64Range(0, int64(end)).Draw(t, "taken over"))
		var sum int64
		for lane := range lanes {
			whole := load.Share{Lane: lane, Lanes: lanes}
			rest := load.Share{Lane: lane, Lanes: lanes, From: over}
			require.Equal(t, whole.Planned(s, end), whole.Planned(s, over)+rest.Planned(s, end), "who takes over begins where the other has ended")
			sum += whole.Planned(s, end)
		}
		require.Equal(t, load.Planned(s.Profile), sum)
	})
}

// seen is what arrived at a target, by the name that each request carries.
type seen struct {
	mu  sync.Mutex
	all map[string][]string
}

func (s *seen) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.Header.Get(load.HeaderRequest)
	s.all[id] = append(s.all[id], r.Method+" "+r.URL.String()+" "+string(body))
}

// play sends streams in so many lanes at once, and returns what arrived.
func playLanes(t *testing.T, lanes int, streams ...load.Stream) (map[string][]string, []load.Tally) {
	target := &seen{all: map[string][]string{}}
	server := httptest.NewServer(target)
	defer server.Close()
	config := load.Config{BaseURL: server.URL, Start: time.Now().Add(50 * time.Millisecond), Seed: 7}
	all, err := load.NewCollector(config, streams...)
	require.NoError(t, err)
	config.Deltas = true
	attacks := make([]*load.Attack, lanes)
	for i := range attacks {
		config.Share = load.Share{Lane: i, Lanes: lanes}
		attacks[i], err = load.Start(context.Background(), config, streams...)
		require.NoError(t, err)
	}
	tell := func() {
		for lane, a := range attacks {
			for _, d := range a.Take() {
				require.NoError(t, all.Add(lane, d))
			}
		}
	}
	tell()
	for _, a := range attacks {
		a.Wait()
	}
	tell()
	return target.all, all.Tallies(nil)
}

func TestLanesSendWhatOneGeneratorSends(t *testing.T) {
	words := map[string]load.Var{"word": {Words: []string{"a", "b", "c"}}, "id": {Unique: load.UniqueUUID}}
	streams := []load.Stream{
		{Name: "asked", Profile: load.Constant(150, 300*ms), Template: &load.Template{Path: "/{word}", Body: "{id}", Vars: words}, MaxLag: 10 * time.Second},
		{Name: "walked", Profile: load.Ramp(10, 100, 300*ms), Vars: words, MaxLag: 10 * time.Second, Steps: []load.Step{
			{Name: "in", Template: load.Template{Path: "/in/{id}"}}, {Name: "out", Template: load.Template{Path: "/out/{word}/{id}"}},
		}},
	}
	one, alone := playLanes(t, 1, streams...)
	three, together := playLanes(t, 3, streams...)
	require.Equal(t, one, three)
	for id, times := range three {
		require.Len(t, times, 1, id)
	}
	var sent int64
	for i, tally := range together {
		require.Equal(t, alone[i].Planned, tally.Planned)
		require.Equal(t, tally.Planned, tally.Sent, "%+v", tally.Counts)
		require.Equal(t, tally.Sent, tally.OK)
		require.Equal(t, tally.Sent, tally.Latency.N)
		if tally.Name != "walked" { // of it the steps arrive
			sent += tally.Sent
		}
	}
	require.Len(t, three, int(sent), "what is counted here is what arrived")
}

func TestAFenceThatHasShutStaysShut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := load.NewFence(time.Second)
		asked := time.Now()
		time.Sleep(900 * ms)
		require.True(t, f.Confirm(asked, time.Second), "it counts from the question")
		time.Sleep(99 * ms)
		require.True(t, f.Open())
		asked = time.Now()
		time.Sleep(2 * ms)
		require.False(t, f.Open())
		require.False(t, f.Confirm(asked, time.Second), "an answer that comes too late")
		require.False(t, f.Confirm(time.Now(), time.Hour))
		require.False(t, f.Open())

		frozen := load.NewFence(time.Second)
		time.Sleep(3 * time.Second)
		require.False(t, frozen.Confirm(time.Now(), time.Hour), "nobody looked meanwhile, and it is shut all the same")
		require.False(t, frozen.Open())

		var none *load.Fence
		require.True(t, none.Open())
	})
}

// What is not sent for a fence belongs to somebody else, and is not counted.
func TestNothingIsSentBehindAFence(t *testing.T) {
	target := &seen{all: map[string][]string{}}
	server := httptest.NewServer(target)
	defer server.Close()
	fence := load.NewFence(time.Hour)
	var behind sync.Map // requests that were built when the fence had shut
	s := load.Stream{Name: "x", Profile: load.Constant(50, time.Minute), MaxLag: time.Minute, Next: func(n int64, _ *rand.Rand) load.Request {
		if n == 5 {
			fence.Shut()
		}
		if !fence.Open() {
			behind.Store(fmt.Sprintf("x/%d", n), true)
		}
		return load.Request{Path: "/"}
	}}
	a, err := load.Start(context.Background(), load.Config{BaseURL: server.URL, Fence: fence, Deltas: true}, s)
	require.NoError(t, err)
	a.Wait()
	d := a.Take()[0]
	for id := range target.all {
		_, late := behind.Load(id)
		require.False(t, late, id)
	}
	require.Less(t, d.Accounted(), load.Planned(s.Profile)/2, "those that were handed on, and no others")
	require.GreaterOrEqual(t, d.Accounted(), int64(len(target.all)))
}

func TestAShareThatIsNoneIsRefused(t *testing.T) {
	for _, share := range []load.Share{{Lane: 3, Lanes: 3}, {Lane: -1, Lanes: 3}, {Lanes: -1}, {Lane: 1}, {From: -1}} {
		require.Error(t, load.Config{BaseURL: "http://127.0.0.1", Share: share}.Validate(), "%+v", share)
	}
}
