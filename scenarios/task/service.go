package task

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// What times are compressed to.
const (
	compressedCountdown = 200 * time.Millisecond
	// briefCountdown is for tasks that have all their attempts.
	briefCountdown = 100 * time.Millisecond
)

// service is the tasks of a service as one scenario knows them: it takes note of what
// the scenario sets, and of what it needs to know and nobody told.
type service struct {
	contract.Tasks
	set    harness.Scenario                   // its settings alone
	times  map[contract.Setting]time.Duration // that it sets
	order  []contract.Setting                 // of those that are compressed
	parks  bool                               // a refused key stops the queue
	untold []contract.Untold
	unset  []string // what would be in its way, and nobody told how it is set
	left   []string // what it does not look at, for the service tells nothing of it
}

// key is where tasks are told.
const key = "contracts.tasks."

// needs takes note of something that nobody told.
func (s *service) needs(what, example string) {
	u := contract.Untold{Key: key + what, Example: example}
	if !slices.Contains(s.untold, u) {
		s.untold = append(s.untold, u)
	}
}

// leave takes note of something that is not looked at.
func (s *service) leave(what string) {
	if !slices.Contains(s.left, what) {
		s.left = append(s.left, what)
	}
}

// give sets something that would be in the scenario's way. Where it cannot be set, it is as
// it is.
func (s *service) give(setting contract.Setting, value string) {
	knob := s.Settings[setting]
	if !knob.Settable() {
		if !slices.Contains(s.unset, string(setting)) {
			s.unset = append(s.unset, string(setting))
		}
		return
	}
	knob.Set(&s.set, value)
}

// bound sets a time that the scenario is about, which the result tells of where it is
// shorter than nobody sets it.
func (s *service) bound(setting contract.Setting, d time.Duration) {
	if !s.Settings[setting].Settable() {
		s.needs("settings."+string(setting), "{ NAME: \"{ms}\" }, the variable that sets it")
		return
	}
	s.give(setting, d.String())
	if s.times == nil {
		s.times = map[contract.Setting]time.Duration{}
	}
	s.times[setting] = d
	if !slices.Contains(s.order, setting) {
		s.order = append(s.order, setting)
	}
}

// time is what a time is: as the scenario sets it, or else as it is anyway.
func (s *service) time(setting contract.Setting) time.Duration {
	if d, ok := s.times[setting]; ok {
		return d
	}
	return s.Settings[setting].Is
}

// rescue has a worker that is dead be missed so soon.
func (s *service) rescue(after time.Duration) { s.bound(contract.RescueAfter, after) }

// missed has a worker that is dead be missed within a second, where that can be set.
func (s *service) missed() {
	if s.Settings[contract.RescueAfter].Settable() {
		s.rescue(time.Second)
	}
}

// compress makes the countdowns so short. Ours misses a worker by its silence, and may do so
// soon anywhere; where it is how long a task may take, a machine that is busy would have each
// task done twice.
func (s *service) compress(countdown time.Duration) {
	if !s.OnlyTo {
		s.missed()
	}
	s.bound(contract.NetworkCountdown, countdown)
	s.give(contract.DatabaseCountdown, countdown.String())
}

// park has a refused key stop the queue.
func (s *service) park() {
	s.give(contract.ParkRefusedKey, "true")
	s.parks = true
}

// stopsForKeysOnly has a refused key stop the queue where that can be set, in a scenario in
// which no key is refused: whatever else is wrong must not stop it.
func (s *service) stopsForKeysOnly() {
	if s.Settings[contract.ParkRefusedKey].Settable() {
		s.give(contract.ParkRefusedKey, "true")
	}
}

// timeNames are what the times are called that may be compressed.
var timeNames = map[contract.Setting]string{
	contract.RescueAfter: "silence after which a worker is taken for dead", contract.NetworkCountdown: "countdown before a retry",
	contract.SendTimeout: "timeout of a call", contract.Drain: "time for tasks in hand at a stop", contract.LongestRetryAfter: "longest Retry-After that is followed",
	contract.ParkProbe: "wait before a stopped queue tries its key",
}

// compressed are the times that are shorter than where nobody sets them.
func (s *service) compressed() []result.Compressed {
	var all []result.Compressed
	for _, setting := range s.order {
		if is := s.Settings[setting].Is; is > s.times[setting] {
			all = append(all, profile.Compressed(timeNames[setting], is, s.times[setting]))
		}
	}
	return all
}

// attempts is how often a task is tried at most.
func (s *service) attempts() int { return s.Retries + 1 }

// limits are the numbers of the service that its tasks are held against.
func (s *service) limits() limits {
	return limits{attempts: s.attempts(), batch: s.Batch, workers: s.Workers}
}

// limits are how often a task is tried at most, how many mails a call may ask for, and
// how many tasks of a kind are done at once.
type limits struct{ attempts, batch, workers int }

// in completes a scenario with what was set; one of which something was not told cannot
// be run.
func (s *service) in(sc harness.Scenario) harness.Scenario {
	if len(s.untold) > 0 {
		return harness.Scenario{
			Name: sc.Name, Claim: sc.Claim, Protections: sc.Protections, Headline: sc.Headline, Slow: sc.Slow, Lacks: contract.Lines(s.untold),
		}
	}
	if len(s.unset) > 0 {
		sc.World = sc.World.With(contract.NotSet, strings.Join(s.unset, ", "))
	}
	if len(s.left) > 0 {
		sc.World = sc.World.With(contract.NotLookedAt, strings.Join(s.left, ", "))
	}
	sc.Settings, sc.SettingsIn, sc.Compressed = maps.Clone(s.set.Settings), s.set.SettingsIn, s.compressed()
	if s.In != nil {
		return s.In(sc)
	}
	return sc
}

// spelt is a number in a sentence.
func spelt(n int) string {
	words := []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}
	if n < len(words) {
		return words[n]
	}
	return strconv.Itoa(n)
}

// search is what the same program answers beside its tasks, and a term of it.
func (s *service) search() (contract.Search, contract.Term) {
	if s.Beside == nil {
		s.untold = append(s.untold, contract.Untold{Key: "contracts.search", Example: "the search that tasks must not hold up"})
		return contract.Search{
			In:     func(sc harness.Scenario) harness.Scenario { return sc },
			Stream: func(string, load.Profile, contract.Draw) load.Stream { return load.Stream{} },
		}, contract.Term{}
	}
	some, _ := s.Beside.Term(contract.Some)
	return *s.Beside, some
}
