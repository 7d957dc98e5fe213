package journal_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"holdfast.dev/holdfast/fakes/journal"

	"github.com/stretchr/testify/require"
)

// cpuTime is how long this process has computed, in nanoseconds.
func cpuTime() int64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// heap is how many bytes are alive.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestAMillionRequestsStayUnder64MiB for the two ways in which a run may have
// so many: every call different, and four attempts at each of many mails.
func TestAMillionRequestsStayUnder64MiB(t *testing.T) {
	if raced {
		t.Skip("it is about memory, and takes minutes under the race detector; the normal tests run it")
	}
	const requests = 1_000_000
	for _, row := range []struct {
		name    string
		arrival func(n int) journal.Arrival
		accept  int // every so many requests, one is accepted
	}{
		{"100 oracles are asked about 10,000 projects each", func(n int) journal.Arrival {
			return journal.Arrival{Group: "oracle-" + strconv.Itoa(n%100), Key: strconv.Itoa(n / 100)}
		}, requests + 1},
		{"250,000 mails with keys of 36 characters are tried four times", func(n int) journal.Arrival {
			return journal.Arrival{Group: "send", Key: fmt.Sprintf("%08d-aaaa-bbbb-cccc-ddddddddeeee", n%250_000), Attempt: n/250_000 + 1}
		}, 4},
	} {
		t.Run(row.name, func(t *testing.T) {
			before := heap()
			j := journal.New(journal.Config{})
			faults := j.FaultSet([]string{"status 503"})
			for n := range requests {
				a := row.arrival(n)
				a.Conn, a.Header = uint32(n%1000), http.Header{"X-Attempt": {"1"}}
				ticket := j.Begin(a)
				if n%row.accept == row.accept-1 {
					j.Accept(ticket, "person"+strconv.Itoa(n)+"@example.org", uint64(n))
				}
				j.End(ticket, journal.Answered, 503, faults)
			}
			used := heap() - before
			t.Logf("%.1f MiB, %d bytes a request", float64(used)/(1<<20), used/requests)
			require.Less(t, used, uint64(64<<20))
			require.EqualValues(t, requests, j.Gauge("").Total) // and keeps it alive
		})
	}
}

// BenchmarkRecord is what one request costs: all that a fake notes of it. On a
// machine with other work, cpu-ns/op is the number to look at.
func BenchmarkRecord(b *testing.B) {
	j := journal.New(journal.Config{})
	keys := make([]string, 100_000)
	for i := range keys {
		keys[i] = "key-" + strconv.Itoa(i)
	}
	header := http.Header{"X-Attempt": {"1"}, "Authorization": {"Bearer re_1"}}
	body := []byte(`{"from":"a@example.org","to":"b@example.org","subject":"s","text":"t"}`)
	faults := []string{"status 503"}
	b.ReportAllocs()
	cpu := cpuTime()
	defer func() { b.ReportMetric(float64(cpuTime()-cpu)/float64(b.N), "cpu-ns/op") }()
	b.ResetTimer()
	for i := range b.N {
		if i%1_000_000 == 999_999 {
			j.Reset()
		}
		ticket := j.Begin(journal.Arrival{Group: "send", Key: keys[i%len(keys)], Header: header, Body: body, Method: "POST", Path: "/emails"})
		j.Accept(ticket, "b@example.org", uint64(i))
		j.End(ticket, journal.Answered, 200, j.FaultSet(faults))
	}
}
