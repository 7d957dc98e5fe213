package adapter

import (
	"bytes"

	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/redact"
)

// relaying makes the relay of a stub, if it has one, as careful as the run is with what
// belongs to somebody else, and keeps the run's secrets from its recorder.
func relaying(c *stub.Config, o harness.Opening) {
	if c.Relay == nil {
		return
	}
	relay := *c.Relay
	if !o.AllowLoad {
		relay.ReadOnly, relay.PerSecond = true, harness.PoliteRate
	}
	if relay.Recorder != nil {
		relay.Recorder = unsecret{relay.Recorder, secretsAmong(o.Values)}
	}
	c.Relay = &relay
}

// unsecret is a recorder that is told no secret of the run.
type unsecret struct {
	stub.Recorder
	secrets *redact.Known
}

// See implements [stub.Recorder].
func (u unsecret) See(p stub.Passed) {
	if text := u.secrets.Text(string(p.Body)); text != string(p.Body) {
		p.Body = bytes.Clone([]byte(text))
	}
	p.Path = u.secrets.Text(p.Path)
	u.Recorder.See(p)
}
