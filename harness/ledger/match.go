package ledger

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Fate is what a client knows of one of its requests.
type Fate int

// The fates of a request.
const (
	// Took: it got the expected answer, and is to be done.
	Took Fate = iota
	// Refused: its answer says that it is not done.
	Refused
	// Unknown: there was no answer. It may be done or not.
	Unknown
)

// Doubtful says of the status of an answer that is not the expected one that it is
// neither a yes nor a no, or that of somebody in between who has none; 0 is no answer.
func Doubtful(status int) bool {
	return status < 400 || status == http.StatusRequestTimeout || status == http.StatusBadGateway || status == http.StatusGatewayTimeout
}

// Asked is one request of the stream, or one webhook.
type Asked struct {
	Key  string
	N    int64 // which of the stream
	Fate Fate
	// At is when its answer was there, on the scenario's clock.
	At time.Duration
}

// Arrival is one thing that was done.
type Arrival struct {
	Key string
	// At is when, on the scenario's clock; Timed says that it is known.
	At    time.Duration
	Timed bool
}

// MaxExamples bounds the keys that an account keeps of each class.
const MaxExamples = 5

// maxKey bounds a key that is shown, in bytes.
const maxKey = 100

// Class is a part of an account: how many keys, and the first few.
type Class struct {
	N    int64
	Keys []string
}

func (c *Class) add(key string) {
	c.N++
	if len(c.Keys) < MaxExamples {
		if len(key) > maxKey {
			key = strings.ToValidUTF8(key[:maxKey], "") + "…"
		}
		c.Keys = append(c.Keys, key)
	}
}

// Account is what both sides come to. Each is in keys.
type Account struct {
	Accepted, Arrived Class
	Lost              Class // accepted, and arrived less often than it should
	Doubled           Class // arrived more often than it should
	Unknown           Class // without an answer: neither lost nor phantom
	Phantom           Class // refused, yet done
	Strangers         Class // done, and asked for by nobody
	// Same are keys that more than one request had. With one, the account says nothing.
	Same Class
	// Refused is how many keys were refused.
	Refused int64
	// Unnamed is how many requests were accepted without a key of their own: what it is
	// made of did not stand in the answer.
	Unnamed int64
	// Delays are from the answer to the arrival of the accepted keys that have one, in
	// milliseconds, ascending. A key that arrived before its answer was late by nothing.
	Delays []float64
}

// Match holds both sides against each other. A key should arrive that many times.
func Match(asked []Asked, arrived []Arrival, times int) Account {
	var a Account
	came := map[string][]Arrival{}
	var order []string
	for _, one := range arrived {
		if len(came[one.Key]) == 0 {
			order = append(order, one.Key)
		}
		came[one.Key] = append(came[one.Key], one)
	}
	seen := make(map[string]bool, len(asked))
	for _, one := range asked {
		switch {
		case one.Key == "":
			if one.Fate == Took {
				a.Unnamed++
			}
			continue
		case seen[one.Key]:
			a.Same.add(one.Key)
			continue
		}
		seen[one.Key] = true
		a.enter(one, came[one.Key], max(times, 1))
	}
	for _, key := range order {
		a.Arrived.add(key)
		if !seen[key] {
			a.Strangers.add(key)
		}
	}
	slices.Sort(a.Delays)
	return a
}

// enter puts one request into its classes.
func (a *Account) enter(one Asked, came []Arrival, times int) {
	if len(came) > times {
		a.Doubled.add(one.Key)
	}
	if one.Fate == Refused {
		a.Refused++
	}
	switch {
	case one.Fate == Unknown:
		a.Unknown.add(one.Key)
	case one.Fate == Refused && len(came) > 0:
		a.Phantom.add(one.Key)
	case one.Fate == Took:
		a.Accepted.add(one.Key)
		if len(came) < times {
			a.Lost.add(one.Key)
			return
		}
		if last, known := whenDone(came, times); known {
			a.Delays = append(a.Delays, max(0, float64(last-one.At)/float64(time.Millisecond)))
		}
	}
}

// whenDone is when a key had arrived as often as it should.
func whenDone(came []Arrival, times int) (at time.Duration, known bool) {
	var when []time.Duration
	for _, c := range came {
		if !c.Timed {
			return 0, false
		}
		when = append(when, c.At)
	}
	slices.Sort(when)
	return when[times-1], true
}

// Delay is a percentile of the delays.
func (a Account) Delay(percent float64) verdict.Reading {
	n := len(a.Delays)
	if n == 0 {
		return verdict.Reading{}
	}
	i := min(max(int(percent/100*float64(n)+0.999999)-1, 0), n-1)
	return verdict.Reading{Value: a.Delays[i], Samples: int64(n)}
}

// Doubt says why the account says nothing: its keys do not tell requests apart. Empty:
// they do.
func (a Account) Doubt() string {
	switch {
	case a.Same.N > 0:
		return fmt.Sprintf("the ledger's key does not tell requests apart: %d keys were those of several requests, for example %s", a.Same.N, a.Same)
	case a.Unnamed > 0:
		return fmt.Sprintf("the ledger's key did not stand in the answer of %d requests that were accepted", a.Unnamed)
	}
	return ""
}

// Result is the account as it stands in a result.
func (a Account) Result() *result.Ledger {
	l := &result.Ledger{
		Accepted: a.Accepted.N, Arrived: &a.Arrived.N, Delivered: a.Accepted.N - a.Lost.N, Lost: a.Lost.N, Duplicated: a.Doubled.N,
		Unknown: a.Unknown.N, Phantom: a.Phantom.N, Strangers: a.Strangers.N, Examples: map[string][]string{},
	}
	for name, c := range map[string]Class{"lost": a.Lost, "doubled": a.Doubled, "unknown": a.Unknown, "phantom": a.Phantom, "strangers": a.Strangers} {
		if len(c.Keys) > 0 {
			l.Examples[name] = c.Keys
		}
	}
	if n := int64(len(a.Delays)); n > 0 {
		l.DelayP99MS = &a.Delays[min(n-1, (n*99+99)/100-1)]
	}
	return l
}

// String is a class's keys as examples.
func (c Class) String() string {
	text := strings.Join(c.Keys, ", ")
	if c.N > int64(len(c.Keys)) {
		text += ", …"
	}
	return text
}
