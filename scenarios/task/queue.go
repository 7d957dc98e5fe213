package task

import (
	"context"
	"fmt"
	"net/http"

	"holdfast.dev/holdfast/harness"
)

// drained says whether nothing waits or runs, as the target tells it. One that tells
// it too early is found out by its tasks.
func drained(ctx context.Context, o harness.State) (bool, error) {
	v := newVisitor(o)
	defer v.close()
	code, body, err := v.get(ctx, "/tasks/queue")
	if err != nil {
		return false, fmt.Errorf("ask for the queue: %w", err)
	}
	if code != http.StatusOK {
		return false, fmt.Errorf("ask for the queue: it was answered %d", code)
	}
	c, err := readCounts(body)
	if err != nil {
		return false, fmt.Errorf("ask for the queue: %w", err)
	}
	return c.busy() == 0, nil
}
