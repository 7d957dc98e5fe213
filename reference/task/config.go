package task

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"time"
)

// Defaults of [Config].
const (
	DefaultFrom             = "notifications@holdfast.example"
	DefaultClassifyErrors   = true
	DefaultLimitRetries     = true
	DefaultMaxRetries       = 3
	DefaultBackoff          = 2
	DefaultJitter           = 0.2
	DefaultDBCountdown      = time.Minute
	DefaultNetworkCountdown = time.Minute
	DefaultSendTimeout      = 10 * time.Second
	DefaultIdempotencyKeys  = true
	DefaultHonourRetryAfter = true
	DefaultMaxRetryAfter    = 10 * time.Minute
	DefaultDurableEnqueue   = true
	DefaultDrainOnStop      = 8 * time.Second
	DefaultRescueAfter      = 30 * time.Second
	DefaultParkRefusedKey   = false
	DefaultParkProbe        = time.Minute
	DefaultQueueIsolation   = true
	DefaultWorkers          = 16
	DefaultPoolMax          = 8
	DefaultPollInterval     = 100 * time.Millisecond
)

// Config holds where mail goes and the protections of the tasks. [DefaultConfig]
// has all protections.
type Config struct {
	// APIURL is the base of the e-mail API: http or https, without credentials.
	// Empty: this process takes tasks on but works none.
	APIURL string

	// APIKey authorises at the e-mail API. It is never logged nor answered.
	APIKey string

	// APIKeyFile holds the key instead, and is read anew for each call, so that a
	// mounted secret can be replaced while the program runs.
	APIKeyFile string

	// From is the sender of all mail. Defaults to notifications@holdfast.example.
	From string

	// ClassifyErrors decides by the cause of an error whether another attempt can
	// help. Without it every error is tried again after DBCountdown. Defaults to
	// true.
	ClassifyErrors bool

	// LimitRetries gives a task up after MaxRetries. Without it a task is tried
	// again without end (River's own end is at 32,767 attempts). Defaults to true.
	LimitRetries bool

	// MaxRetries is how often a task is tried again after its first attempt; 0 is
	// never. It is fixed when the task is taken on. Defaults to 3: four attempts.
	MaxRetries int

	// Backoff is the factor by which the network countdown grows with each retry;
	// 0 or 1 keeps it constant. Defaults to 2.
	Backoff int

	// Jitter spreads each countdown by so much of itself, up and down, so that
	// tasks that failed together do not come back together. 0 is no spread.
	// Defaults to 0.2.
	Jitter float64

	// DBCountdown is the wait after an error of the database. Defaults to 60 s.
	DBCountdown time.Duration

	// NetworkCountdown is the wait after the first error of the e-mail API or the
	// way to it. Defaults to 60 s.
	NetworkCountdown time.Duration

	// SendTimeout bounds a call to the e-mail API from its first byte to its last.
	// 0 is no bound: neither on the call nor on the task. Defaults to 10 s.
	SendTimeout time.Duration

	// IdempotencyKeys sends a key with each call that is the same for each attempt
	// at the same messages. Without it a call whose answer was lost sends the mail
	// again. Defaults to true.
	IdempotencyKeys bool

	// HonourRetryAfter makes the Retry-After of an answer the least countdown, up
	// to MaxRetryAfter. Defaults to true.
	HonourRetryAfter bool

	// MaxRetryAfter is the longest Retry-After that is followed; a longer one is
	// cut. Defaults to 10 min.
	MaxRetryAfter time.Duration

	// DurableEnqueue commits a task to the database before its 202. Without it the
	// 202 comes first, and what this process holds in memory is lost with it.
	// Defaults to true.
	DurableEnqueue bool

	// DrainOnStop is how long running tasks may take to end when the program
	// stops. 0 cuts them at once. Defaults to 8 s.
	DrainOnStop time.Duration

	// RescueAfter is for how long a worker process may be silent before its
	// running tasks are taken up by others. 0 leaves them running for ever.
	// Defaults to 30 s.
	RescueAfter time.Duration

	// ParkRefusedKey stops the mail queues when the API refuses the key, until
	// another key is there or a single task that is tried every ParkProbe gets
	// through. Without it such a task fails at once. Defaults to false.
	ParkRefusedKey bool

	// ParkProbe is how often a single task tries a refused key again. Defaults to
	// 1 min.
	ParkProbe time.Duration

	// QueueIsolation gives each kind of task a queue and workers of its own.
	// Without it one kind that hangs holds up all. Defaults to true.
	QueueIsolation bool

	// Workers is how many tasks of a queue run at once in this process. Defaults
	// to 16.
	Workers int

	// PoolMax is the most database connections of the tasks, beside the pool of
	// the other services. River listens on one more. Defaults to 8.
	PoolMax int

	// PollInterval is how often a queue is looked at for tasks that are due. A
	// countdown of up to 5 s ends that exactly; longer ones are seen to by one of
	// the processes, every 5 s in advance. River writes down what became of an
	// attempt at most 250 ms later, in batches, so that a retry comes no earlier than
	// that, whatever the countdown. Defaults to 100 ms.
	PollInterval time.Duration
}

// DefaultConfig returns the configuration with every protection on, and no
// e-mail API.
func DefaultConfig() Config {
	return Config{
		From:             DefaultFrom,
		ClassifyErrors:   DefaultClassifyErrors,
		LimitRetries:     DefaultLimitRetries,
		MaxRetries:       DefaultMaxRetries,
		Backoff:          DefaultBackoff,
		Jitter:           DefaultJitter,
		DBCountdown:      DefaultDBCountdown,
		NetworkCountdown: DefaultNetworkCountdown,
		SendTimeout:      DefaultSendTimeout,
		IdempotencyKeys:  DefaultIdempotencyKeys,
		HonourRetryAfter: DefaultHonourRetryAfter,
		MaxRetryAfter:    DefaultMaxRetryAfter,
		DurableEnqueue:   DefaultDurableEnqueue,
		DrainOnStop:      DefaultDrainOnStop,
		RescueAfter:      DefaultRescueAfter,
		ParkRefusedKey:   DefaultParkRefusedKey,
		ParkProbe:        DefaultParkProbe,
		QueueIsolation:   DefaultQueueIsolation,
		Workers:          DefaultWorkers,
		PoolMax:          DefaultPoolMax,
		PollInterval:     DefaultPollInterval,
	}
}

// maxAttempts is how often a task that is taken on now is attempted at most.
func (c Config) maxAttempts() int {
	if !c.LimitRetries {
		return riverMaxAttempts
	}
	return c.MaxRetries + 1
}

// riverMaxAttempts is the largest number that River's column holds.
const riverMaxAttempts = 1<<15 - 1

// Validate reports all that is wrong with the configuration, each with the
// variable that sets it. Keys are not quoted.
func (c Config) Validate() error {
	problems := []error{c.validateMail()}
	number := func(name string, n, least, most int) {
		if n < least || n > most {
			problems = append(problems, fmt.Errorf("%s: %d: want %d to %d", name, n, least, most))
		}
	}
	number(EnvMaxRetries, c.MaxRetries, 0, 1000)
	number(EnvBackoff, c.Backoff, 0, 10)
	number(EnvWorkers, c.Workers, 1, 1000)
	number(EnvPoolMax, c.PoolMax, 2, 1000)
	if !(c.Jitter >= 0 && c.Jitter <= 1) {
		problems = append(problems, fmt.Errorf("%s: %v: want 0 to 1", EnvJitter, c.Jitter))
	}
	duration := func(name string, d, least, most time.Duration) {
		if d != 0 && d < time.Millisecond || d < least || d > most {
			problems = append(problems, fmt.Errorf("%s: %v: want %v to %v", name, d, least, most))
		}
	}
	duration(EnvDBCountdown, c.DBCountdown, 0, time.Hour)
	duration(EnvNetworkCountdown, c.NetworkCountdown, 0, time.Hour)
	duration(EnvSendTimeout, c.SendTimeout, 0, time.Hour)
	duration(EnvMaxRetryAfter, c.MaxRetryAfter, 0, 24*time.Hour)
	duration(EnvDrainOnStop, c.DrainOnStop, 0, time.Hour)
	duration(EnvRescueAfter, c.RescueAfter, 0, 24*time.Hour)
	duration(EnvParkProbe, c.ParkProbe, time.Millisecond, 24*time.Hour)
	duration(EnvPollInterval, c.PollInterval, time.Millisecond, time.Minute)
	return errors.Join(problems...)
}

// validateMail looks at what concerns the e-mail API.
func (c Config) validateMail() error {
	var problems []error
	if c.APIURL != "" {
		u, err := url.Parse(c.APIURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
			// Not quoted: it may hold a password.
			problems = append(problems, fmt.Errorf("%s: is not an address such as https://api.example.com", EnvAPIURL))
		}
	}
	if strings.ContainsFunc(c.APIKey, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		problems = append(problems, fmt.Errorf("%s: has characters that no header can carry", EnvAPIKey))
	}
	if c.APIKey != "" && c.APIKeyFile != "" {
		problems = append(problems, fmt.Errorf("%s: there is a key in %s as well; set one of them", EnvAPIKeyFile, EnvAPIKey))
	}
	if _, err := mail.ParseAddress(c.From); err != nil {
		problems = append(problems, fmt.Errorf("%s: %q is not an e-mail address", EnvFrom, c.From))
	}
	return errors.Join(problems...)
}
