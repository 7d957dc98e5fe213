package standing

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"holdfast.dev/holdfast/harness/contract"
)

// answers: each answer fits the contract of its route, and is orderly.
func answers() Check {
	return Check{
		Name:  "answers",
		About: "each answer of a known route fits its contract: status, content type, headers, the shape of its body; 503 and 429 say when to come again",
		Begin: func(_ context.Context, s Scene) (Watch, error) {
			a := &answersWatch{contract: s.Contract, target: s.Target}
			return Watch{Answered: a.answered, Ended: a.ended}, nil
		},
	}
}

type answersWatch struct {
	contract *contract.Compiled
	target   string

	mu    sync.Mutex // guards found
	found Finding
}

func (w *answersWatch) answered(a Answer) {
	err := w.contract.Judge(a.Request.Method, a.Request.Path, a.Answer.Status, a.Header, a.Body)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found.Looked++
	if err != nil {
		w.found.Add(Example{At: a.End, What: fmt.Sprintf("an answer to %s %s: %v", methodOf(a.Request.Method), shortened(a.Request.Shown().Path), err), Repeat: a.Curl(w.target)})
	}
}

func (w *answersWatch) ended(e Ended) Finding {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found.Looked = max(w.found.Looked, e.Answers) // those that were like another are known by it
	return w.found
}

func methodOf(method string) string {
	if method == "" {
		return http.MethodGet
	}
	return method
}

// longestPath is how much of a path a sentence shows; what to type has it whole.
const longestPath = 80

func shortened(path string) string {
	if len(path) > longestPath {
		return path[:longestPath] + "…"
	}
	return path
}
