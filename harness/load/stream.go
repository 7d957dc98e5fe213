package load

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"time"
)

// Defaults of [Stream] and [Config].
const (
	DefaultTimeout     = 30 * time.Second
	DefaultMaxInFlight = 2000
	DefaultMaxLag      = 100 * time.Millisecond
	DefaultMaxBody     = 8 << 20
	// DefaultInterval is that of series, and DefaultShortInterval that of a
	// load which is over within two minutes.
	DefaultInterval      = time.Second
	DefaultShortInterval = 250 * time.Millisecond
)

// Stream is one sequence of requests, in an open model.
type Stream struct {
	// Name stands in metrics and in the header [HeaderRequest]: lower-case
	// letters, digits, and . _ - between them.
	Name string
	// To names the process of the target that the stream goes to, one of
	// [Config.Targets]. Defaults to [Config.BaseURL].
	To string
	// Profile says when each request is due.
	Profile Profile
	// StartAt is where the profile begins on the clock of the run.
	StartAt time.Duration
	// Next says what request n looks like. It must depend on n and r alone: r
	// yields the same draws for the same seed, stream and n. It is called from
	// many goroutines, also out of order, and may not keep r.
	Next func(n int64, r *rand.Rand) Request
	// Template says the same as data. A stream has one of Next, a Template and Steps.
	Template *Template
	// Steps are the requests of a journey: one after the other for each arrival, with
	// its own cookies. The arrival is due by the profile; each step is due when the one
	// before is over. The stream's latency is that of whole journeys, thinking time
	// included. What becomes of a step stands in a tally of its own, STREAM.STEP.
	Steps []Step
	// Vars are variables that all templates of the stream know: one value a request, or
	// a journey.
	Vars map[string]Var
	// Sessions are logins that requests or journeys take in turn. Optional.
	Sessions *Sessions
	// Expect says what an answer must be. Defaults to any 2xx.
	Expect Expectation
	// Refused says by which answers the target refuses a request in an orderly way,
	// for example [Refusal]. They are asked about first and counted apart, as
	// [ClassShedByTarget]: no failure, and never an expected answer, so the latency of
	// expected answers remains that of the requests which the target took on.
	// Defaults to none: each refusal is a failure.
	Refused Expectation
	// HTTP2 has the stream ask over HTTP/2: of an https address as both agree, of an http
	// one with prior knowledge (h2c). An https address that does not agree to it gets
	// nothing: its requests are unsent. Defaults to HTTP/1.1.
	HTTP2 bool
	// Timeout bounds a request from its send to the end of its answer's body. It
	// may take effect up to a hundredth of itself late, 100 ms at most.
	// Defaults to [DefaultTimeout].
	Timeout time.Duration
	// MaxInFlight bounds the requests that are open at once; what is due beyond
	// that is counted as shed and not sent. A request in flight costs about
	// 40 kB. Defaults to [DefaultMaxInFlight].
	MaxInFlight int
	// MaxLag is how far behind its plan a request may be sent; beyond that it
	// is counted as late and not sent. Defaults to [DefaultMaxLag].
	MaxLag time.Duration
	// MaxBody bounds the body of an answer in bytes. A longer one is not read to
	// its end and counted as too_large. Defaults to [DefaultMaxBody].
	MaxBody int64
}

// Exchange is one request that was sent, and what came of it. Its times are on
// the clock of the run.
type Exchange struct {
	Stream string
	N      int64 // which request of the stream, from 0
	// Due is when it was to be sent, Sent when it was, End when its answer had
	// arrived or was given up.
	Due, Sent, End time.Duration
	// Unplanned says that it is not known when the request was due: Due is Sent,
	// and only the latency from the send is known.
	Unplanned bool
	Status    int    // of an answer that arrived whole, otherwise 0
	Class     string // why it is not the expected answer; empty: it is
	Step      string // of a journey: at which step it ended, if not as expected
	Method    string // empty: GET
	Path      string // what was asked, as [Request.Shown] has it
	Instance  int    // to which of several addresses it went last, from 0
	// BytesOut and BytesIn are the lengths of the bodies.
	BytesOut, BytesIn int64

	unsent string  // why it could not be sent from here; empty: it was sent
	trace  traceID // that it begins in the target; none where it is not traced
}

// Peak is the highest rate of its requests: each arrival of a journey brings as many
// as it has steps.
func (s Stream) Peak() float64 { return Peak(s.Profile) * float64(max(1, len(s.Steps))) }

// Judge is the class under which an answer to the stream is counted; empty: it is
// the expected one.
func (s Stream) Judge(a Answer) string {
	if s.Expect.Judge == nil {
		s.Expect = Status()
	}
	return judge(&s.Expect, &s.Refused, a)
}

// ignoresBody reports whether nothing of the stream looks at the bodies of answers.
func (s Stream) ignoresBody() bool {
	return s.Expect.IgnoresBody && (s.Refused.Judge == nil || s.Refused.IgnoresBody)
}

func (s Stream) withDefaults() Stream {
	if s.Expect.Judge == nil {
		s.Expect = Status()
	}
	if s.Timeout == 0 {
		s.Timeout = DefaultTimeout
	}
	if s.MaxInFlight == 0 {
		s.MaxInFlight = DefaultMaxInFlight
	}
	if s.MaxLag == 0 {
		s.MaxLag = DefaultMaxLag
	}
	if s.MaxBody == 0 {
		s.MaxBody = DefaultMaxBody
	}
	return s
}

var streamName = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$`)

// Validate reports all that is wrong with s, joined.
func (s Stream) Validate() error {
	var errs []error
	add := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("stream %q: "+format, append([]any{s.Name}, args...)...))
	}
	if !streamName.MatchString(s.Name) {
		add("the name must be lower-case letters and digits, with . _ - between them")
	}
	if err := s.validateRequests(); err != nil {
		add("%w", err)
	}
	switch {
	case s.Profile == nil:
		add("Profile is missing")
	case s.Profile.Duration() <= 0:
		add("%s has no duration", cmp.Or(s.Profile.String(), "its load"))
	case negative(s.Profile):
		add("%s has a rate or a time below 0", s.Profile)
	case Planned(s.Profile) == 0:
		add("%s plans no request", s.Profile)
	case Planned(s.Profile) >= maxPlanned:
		add("%s does not end within %d requests", s.Profile, maxPlanned)
	}
	for _, negative := range []struct {
		name string
		is   bool
	}{
		{"StartAt", s.StartAt < 0}, {"Timeout", s.Timeout < 0}, {"MaxInFlight", s.MaxInFlight < 0},
		{"MaxLag", s.MaxLag < 0}, {"MaxBody", s.MaxBody < 0},
	} {
		if negative.is {
			add("%s is negative", negative.name)
		}
	}
	return errors.Join(errs...)
}
