package task

import (
	"errors"
	"strconv"

	"holdfast.dev/holdfast/reference/environ"
)

// The environment variables that [FromEnv] reads.
const (
	EnvAPIURL           = "EMAIL_API_URL"
	EnvAPIKey           = "EMAIL_API_KEY"
	EnvAPIKeyFile       = "EMAIL_API_KEY_FILE"
	EnvFrom             = "EMAIL_FROM"
	EnvClassifyErrors   = "TASK_CLASSIFY_ERRORS"
	EnvLimitRetries     = "TASK_LIMIT_RETRIES"
	EnvMaxRetries       = "MAX_RETRIES_TASKS"
	EnvBackoff          = "TASK_BACKOFF"
	EnvJitter           = "TASK_JITTER"
	EnvDBCountdown      = "TASK_DB_COUNTDOWN"
	EnvNetworkCountdown = "TASK_NETWORK_COUNTDOWN"
	EnvSendTimeout      = "TASK_SEND_TIMEOUT"
	EnvIdempotencyKeys  = "TASK_IDEMPOTENCY_KEYS"
	EnvHonourRetryAfter = "TASK_HONOUR_RETRY_AFTER"
	EnvMaxRetryAfter    = "TASK_MAX_RETRY_AFTER"
	EnvDurableEnqueue   = "TASK_DURABLE_ENQUEUE"
	EnvDrainOnStop      = "TASK_DRAIN_ON_STOP"
	EnvRescueAfter      = "TASK_RESCUE_AFTER"
	EnvParkRefusedKey   = "TASK_PARK_REFUSED_KEY"
	EnvParkProbe        = "TASK_PARK_PROBE"
	EnvQueueIsolation   = "TASK_QUEUE_ISOLATION"
	EnvWorkers          = "TASK_WORKERS"
	EnvPoolMax          = "TASK_POOL_MAX"
	EnvPollInterval     = "TASK_POLL_INTERVAL"
)

// FromEnv returns the default configuration with what the environment changes
// of it, or all problems at once, each with its variable's name.
func FromEnv(getenv func(string) string) (Config, error) {
	r, d := environ.NewReader(getenv), DefaultConfig()
	c := Config{
		APIURL:           r.String(EnvAPIURL, d.APIURL),
		APIKey:           r.String(EnvAPIKey, d.APIKey),
		APIKeyFile:       r.String(EnvAPIKeyFile, d.APIKeyFile),
		From:             r.String(EnvFrom, d.From),
		ClassifyErrors:   r.Bool(EnvClassifyErrors, d.ClassifyErrors),
		LimitRetries:     r.Bool(EnvLimitRetries, d.LimitRetries),
		MaxRetries:       r.Int(EnvMaxRetries, d.MaxRetries),
		Backoff:          r.Int(EnvBackoff, d.Backoff),
		Jitter:           r.Share(EnvJitter, d.Jitter),
		DBCountdown:      r.Duration(EnvDBCountdown, d.DBCountdown),
		NetworkCountdown: r.Duration(EnvNetworkCountdown, d.NetworkCountdown),
		SendTimeout:      r.Duration(EnvSendTimeout, d.SendTimeout),
		IdempotencyKeys:  r.Bool(EnvIdempotencyKeys, d.IdempotencyKeys),
		HonourRetryAfter: r.Bool(EnvHonourRetryAfter, d.HonourRetryAfter),
		MaxRetryAfter:    r.Duration(EnvMaxRetryAfter, d.MaxRetryAfter),
		DurableEnqueue:   r.Bool(EnvDurableEnqueue, d.DurableEnqueue),
		DrainOnStop:      r.Duration(EnvDrainOnStop, d.DrainOnStop),
		RescueAfter:      r.Duration(EnvRescueAfter, d.RescueAfter),
		ParkRefusedKey:   r.Bool(EnvParkRefusedKey, d.ParkRefusedKey),
		ParkProbe:        r.Duration(EnvParkProbe, d.ParkProbe),
		QueueIsolation:   r.Bool(EnvQueueIsolation, d.QueueIsolation),
		Workers:          r.Int(EnvWorkers, d.Workers),
		PoolMax:          r.Int(EnvPoolMax, d.PoolMax),
		PollInterval:     r.Duration(EnvPollInterval, d.PollInterval),
	}
	if c.APIKeyFile != "" {
		if _, err := readKey(c.APIKeyFile); err != nil {
			r.Problem(EnvAPIKeyFile, "%v", err)
		}
	}
	// Both at once, so that one mistake does not hide another.
	if err := errors.Join(r.Err(), c.Validate()); err != nil {
		return Config{}, err
	}
	return c, nil
}

// Variables lists the environment variables of the tasks.
func Variables() []environ.Variable {
	return []environ.Variable{
		{Name: EnvAPIURL, Meaning: "Base address of the e-mail API; empty takes tasks on but works none."},
		{Name: EnvAPIKey, Meaning: "Key for the e-mail API."},
		{Name: EnvAPIKeyFile, Meaning: "File with that key instead, read anew for each call, so that it can be replaced at any time."},
		{Name: EnvFrom, Default: DefaultFrom, Meaning: "Sender of all mail."},
		{Name: EnvClassifyErrors, Default: strconv.FormatBool(DefaultClassifyErrors),
			Meaning: "Whether only errors that may pass are tried again; false tries every error again after TASK_DB_COUNTDOWN."},
		{Name: EnvLimitRetries, Default: strconv.FormatBool(DefaultLimitRetries),
			Meaning: "Whether retries end at MAX_RETRIES_TASKS; false is without end."},
		{Name: EnvMaxRetries, Default: strconv.Itoa(DefaultMaxRetries),
			Meaning: "Most retries of a task after its first attempt; 0 is none."},
		{Name: EnvBackoff, Default: strconv.Itoa(DefaultBackoff),
			Meaning: "Factor by which the network countdown grows with each retry; 1 keeps it constant."},
		{Name: EnvJitter, Default: strconv.FormatFloat(DefaultJitter, 'g', -1, 64),
			Meaning: "Share of a countdown, 0 to 1, by which it is spread up and down."},
		{Name: EnvDBCountdown, Default: DefaultDBCountdown.String(), Meaning: "Wait before a retry after an error of the database."},
		{Name: EnvNetworkCountdown, Default: DefaultNetworkCountdown.String(),
			Meaning: "Wait before the first retry after an error of the e-mail API or the way to it."},
		{Name: EnvSendTimeout, Default: DefaultSendTimeout.String(),
			Meaning: "How long a call to the e-mail API may take in all; 0 is no bound."},
		{Name: EnvIdempotencyKeys, Default: strconv.FormatBool(DefaultIdempotencyKeys),
			Meaning: "Whether each call carries an idempotency key that its retries repeat."},
		{Name: EnvHonourRetryAfter, Default: strconv.FormatBool(DefaultHonourRetryAfter),
			Meaning: "Whether no retry comes before an answer's Retry-After."},
		{Name: EnvMaxRetryAfter, Default: DefaultMaxRetryAfter.String(), Meaning: "Longest Retry-After that is followed."},
		{Name: EnvDurableEnqueue, Default: strconv.FormatBool(DefaultDurableEnqueue),
			Meaning: "Whether a task is committed before its 202; false answers first and writes within a second."},
		{Name: EnvDrainOnStop, Default: DefaultDrainOnStop.String(),
			Meaning: "How long running tasks may take to end when the program is told to stop; 0 cuts them."},
		{Name: EnvRescueAfter, Default: DefaultRescueAfter.String(),
			Meaning: "How long a worker may be silent before others take up its tasks; 0 is for ever."},
		{Name: EnvParkRefusedKey, Default: strconv.FormatBool(DefaultParkRefusedKey),
			Meaning: "Whether a refused API key stops the queues, rather than failing its tasks, until there is a key that works."},
		{Name: EnvParkProbe, Default: DefaultParkProbe.String(), Meaning: "How often a stopped queue tries the refused key with a single task."},
		{Name: EnvQueueIsolation, Default: strconv.FormatBool(DefaultQueueIsolation),
			Meaning: "Whether each kind of task has a queue and workers of its own."},
		{Name: EnvWorkers, Default: strconv.Itoa(DefaultWorkers), Meaning: "How many tasks of a queue run at once."},
		{Name: EnvPoolMax, Default: strconv.Itoa(DefaultPoolMax),
			Meaning: "Most database connections of the tasks, which have a pool of their own; one more listens."},
		{Name: EnvPollInterval, Default: DefaultPollInterval.String(), Meaning: "How often a queue is looked at for tasks that are due."},
	}
}
