package emailapi

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"holdfast.dev/holdfast/fakes/host"
)

// KeyState is what an API key may do.
type KeyState int

// The states of an API key.
const (
	Valid       KeyState = iota // everything
	SendingOnly                 // send; anything else is refused as restricted_api_key
	Restricted                  // nothing: refused as restricted_api_key
	Suspended                   // nothing: refused as suspended_api_key
	Revoked                     // nothing: refused as validation_error, as a key that is not known
)

// String returns the state as the control API writes it.
func (s KeyState) String() string {
	names := keyStates()
	if s < 0 || int(s) >= len(names) {
		return "unknown"
	}
	return names[s]
}

func keyStates() []string {
	return []string{"valid", "sending-only", "restricted", "suspended", "revoked"}
}

// ParseKeyState reads what String writes.
func ParseKeyState(text string) (KeyState, error) {
	for i, name := range keyStates() {
		if name == text {
			return KeyState(i), nil
		}
	}
	return 0, fmt.Errorf("%q is no state of an API key; want one of %v", text, keyStates())
}

// Key is an API key. None of them is a secret: they open this fake only.
type Key struct {
	Text  string
	State KeyState // at the start
	// Changes are further states, from some time on, in order: a key that is
	// revoked in mid-run, or one that replaces it and is valid from then on.
	Changes []KeyChange
}

// KeyChange is a state from a time on.
type KeyChange struct {
	At    time.Duration // since the start of the run
	State KeyState
}

// at returns the key's state at a time.
func (k Key) at(t time.Duration) KeyState {
	state := k.State
	for _, c := range k.Changes {
		if t >= c.At {
			state = c.State
		}
	}
	return state
}

// Config is how the fake runs.
type Config struct {
	host.Config
	// Keys are the API keys that are known. Defaults to letting any key in.
	Keys []Key
	// RatePerSecond is how many requests all keys together may make in each
	// second. Defaults to no limit.
	RatePerSecond int
	// DailyQuota and MonthlyQuota are how many mails may be sent in a day and in
	// a month, by UTC. Default to no limit.
	DailyQuota, MonthlyQuota int
	// Domains are those that mail may come from. Defaults to any.
	Domains []string
	// Echo has the refusal of an address quote it, as many APIs do: what they say is then as
	// long as what they were told, and in any script.
	Echo bool
	// IdempotencyTTL is how long an idempotency key is remembered. Defaults to 24
	// hours.
	IdempotencyTTL time.Duration
	// KeepMails is how many of the latest mails GET /emails/{id} knows, within 64
	// MiB of text. Defaults to 10,000.
	KeepMails int
	// KeepCallBytes is how much [Server.Calls] may hold, in bytes. Defaults to 256 MiB.
	KeepCallBytes int
}

// maxBody is the default of [host.Config.MaxBody] here: 40 MB of attachments as they are
// sent, with the text beside them.
const maxBody = 44 << 20

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Start.IsZero() {
		c.Start = c.Now()
	}
	c.MaxBody = cmp.Or(c.MaxBody, maxBody)
	c.IdempotencyTTL = cmp.Or(c.IdempotencyTTL, 24*time.Hour)
	c.KeepMails = cmp.Or(c.KeepMails, 10_000)
	c.KeepCallBytes = cmp.Or(c.KeepCallBytes, 256<<20)
	return c
}

// Validate reports all that is wrong with the configuration.
func (c Config) Validate() error {
	errs := []error{c.Config.Validate()}
	if c.RatePerSecond < 0 || c.DailyQuota < 0 || c.MonthlyQuota < 0 || c.KeepMails < 0 || c.KeepCallBytes < 0 || c.IdempotencyTTL < 0 {
		errs = append(errs, errors.New("limits must not be below 0"))
	}
	seen := map[string]bool{}
	for i, k := range c.Keys {
		if k.Text == "" || seen[k.Text] {
			errs = append(errs, fmt.Errorf("API key number %d is empty or there twice", i+1))
		}
		seen[k.Text] = true
		for j, change := range k.Changes {
			if j > 0 && change.At < k.Changes[j-1].At {
				errs = append(errs, fmt.Errorf("API key number %d: its changes are not in order", i+1))
			}
		}
	}
	return errors.Join(errs...)
}
