package fleet

import (
	"fmt"
	"net"
	"slices"
)

// MaySend says which hosts, each HOST:PORT, a worker may not send load to that was started
// for those in allow: HOST, or HOST:PORT.
func MaySend(allow, hosts []string) error {
	for _, host := range hosts {
		name, _, err := net.SplitHostPort(host)
		if err != nil {
			return fmt.Errorf("it may not send load to whom it cannot read: %w", err)
		}
		if !slices.Contains(allow, host) && !slices.Contains(allow, name) {
			return fmt.Errorf("it may not send load to %s: start it with --allow-host %s", host, name)
		}
	}
	return nil
}
