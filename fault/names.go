package fault

import (
	"errors"
	"fmt"
	"strings"

	"holdfast.dev/holdfast/nearest"
)

// find returns the catalogue's row of that name.
func find(name string) (Row, error) {
	rows := Catalogue()
	names := make([]string, len(rows))
	for i, row := range rows {
		if row.Name == name {
			return row, nil
		}
		names[i] = row.Name
	}
	if ours, ok := foreign()[name]; ok {
		row, err := find(ours)
		return Row{}, errors.Join(err, fmt.Errorf("%q is not a kind of fault; here it is called %q and written %q", name, ours, row.Form))
	}
	if ofTLS(name) {
		return Row{}, fmt.Errorf("%q is not a kind of fault: faults of TLS, such as a wrong or an expired certificate, are not supported", name)
	}
	if near := nearest.Name(name, names); near != "" {
		return Row{}, fmt.Errorf("%q is not a kind of fault; did you mean %q?", name, near)
	}
	return Row{}, fmt.Errorf("%q is not a kind of fault; these are: %s", name, strings.Join(names, ", "))
}

// foreign has what the kinds are called by others, and by those who know the
// cause better than the fault. The first lines are Toxiproxy's toxics.
func foreign() map[string]string {
	return map[string]string{
		"latency": "delay", "reset_peer": "reset", "timeout": "black-hole",
		"slow_close": "delay", "limit_data": "limit-data", "down": "refuse",

		"slow": "delay", "lag": "delay", "partition": "black-hole", "drop": "black-hole", "throttle": "bandwidth",
		"error": "status", "abort": "close", "oom": "squeeze", "freeze": "pause", "cpu": "starve", "stress": "starve", "memory": "squeeze",
		"sigkill": "kill", "sigterm": "terminate", "stop": "terminate", "sigstop": "pause",
		"failover": "terminate-backends", "lock": "lock-table", "truncate": "cut", "corrupt": "garbage",
	}
}

// ofTLS reports whether a word asks for a fault of TLS.
func ofTLS(name string) bool {
	return strings.Contains(name, "tls") || strings.Contains(name, "ssl") || strings.Contains(name, "cert") || strings.Contains(name, "handshake")
}

// akin groups kinds that are the same trouble for a client, at different
// places.
func akin() [][]string {
	return [][]string{
		{"hang", "black-hole", "pause", "slow-accept", "lock-table"},
		{"drip", "slicer", "bandwidth"},
		{"cut", "limit-data"},
		{"close", "reset", "terminate-backends", "limit-data"},
		{"lost", "black-hole"},
		{"late", "delay"},
		{"overload", "delay"}, {"status", "sqlstate"},
		{"refuse", "kill", "terminate", "crash"},
		{"overload", "starve", "delay"},
		{"hold-connections", "refuse"},
	}
}
