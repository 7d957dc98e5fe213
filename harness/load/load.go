package load

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"holdfast.dev/holdfast/harness/result"
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

// Request is one request as its stream wants it. Nothing of it is changed, so
// requests may share headers and bodies.
type Request struct {
	// Method defaults to GET.
	Method string
	// Path is the path with its query, escaped where it must be. It begins with
	// a single slash and is appended to [Config.BaseURL]: a request cannot go
	// anywhere else.
	Path   string
	Header http.Header
	Body   []byte
}

// Stream is one sequence of requests, in an open model.
type Stream struct {
	// Name stands in metrics and in the header [HeaderRequest]: lower-case
	// letters, digits, and . _ - between them.
	Name string
	// Profile says when each request is due.
	Profile Profile
	// StartAt is where the profile begins on the clock of the run.
	StartAt time.Duration
	// Next says what request n looks like. It must depend on n and r alone: r
	// yields the same draws for the same seed, stream and n. It is called from
	// many goroutines, also out of order, and may not keep r.
	Next func(n int64, r *rand.Rand) Request
	// Template says the same as data. A stream has either Next or a Template.
	Template *Template
	// Expect says what an answer must be. Defaults to any 2xx.
	Expect Expectation
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

// Config is what the streams of a run have in common.
type Config struct {
	// BaseURL is where all requests go: http or https, without credentials or
	// query. Required.
	BaseURL string
	// Start is the zero of the run's clock, from time.Now (its monotonic
	// reading is used). It may lie in the future; if it lies in the past, what
	// should have been sent meanwhile is late. Defaults to now.
	Start time.Time
	// Seed is the origin of all draws in [Stream.Next].
	Seed uint64
	// Phases are the spans by which counts are kept apart. They should not
	// overlap. What is due outside of all is counted in the whole alone.
	Phases []result.Phase
	// Interval is the distance between the points of series. It is doubled as
	// often as needed to keep a series under 1,200 points. Defaults to
	// [DefaultInterval], or to [DefaultShortInterval] for a short load.
	Interval time.Duration
	// Observe is told of each request that has ended, from many goroutines at
	// once. The request's worker waits meanwhile. Optional.
	Observe func(Exchange)
}

// requests returns Next, or the function that the Template stands for. The stream
// is valid.
func (s Stream) requests() func(n int64, r *rand.Rand) Request {
	if s.Template == nil {
		return s.Next
	}
	t, _ := s.Template.compile()
	return t.request
}

func (s Stream) withDefaults() Stream {
	s.Next, s.Template = s.requests(), nil
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

func (c Config) withDefaults(streams []Stream) Config {
	if c.Start.IsZero() {
		c.Start = time.Now()
	}
	if c.Interval != 0 {
		return c
	}
	c.Interval = DefaultShortInterval
	for _, s := range streams {
		if s.StartAt+s.Profile.Duration() > 2*time.Minute {
			c.Interval = DefaultInterval
		}
	}
	return c
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
	switch {
	case s.Next == nil && s.Template == nil:
		add("Next is missing, or a Template")
	case s.Next != nil && s.Template != nil:
		add("it has both Next and a Template")
	case s.Template != nil:
		if err := s.Template.Validate(); err != nil {
			add("template: %w", err)
		}
	}
	switch {
	case s.Profile == nil:
		add("Profile is missing")
	case s.Profile.Duration() <= 0:
		add("%s has no duration", s.Profile)
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

// Validate reports all that is wrong with c, joined.
func (c Config) Validate() error {
	var errs []error
	if _, err := parseBase(c.BaseURL); err != nil {
		errs = append(errs, err)
	}
	if c.Interval < 0 {
		errs = append(errs, errors.New("interval is negative"))
	}
	for _, p := range c.Phases {
		if p.To < p.From {
			errs = append(errs, fmt.Errorf("phase %q ends before it starts", p.Name))
		}
	}
	return errors.Join(errs...)
}

// validate reports all that is wrong with a load, joined.
func validate(config Config, streams []Stream) error {
	errs := []error{config.Validate()}
	if len(streams) == 0 {
		errs = append(errs, errors.New("there is no stream"))
	}
	seen := make(map[string]bool)
	for _, s := range streams {
		errs = append(errs, s.Validate())
		if seen[s.Name] {
			errs = append(errs, fmt.Errorf("two streams are named %q", s.Name))
		}
		seen[s.Name] = true
	}
	return errors.Join(errs...)
}

// parseBase never repeats the URL in an error: it may hold a password.
func parseBase(base string) (*url.URL, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return nil, errors.New("base URL: not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("base URL: want http:// or https://")
	case u.Host == "":
		return nil, errors.New("base URL: the host is missing")
	case u.User != nil:
		return nil, errors.New("base URL: credentials belong in a header, not in the URL")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("base URL: a query or a fragment belongs in the path of a request")
	}
	for len(u.Path) > 0 && u.Path[len(u.Path)-1] == '/' {
		u.Path = u.Path[:len(u.Path)-1]
	}
	u.RawPath = ""
	return u, nil
}
