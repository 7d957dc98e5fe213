package manifest

import (
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"holdfast.dev/holdfast/fakes/stub"
)

// relay has passed on what no route is for, and what the routes are for that have no
// response.
func (c *compiler) relay(path string, h HTTP, config *stub.Config) {
	if h.Relay == nil {
		return
	}
	for i, row := range h.Routes {
		config.Routes[i].PassOn = reflect.ValueOf(row.Value.Response).IsZero()
	}
	relay := stub.Relay{To: string(h.Relay.To), Timeout: time.Duration(h.Relay.Timeout)}
	if h.Relay.Record != "" {
		file := h.Relay.Record
		if !filepath.IsAbs(file) && c.options.Relay == nil {
			file = filepath.Join(filepath.Dir(c.Path), file)
		}
		record, err := NewRecord(file, relay.Host())
		if err != nil {
			c.report.Say(strings.TrimPrefix(path+".relay.record", "."), "%v", err)
			return
		}
		relay.Recorder = record
	}
	*config = config.Relaying(relay)
}
