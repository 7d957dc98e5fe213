package target

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/probe"
)

// errElsewhere begins what [Runner.elsewhere] says.
var errElsewhere = errors.New("it listens")

// elsewhere says where a life that did not get ready listens instead of at the
// address at which it was asked, behind the words of errElsewhere; empty if it listens there, or that is not known.
func (r *Runner) elsewhere(asked string) string {
	sockets := probe.NewSockets(probe.NewTree(probe.TreeConfig{Root: r.PID, Group: r.MemoryDir, Mark: r.Mark}))
	defer sockets.Close()
	all, err := sockets.Look()
	if err != nil {
		return ""
	}
	meant, err := netip.ParseAddrPort(asked)
	if err != nil {
		return ""
	}
	var at []string
	what := "the port that it was given, by {port}"
	for _, s := range all {
		if !s.Listening || s.Network != "tcp" {
			continue
		}
		if s.Local.Port() == meant.Port() {
			if local := s.Local.Addr().Unmap(); local == meant.Addr() || local.IsUnspecified() {
				return ""
			}
			what = "the host that it was given, by {host} or {address}"
		}
		at = append(at, s.Local.String())
	}
	if len(at) == 0 {
		return " at no port"
	}
	slices.Sort(at)
	return fmt.Sprintf(" at %s: tell it %s, in its environment or its command", strings.Join(slices.Compact(at), " and "), what)
}
