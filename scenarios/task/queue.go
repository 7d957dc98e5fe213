package task

import (
	"context"
	"fmt"

	"holdfast.dev/holdfast/harness"
)

// drained says whether nothing waits or runs, as the target tells it of its queue. One that
// tells it too early is found out by its tasks; where the counts may not be of all tasks, each
// that was taken on must be over, too.
func (s *service) drained(ctx context.Context, o harness.State) (bool, error) {
	v := newVisitor(o, &s.Tasks)
	defer v.close()
	if s.Queue.Path == "" {
		return companionOf(o).idle(ctx, v)
	}
	a, err := v.ask(ctx, v.of.Queue)
	if err != nil {
		return false, fmt.Errorf("ask for the queue: %w", err)
	}
	if !ok(a.Status) {
		return false, fmt.Errorf("ask for the queue: it was answered %d", a.Status)
	}
	c, err := s.ReadCounts(a.Body)
	if err != nil {
		return false, fmt.Errorf("ask for the queue: %w", err)
	}
	if c.Busy() > 0 || s.MostCounted > 0 {
		return c.Busy() == 0, nil
	}
	return companionOf(o).idle(ctx, v)
}
