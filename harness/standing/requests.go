package standing

import (
	"context"
	"time"
)

// Judged is what an API that the target calls says of the requests that arrived there.
type Judged struct {
	// Requests are those that were held against the API's description, Invalid those of
	// them that are not as it says, First the first few of these, each of another kind.
	Requests, Invalid int64
	First             []Example
}

// requests: each request of the target to an API that has a description is as that says.
// It is the counterpart of answers: there the target keeps its own promise, here somebody
// else's.
func requests() Check {
	return Check{
		Name:  "requests",
		About: "each request of the target to an API with a description is as that says: path and method, parameters, credentials, media type, body",
		Begin: func(_ context.Context, s Scene) (Watch, error) {
			var apis []func(time.Time) Judged
			for _, o := range s.Outside {
				if o.Judged != nil {
					apis = append(apis, o.Judged)
				}
			}
			if len(apis) == 0 {
				return Watch{}, errUnseen("no API that the target calls has a description")
			}
			return Watch{Ended: func(e Ended) Finding {
				f := Finding{Unseen: "no request came to an API that has a description"}
				for _, judged := range apis {
					j := judged(e.Start)
					f.Looked += j.Requests
					f.Examples = append(f.Examples, j.First[:min(len(j.First), MostExamples-len(f.Examples))]...)
					f.Broken += j.Invalid
				}
				return f
			}}, nil
		},
	}
}
