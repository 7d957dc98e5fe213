package fleet

import (
	"fmt"
	"net"
	"slices"
	"strings"
)

// MaySend says which hosts, each HOST:PORT, a worker may not send load to that was started
// for those in allow: HOST, or HOST:PORT, in capitals or not.
func MaySend(allow, hosts []string) error {
	for _, host := range hosts {
		name, _, err := net.SplitHostPort(host)
		if err != nil {
			return fmt.Errorf("it may not send load to whom it cannot read: %w", err)
		}
		named := func(one string) bool { return strings.EqualFold(one, host) || strings.EqualFold(one, name) }
		if !slices.ContainsFunc(allow, named) {
			return fmt.Errorf("it may not send load to %s: start it with --allow-host %s", host, name)
		}
	}
	return nil
}
