package target

import (
	"fmt"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/probe"
)

// elsewhere says where a life that did not get ready listens instead of at the
// address at which it was asked; empty if it listens there, or that is not known.
func (r *Runner) elsewhere(asked string) string {
	sockets := probe.NewSockets(probe.NewTree(probe.TreeConfig{Root: r.PID, Group: r.MemoryDir, Mark: r.Mark}))
	defer sockets.Close()
	all, err := sockets.Look()
	if err != nil {
		return ""
	}
	_, port, _ := strings.Cut(asked, ":")
	var at []string
	for _, s := range all {
		if !s.Listening || s.Network != "tcp" {
			continue
		}
		if fmt.Sprint(s.Local.Port()) == port {
			return ""
		}
		at = append(at, s.Local.String())
	}
	if len(at) == 0 {
		return ", and it listens at no port"
	}
	slices.Sort(at)
	return fmt.Sprintf(", and it listens at %s: tell it the port that it was given, by {port} in its environment or its command", strings.Join(slices.Compact(at), " and "))
}
