package task

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast.dev/holdfast/reference/settings"
)

// Config holds where mail goes and the protections of the tasks. What each
// field defaults to stands in [settings.Task].
type Config struct {
	// APIURL is the base of the e-mail API: http or https, without credentials.
	// Empty: this process takes tasks on but works none.
	APIURL string `setting:"EMAIL_API_URL"`

	// APIKey authorises at the e-mail API. It is never logged nor answered.
	APIKey string `setting:"EMAIL_API_KEY"`

	// APIKeyFile holds the key instead, and is read anew for each call, so that a
	// mounted secret can be replaced while the program runs.
	APIKeyFile string `setting:"EMAIL_API_KEY_FILE"`

	// From is the sender of all mail.
	From string `setting:"EMAIL_FROM"`

	// ClassifyErrors decides by the cause of an error whether another attempt can
	// help. Without it every error is tried again after DBCountdown.
	ClassifyErrors bool `setting:"TASK_CLASSIFY_ERRORS"`

	// LimitRetries gives a task up after MaxRetries. Without it a task is tried
	// again without end (River's own end is at 32,767 attempts).
	LimitRetries bool `setting:"TASK_LIMIT_RETRIES"`

	// MaxRetries is how often a task is tried again after its first attempt; 0 is
	// never. It is fixed when the task is taken on.
	MaxRetries int `setting:"MAX_RETRIES_TASKS"`

	// Backoff is the factor by which the network countdown grows with each retry;
	// 0 or 1 keeps it constant.
	Backoff int `setting:"TASK_BACKOFF"`

	// Jitter spreads each countdown by so much of itself, up and down, so that
	// tasks that failed together do not come back together. 0 is no spread.
	Jitter float64 `setting:"TASK_JITTER"`

	// DBCountdown is the wait after an error of the database.
	DBCountdown time.Duration `setting:"TASK_DB_COUNTDOWN"`

	// NetworkCountdown is the wait after the first error of the e-mail API or the
	// way to it.
	NetworkCountdown time.Duration `setting:"TASK_NETWORK_COUNTDOWN"`

	// SendTimeout bounds a call to the e-mail API from its first byte to its last.
	// 0 is no bound: neither on the call nor on the task.
	SendTimeout time.Duration `setting:"TASK_SEND_TIMEOUT"`

	// IdempotencyKeys sends a key with each call that is the same for each attempt
	// at the same messages. Without it a call whose answer was lost sends the mail
	// again.
	IdempotencyKeys bool `setting:"TASK_IDEMPOTENCY_KEYS"`

	// HonourRetryAfter makes the Retry-After of an answer the least countdown, up
	// to MaxRetryAfter.
	HonourRetryAfter bool `setting:"TASK_HONOUR_RETRY_AFTER"`

	// MaxRetryAfter is the longest Retry-After that is followed; a longer one is
	// cut.
	MaxRetryAfter time.Duration `setting:"TASK_MAX_RETRY_AFTER"`

	// DurableEnqueue commits a task to the database before its 202. Without it the
	// 202 comes first, and what this process holds in memory is lost with it.
	DurableEnqueue bool `setting:"TASK_DURABLE_ENQUEUE"`

	// DrainOnStop is how long running tasks may take to end when the program
	// stops. 0 cuts them at once.
	DrainOnStop time.Duration `setting:"TASK_DRAIN_ON_STOP"`

	// RescueAfter is for how long a worker process may be silent before its
	// running tasks are taken up by others. 0 leaves them running for ever.
	RescueAfter time.Duration `setting:"TASK_RESCUE_AFTER"`

	// ParkRefusedKey stops the mail queues when the API refuses the key, until
	// another key is there or a single task that is tried every ParkProbe gets
	// through. Without it such a task fails at once.
	ParkRefusedKey bool `setting:"TASK_PARK_REFUSED_KEY"`

	// ParkProbe is how often a single task tries a refused key again.
	ParkProbe time.Duration `setting:"TASK_PARK_PROBE"`

	// QueueIsolation gives each kind of task a queue and workers of its own.
	// Without it one kind that hangs holds up all.
	QueueIsolation bool `setting:"TASK_QUEUE_ISOLATION"`

	// Workers is how many tasks of a queue run at once in this process.
	Workers int `setting:"TASK_WORKERS"`

	// PoolMax is the most database connections of the tasks, beside the pool of
	// the other services. River listens on one more.
	PoolMax int `setting:"TASK_POOL_MAX"`

	// PollInterval is how often a queue is looked at for tasks that are due, beside
	// the look that each new task brings about at once. A
	// countdown of up to 5 s ends that exactly; longer ones are seen to by one of
	// the processes, every 5 s in advance. River writes down what became of an
	// attempt at most 250 ms later, in batches, so that a retry comes no earlier than
	// that, whatever the countdown.
	PollInterval time.Duration `setting:"TASK_POLL_INTERVAL"`
}

// The names of settings that errors and documents speak of.
const (
	envAPIKey         = "EMAIL_API_KEY"
	envAPIKeyFile     = "EMAIL_API_KEY_FILE"
	envParkRefusedKey = "TASK_PARK_REFUSED_KEY"
)

// defaultConfig returns the configuration with every protection on, and no
// e-mail API.
func defaultConfig() Config { return settings.Defaults[Config](settings.Task()) }

// FromEnv returns the default configuration with what the environment changes
// of it, or all problems at once, each with its variable's name.
func FromEnv(getenv func(string) string) (Config, error) {
	c, err := settings.Read[Config](settings.Task(), getenv)
	// Its two variables are looked at whatever is wrong with others, so that one
	// mistake does not hide another.
	if err := errors.Join(err, validateKey(getenv)); err != nil {
		return Config{}, err
	}
	return c, nil
}

// validate reports all that is wrong with the configuration, each with the
// variable that sets it. Keys are not quoted.
func (c Config) validate() error {
	return errors.Join(settings.Validate(settings.Task(), c), c.oneKey())
}

// oneKey reports that there are two.
func (c Config) oneKey() error {
	if c.APIKey != "" && c.APIKeyFile != "" {
		return fmt.Errorf("%s: there is a key in %s as well; set one of them", envAPIKeyFile, envAPIKey)
	}
	return nil
}

// validateKey looks at the key that an environment gives.
func validateKey(getenv func(string) string) error {
	c := Config{APIKey: strings.TrimSpace(getenv(envAPIKey)), APIKeyFile: strings.TrimSpace(getenv(envAPIKeyFile))}
	if c.APIKeyFile == "" {
		return nil
	}
	_, err := readKey(c.APIKeyFile)
	if err != nil {
		err = fmt.Errorf("%s: %w", envAPIKeyFile, err)
	}
	return errors.Join(err, c.oneKey())
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
