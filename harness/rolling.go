package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
)

// rolling is the place of an instance of several that does one thing as a deploy does it:
// asked to end is an instance only while another one is ready. How long one that was
// ended before takes to be back is the machine's affair, and that nobody is there
// meanwhile would be held against the target.
type rolling struct {
	chaos.Place
	others []*instance
}

// Apply waits for another instance before it asks this one to end. The error wraps that
// of ctx where none is ready in time.
func (r rolling) Apply(ctx context.Context, f fault.Fault) (chaos.Applied, error) {
	if f.Kind.Name() == (fault.Terminate{}).Name() {
		if err := r.await(ctx); err != nil {
			return nil, err
		}
	}
	return r.Place.Apply(ctx, f)
}

var errNoOther = errors.New("no other instance was ready")

// await returns when another instance is ready.
func (r rolling) await(ctx context.Context) error {
	look := time.NewTicker(lookForOther)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", errNoOther, context.Cause(ctx))
		case <-look.C:
		}
		if slices.ContainsFunc(r.others, (*instance).up) {
			return nil
		}
	}
}

// lookForOther is how often it is looked whether another instance is ready: not at once,
// for one that was ended just now is seen to be gone a moment later.
const lookForOther = 5 * time.Millisecond

// up reports whether an instance is there, and ready where we have started it again: when
// one is that its own restart policy has started is its own affair.
func (i *instance) up() bool {
	lives := i.Ends()
	return !i.coming.Load() && len(lives) > 0 && lives[len(lives)-1].EndS == nil
}

// rolling is the place of one instance alone, where there are others of its program.
func (st *setup) rolling(place chaos.Place, one *instance) chaos.Place {
	others := slices.DeleteFunc(st.instancesOf(one.part), func(other *instance) bool { return other == one })
	if len(others) == 0 {
		return place
	}
	return rolling{place, others}
}
