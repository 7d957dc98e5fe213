package journal_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/journal/journaltest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func send(key string) journal.Arrival { return journal.Arrival{Group: "send", Key: key} }

const sec = time.Second

func TestAnEntryTellsAllThatWasNoted(t *testing.T) {
	b := journaltest.New(journal.Config{})
	b.Hit(100*time.Hour, journal.Arrival{Group: "send", Key: "a", Attempt: 3, Conn: 7, Reused: true}, 1500*time.Microsecond, journal.Cut, 200, "reset body", "delay 1s")
	b.At(101 * time.Hour).Begin(send("b"))
	require.Equal(t, []journal.Entry{
		{
			N: 0, Group: "send", Key: "a", Attempt: 3, Stamped: true, Start: 100 * time.Hour, Took: 1500 * time.Microsecond,
			Outcome: journal.Cut, Status: 200, Faults: []string{"reset body", "delay 1s"}, Conn: 7, Reused: true,
		},
		{N: 1, Group: "send", Key: "b", Attempt: 1, Start: 101 * time.Hour, Outcome: journal.Open},
	}, slices.Collect(b.Entries(journal.Filter{})))
}

func TestAnAttemptThatIsNotStampedIsTheHitsOfItsKey(t *testing.T) {
	b := journaltest.New(journal.Config{})
	require.Equal(t, 1, b.Begin(send("a")).Attempt)
	require.Equal(t, 1, b.Begin(send("b")).Attempt)
	require.Equal(t, 2, b.Begin(send("a")).Attempt)
	require.Equal(t, 1, b.Begin(journal.Arrival{Group: "batch", Key: "a"}).Attempt, "the same key of another group is another request")
	stamped := b.Begin(journal.Arrival{Group: "send", Key: "a", Attempt: 9})
	require.Equal(t, 9, stamped.Attempt)
	require.Equal(t, 3, stamped.Hit)
}

func TestGapsCountFromStartAndFromEnd(t *testing.T) {
	b := journaltest.New(journal.Config{})
	b.Hit(0, send("a"), 1*sec, journal.Answered, 503)
	b.Hit(2*sec, send("b"), 0, journal.Answered, 200)
	b.Hit(3*sec, send("a"), 1*sec, journal.Answered, 503)
	b.Hit(8*sec, send("a"), 1*sec, journal.Answered, 200)
	name := journal.Name{Group: "send", Key: "a"}
	require.Equal(t, []journal.Gap{
		{Name: name, Attempt: 2, FromStart: 3 * sec, FromEnd: 2 * sec},
		{Name: name, Attempt: 3, FromStart: 5 * sec, FromEnd: 4 * sec},
	}, b.Gaps(journal.Filter{}))
	require.Equal(t, map[journal.Name]int{name: 3, {Group: "send", Key: "b"}: 1}, b.Attempts(journal.Filter{}))
	require.Equal(t, map[int]int{503: 2, 200: 2}, b.Statuses(journal.Filter{}))
}

func TestASilentRetryIsTheSameStampTwice(t *testing.T) {
	b := journaltest.New(journal.Config{})
	for i, a := range []journal.Arrival{
		{Group: "g", Key: "a", Attempt: 1, Conn: 1}, {Group: "g", Key: "a", Attempt: 1, Conn: 2}, // tried twice by the library
		{Group: "g", Key: "a", Attempt: 2, Conn: 2}, {Group: "g", Key: "b", Attempt: 1, Conn: 2},
		{Group: "g", Key: "c", Conn: 2}, {Group: "g", Key: "c", Conn: 2}, // not stamped: nobody can tell
	} {
		b.Hit(time.Duration(i)*sec, a, 0, journal.Answered, 200)
	}
	got := b.SilentRetries(journal.Filter{})
	require.Len(t, got, 1)
	require.Equal(t, 1, got[0].N)
	require.Equal(t, map[uint32]int{1: 1, 2: 5}, b.PerConnection(journal.Filter{}))
}

func TestMostInFlight(t *testing.T) {
	for _, row := range []struct {
		name  string
		spans [][2]int // seconds; an end of -1 is open
		want  int
	}{
		{"nothing", nil, 0},
		{"one after another", [][2]int{{0, 1}, {1, 2}, {2, 3}}, 1},
		{"two that overlap", [][2]int{{0, 2}, {1, 3}, {3, 4}}, 2},
		{"one that never ends", [][2]int{{0, -1}, {1, 2}, {2, 3}}, 2},
		{"all at once", [][2]int{{0, 9}, {0, 9}, {0, 9}}, 3},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := journaltest.New(journal.Config{})
			for i, s := range row.spans {
				ticket := b.At(time.Duration(s[0]) * sec).Begin(send(fmt.Sprint(i)))
				if s[1] >= 0 {
					b.At(time.Duration(s[1])*sec).End(ticket, journal.Answered, 200, 0)
				}
			}
			require.Equal(t, row.want, b.MostInFlight(journal.Filter{}))
		})
	}
}

func TestOpenAtAMomentAndForHowLong(t *testing.T) {
	b := journaltest.New(journal.Config{})
	b.Hit(0, send("a"), 5*sec, journal.Abandoned, 0)
	b.Hit(1*sec, send("b"), 1*sec, journal.Answered, 200)
	b.At(3 * sec).Begin(send("c"))
	b.At(10 * sec)
	require.Equal(t, 2, b.OpenAt(1500*time.Millisecond, journal.Filter{}))
	require.Equal(t, 1, b.OpenAt(2500*time.Millisecond, journal.Filter{}))
	require.Equal(t, 1, b.OpenAt(9*sec, journal.Filter{}))
	require.Equal(t, 2, b.OpenLongerThan(4*sec, journal.Filter{}))
	require.Equal(t, 1, b.OpenLongerThan(6*sec, journal.Filter{}), "the open one has been for seven")
	require.Equal(t, 0, b.OpenLongerThan(7*sec, journal.Filter{}))
}

func TestGaugesFollowWithoutASearch(t *testing.T) {
	b := journaltest.New(journal.Config{})
	first, second := b.Begin(send("a")), b.Begin(send("b"))
	b.Begin(journal.Arrival{Group: "get", Key: "x"})
	b.End(first, journal.Answered, 200, 0)
	b.End(first, journal.Answered, 200, 0) // twice does no harm
	require.Equal(t, journal.Level{Total: 2, InFlight: 1, MostInFlight: 2}, b.Gauge("send"))
	require.Equal(t, journal.Level{Total: 3, InFlight: 2, MostInFlight: 3}, b.Gauge(""))
	require.Equal(t, journal.Level{}, b.Gauge("nothing"))
	require.Equal(t, []string{"get", "send"}, b.Groups())
	b.Reset()
	b.End(second, journal.Answered, 200, 0) // began before the reset
	b.Accept(second, "r", 1)
	require.Equal(t, journal.Level{}, b.Gauge(""))
	require.Zero(t, b.Accepted())
}

func TestWhatWasAcceptedIsKeptApartFromWhatWasAnswered(t *testing.T) {
	b := journaltest.New(journal.Config{})
	accept := func(key, recipient string, content uint64, outcome journal.Ending, status int) {
		ticket := b.Begin(send(key))
		b.Accept(ticket, recipient, content)
		b.End(ticket, outcome, status, 0)
	}
	accept("told", "ann", 1, journal.Answered, 200)
	accept("lost", "bob", 1, journal.Cut, 200)
	accept("lost-again", "bob", 1, journal.Answered, 200) // another key, the same content
	accept("other", "bob", 2, journal.Answered, 200)
	accept("gateway", "eve", 1, journal.Answered, 504)
	require.Equal(t, 5, b.Accepted())
	require.Equal(t, map[string]int{"ann": 1, "bob": 3, "eve": 1}, b.PerRecipient())
	require.Equal(t, []journal.Duplicate{{Recipient: "bob", Content: 1, Count: 2, Keys: []string{"lost", "lost-again"}}}, b.Duplicates())
	require.Equal(t, []journal.Name{{Group: "send", Key: "lost"}, {Group: "send", Key: "gateway"}}, b.Untold(journal.Filter{}))
	b.Hit(sec, send("lost"), 0, journal.Answered, 200) // a replay by the same key
	require.Equal(t, []journal.Name{{Group: "send", Key: "gateway"}}, b.Untold(journal.Filter{}))
}

func TestAFilterPicksByGroupKeyTimeAndMore(t *testing.T) {
	b := journaltest.New(journal.Config{})
	for i := range 10 {
		b.Hit(time.Duration(i)*sec, send(fmt.Sprint("k", i%2)), 0, journal.Answered, 200+i)
	}
	require.Equal(t, 10, b.Count(journal.Filter{}))
	require.Equal(t, 0, b.Count(journal.Filter{Group: "get"}))
	require.Equal(t, 5, b.Count(journal.Filter{Key: "k1"}))
	require.Equal(t, 3, b.Count(journal.Filter{From: 2 * sec, To: 5 * sec}))
	require.Equal(t, 2, b.Count(journal.Filter{Where: func(e journal.Entry) bool { return e.Status > 207 }}))
}

func TestTheExportHasEverythingOnALineOfItsOwn(t *testing.T) {
	b := journaltest.New(journal.Config{})
	ticket := b.At(sec).Begin(journal.Arrival{
		Group: "send", Key: "a", Method: "POST", Path: "/emails", Body: []byte(`{"to":"ann"}`),
		Header: http.Header{"Authorization": {"Bearer re_secret"}, "X-Attempt": {"1"}},
	})
	b.Accept(ticket, "ann", 255)
	b.At(2*sec).End(ticket, journal.Cut, 200, b.FaultSet([]string{"reset body"}))
	b.Begin(send("b"))
	var out bytes.Buffer
	require.NoError(t, b.Export(&out, journal.Filter{}))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 5)
	require.JSONEq(t, `{"kind":"request","n":0,"group":"send","key":"a","attempt":1,"at_us":1000000,"took_us":1000000,
		"outcome":"cut","status":200,"faults":["reset body"],"accepted":true}`, lines[0])
	require.JSONEq(t, `{"kind":"request","n":1,"group":"send","key":"b","attempt":1,"at_us":2000000,"outcome":"open"}`, lines[1])
	require.JSONEq(t, `{"kind":"accepted","n":0,"at_us":1000000,"recipient":"ann","content":"00000000000000ff"}`, lines[2])
	require.JSONEq(t, `{"kind":"sample","n":0,"at_us":1000000,"sample":{"n":0,"method":"POST","path":"/emails",
		"header":{"Authorization":["(left out)"],"X-Attempt":["1"]},"body":"{\"to\":\"ann\"}","bytes":12}}`, lines[3])
	require.NotContains(t, out.String(), "re_secret")
	require.Error(t, b.Export(brokenPipe{}, journal.Filter{}))
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, fmt.Errorf("broken pipe") }

func TestSamplesAreTheFirstAndSomeOfTheLatest(t *testing.T) {
	b := journaltest.New(journal.Config{Samples: 6, SampleBytes: 4})
	for i := range 10_001 {
		b.Begin(journal.Arrival{Group: "g", Key: "k", Body: []byte("123456"), Path: fmt.Sprint(i)})
	}
	var kept []int
	for _, s := range b.Samples() {
		require.Equal(t, fmt.Sprint(s.N), s.Path)
		require.Equal(t, "1234", s.Body)
		require.Equal(t, 6, s.Bytes)
		kept = append(kept, s.N)
	}
	require.Equal(t, []int{0, 1, 2, 8000, 9000, 10000}, kept)
}

// TestTheJournalAgreesWithAMap drives journal and a naive record of the same
// side by side.
func TestTheJournalAgreesWithAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := journaltest.New(journal.Config{})
		naive := map[journal.Name]int{}
		names := rapid.SliceOfN(rapid.StringMatching(`[a-c/]{0,3}|x{250,255}`), 1, 40).Draw(t, "keys")
		for range rapid.IntRange(0, 6000).Draw(t, "requests") / len(names) {
			for i, key := range names {
				group := fmt.Sprint("g", i%3)
				b.Begin(journal.Arrival{Group: group, Key: key})
				naive[journal.Name{Group: group, Key: key}]++
			}
		}
		require.Equal(t, naive, b.Attempts(journal.Filter{}))
	})
}

func TestItMayBeAskedWhileItIsWritten(t *testing.T) {
	b := journaltest.New(journal.Config{})
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := range 3000 {
				ticket := b.Begin(send(fmt.Sprint(w, "-", i%500)))
				b.Accept(ticket, fmt.Sprint("r", i%100), uint64(w))
				b.End(ticket, journal.Answered, 200, b.FaultSet([]string{fmt.Sprint("f", i%5)}))
			}
		})
	}
	for range 20 {
		last := -1
		for e := range b.Entries(journal.Filter{}) {
			require.Equal(t, last+1, e.N)
			last = e.N
		}
		b.Duplicates()
		b.Gaps(journal.Filter{})
	}
	writers.Wait()
	require.Equal(t, 12_000, b.Count(journal.Filter{}))
	require.Equal(t, 12_000, b.Accepted())
	line, err := json.Marshal(b.Gauge(""))
	require.NoError(t, err)
	require.JSONEq(t, `{"Total":12000,"InFlight":0,"MostInFlight":`+fmt.Sprint(b.Gauge("").MostInFlight)+`}`, string(line))
}
