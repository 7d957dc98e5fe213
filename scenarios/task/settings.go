package task

import (
	"maps"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/scenarios/profile"
)

// mailAPI is the place of the e-mail API.
const mailAPI = "mail_api"

// Numbers of the source, and of the target's own configuration.
const (
	maxAttempts     = 4                // MAX_RETRIES_TASKS = 3, after the first
	sourceCountdown = 60 * time.Second // after an error of the network or the database
	taskWorkers     = 16               // of each queue
	// compressedCountdown is what the countdowns are compressed to.
	compressedCountdown = 200 * time.Millisecond
	// briefCountdown is for tasks that have all their attempts.
	briefCountdown = 100 * time.Millisecond
)

// compressedSettings are settings with the source's countdowns compressed, and more.
func compressedSettings(countdown time.Duration, more map[string]string) map[string]string {
	settings := map[string]string{
		"TASK_NETWORK_COUNTDOWN": countdown.String(), "TASK_DB_COUNTDOWN": countdown.String(), "TASK_RESCUE_AFTER": "1s",
	}
	maps.Copy(settings, more)
	return settings
}

// compressedTimes says what [compressedSettings] compresses.
func compressedTimes(countdown time.Duration) []result.Compressed {
	all := []result.Compressed{profile.Compressed("silence after which a worker is taken for dead", 30*time.Second, time.Second)}
	if countdown < sourceCountdown {
		all = append(all, profile.Compressed("countdown before a retry", sourceCountdown, countdown))
	}
	return all
}
