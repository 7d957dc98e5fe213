package vegetabridge

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// Bounds of what is read: a file may claim anything.
const (
	maxSeq     = 1 << 27 // a bit each is kept of the numbers: 16 MB
	maxAttacks = 1000
)

// Read tallies the results of a file in any of vegeta's formats (binary, JSON,
// CSV), one tally for each of its attacks, in the order in which they appear. The
// clock of the tallies, to which phases refer, begins at start; the zero time
// stands for the first result's. A file that ends within a result is read up to
// there, and the error says so.
func Read(r io.Reader, start time.Time, phases []result.Phase) ([]load.Tally, error) {
	decode := vegeta.DecoderFor(r)
	if decode == nil {
		return nil, errors.New("read vegeta's results: the file is in none of its formats, or has no result")
	}
	in := &reading{start: start, phases: phases, by: make(map[string]*load.Counter), classes: make(map[string]bool)}
	for _, c := range load.Classes(load.Stream{}) {
		in.classes[c] = true
	}
	var err error
	for n := 1; err == nil; n++ {
		var one vegeta.Result
		if err = decode(&one); err == nil {
			err = in.add(one)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			err = fmt.Errorf("read vegeta's results: result %d: %w", n, err)
		}
	}
	var tallies []load.Tally
	for _, attack := range in.attacks {
		tallies = append(tallies, in.by[attack].Tally())
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return tallies, err
}

// reading is what was read so far.
type reading struct {
	start   time.Time
	phases  []result.Phase
	attacks []string
	by      map[string]*load.Counter
	classes map[string]bool // that this module has
}

func (in *reading) add(r vegeta.Result) error {
	if r.Seq >= maxSeq {
		return fmt.Errorf("its number %d is %d or more", r.Seq, maxSeq)
	}
	if in.start.IsZero() {
		in.start = r.Timestamp
	}
	c, ok := in.by[r.Attack]
	if !ok {
		if len(in.attacks) == maxAttacks {
			return fmt.Errorf("there are more than %d attacks", maxAttacks)
		}
		c = load.NewCounter(r.Attack, "", in.phases)
		in.attacks, in.by[r.Attack] = append(in.attacks, r.Attack), c
	}
	c.Add(in.exchange(r))
	return nil
}

func (in *reading) exchange(r vegeta.Result) load.Exchange {
	at := r.Timestamp.Sub(in.start)
	x := load.Exchange{
		Stream: r.Attack, N: int64(r.Seq), Due: at, Sent: at, End: at + r.Latency, Unplanned: true,
		Status: int(r.Code), Class: in.class(r), Method: r.Method, Path: r.URL,
		BytesOut: int64(r.BytesOut), BytesIn: int64(r.BytesIn),
	}
	if lag, err := strconv.ParseInt(r.Headers.Get(HeaderSendLag), 10, 64); err == nil {
		x.Sent, x.Unplanned = at+time.Duration(lag), false
	}
	return x
}

// class names why a result is no success. Of an error there is only its text:
// that of a class, where a [Writer] wrote it, or what vegeta's client said.
func (in *reading) class(r vegeta.Result) string {
	if r.Error == "" {
		if r.Code >= 200 && r.Code < 400 {
			return ""
		}
		return load.ClassStatus(int(r.Code))
	}
	if in.classes[r.Error] || isCheck(r.Error) {
		return r.Error
	}
	if r.Code != 0 {
		return load.ClassStatus(int(r.Code))
	}
	for _, said := range []struct{ text, class string }{
		{"deadline exceeded", load.ClassTimeout}, {"Client.Timeout", load.ClassTimeout}, {"timeout", load.ClassTimeout},
		{"connection refused", load.ClassRefused}, {"connection reset", load.ClassReset}, {"broken pipe", load.ClassReset},
		{"no such host", load.ClassDNS}, {"EOF", load.ClassEOF}, {"server closed idle connection", load.ClassEOF},
	} {
		if strings.Contains(r.Error, said.text) {
			return said.class
		}
	}
	return load.ClassOther
}

// isCheck reports whether a text is the class of a check, and no sentence.
func isCheck(text string) bool {
	rest, ok := strings.CutPrefix(text, "check_")
	return ok && len(rest) < 100 && !strings.ContainsAny(rest, " \t\n:")
}
