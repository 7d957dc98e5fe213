package standing

import (
	"context"
	"fmt"

	"holdfast.dev/holdfast/harness/result"
)

// stops is that a target which has nothing to do ends when it is asked to: what waits for
// ever holds up each deploy, and is killed in the middle of what it does.
//
// It is asked when the load is over, its work is done and all that it depends on is there.
// How long it then has is the target's own grace.
func stops() Check {
	return Check{
		Name:  "stops",
		About: "when all work is done and it is asked to end, by SIGTERM, the target ends before its grace is over",
		Begin: func(context.Context, Scene) (Watch, error) { return Watch{Ended: stopped}, nil },
	}
}

func stopped(e Ended) Finding {
	f := Finding{Unseen: "it was not the harness that ended it"}
	if !e.Complete {
		f.Unseen = "the experiment was cut short"
		return f
	}
	for _, end := range e.Ends {
		if !end.Expected || end.EndS == nil {
			continue
		}
		f.Looked++
		if end.GraceS > 0 {
			f.Add(Example{At: result.Seconds(*end.EndS), What: fmt.Sprintf(
				"%s was there still %g s after SIGTERM, and was killed: does its first process heed that, or pass it on?", end.Program(), end.GraceS)})
		}
	}
	return f
}
