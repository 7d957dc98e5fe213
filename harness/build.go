package harness

import (
	"context"
	"fmt"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/target"
)

// build makes the programs of the target, once for all experiments of the session.
func (s *Session) build(ctx context.Context) error {
	launch := s.cfg.Target
	if len(launch.Processes) == 0 {
		return nil
	}
	built, err := target.Build(ctx, launch.Processes, target.BuildConfig{
		PassEnv: launch.PassEnv, Secrets: texts(declared(launch.Values)), Journal: s.journal,
	})
	for _, b := range built {
		s.say(fmt.Sprintf("built %s by %s in %s", strings.Join(b.Processes, ", "), strings.Join(b.Command, " "), b.Took.Round(time.Millisecond)))
	}
	return err
}
