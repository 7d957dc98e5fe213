package load_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holdfast.dev/holdfast/harness/load"
)

// helperVariable makes the test binary a helper process of a test.
const helperVariable = "HOLDFAST_LOAD_TEST_HELPER"

func TestMain(m *testing.M) {
	switch os.Getenv(helperVariable) {
	case "server":
		helpServe()
	case "generator":
		helpGenerate()
	default:
		if underRace { // histograms cost twenty times as much then, and properties have no goroutines
			_ = flag.Set("rapid.checks", "20")
		}
		goleak.VerifyTestMain(m)
	}
}

// helpServe prints its address and serves until standard input ends; for each line of
// that it prints how many requests it has answered.
func helpServe() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	var answered atomic.Int64
	go serveCounted(l, &answered)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(answered.Load())
	}
}

// generated is what the generator's process says of itself.
type generated struct {
	Sent, OK, MaxInFlight int64
	LagP99MS              float64
	UnsentWhy, Errors     map[string]int64
	Unsent                int64
	PeakBytes             int64 // of its own memory; 0: the system does not tell
}

// peakBytes is the most memory that this process had. What the system tells of a child
// counts what its parent had, too, before it became another program.
func peakBytes() (peak int64) {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &peak); err == nil {
			return peak * 1024
		}
	}
	return 0
}

// helpGenerate sends RATE requests per second to BASE for the duration FOR, with no
// more than FILES files open if that is set, and over HTTP/2 if HTTP2 is.
func helpGenerate() {
	rate, _ := strconv.ParseFloat(os.Getenv("RATE"), 64)
	d, _ := time.ParseDuration(os.Getenv("FOR"))
	inFlight, _ := strconv.Atoi(os.Getenv("IN_FLIGHT"))
	if files, _ := strconv.Atoi(os.Getenv("FILES")); files > 0 {
		if err := fewFiles(uint64(files)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	attack, err := load.Start(context.Background(), load.Config{BaseURL: os.Getenv("BASE")},
		load.Stream{Name: "null", Profile: load.Constant(rate, d), Next: get("/"), MaxInFlight: inFlight, HTTP2: os.Getenv("HTTP2") != ""})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	o := attack.Wait()[0]
	g := generated{Sent: o.Sent, OK: o.OK, MaxInFlight: o.MaxInFlight, UnsentWhy: o.UnsentWhy, Errors: o.Errors, Unsent: o.Unsent, PeakBytes: peakBytes()}
	if o.SendLagP99MS != nil {
		g.LagP99MS = *o.SendLagP99MS
	}
	_ = json.NewEncoder(os.Stdout).Encode(g)
}
