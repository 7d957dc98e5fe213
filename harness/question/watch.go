package question

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
)

// maxNoted bounds the wrong answers that are kept, maxShown those that are shown.
const (
	maxNoted = 16
	maxShown = 3
)

// watch looks after the answers to questions of this form in one experiment after
// the other.
func (f Form[Q]) watch(streams []load.Stream) standing.Check {
	var names []string
	for _, s := range streams {
		if request := s.Expect.Name; request == f.Name {
			names = append(names, s.Name)
		}
	}
	return standing.Check{Name: f.Name, About: f.About, Begin: func(_ context.Context, scene standing.Scene) (standing.Watch, error) {
		w := &watch[Q]{form: f, base: scene.Target, noted: map[string]wrong[Q]{}}
		w.finding.Streams = names
		return standing.Watch{Answered: w.answered, Drained: w.drained, Ended: w.ended}, nil
	}}
}

// watch notes what was answered wrongly, and shrinks it when all is quiet.
type watch[Q any] struct {
	form Form[Q]
	base string

	mu      sync.Mutex // guards the rest
	noted   map[string]wrong[Q]
	finding standing.Finding
}

// wrong is one wrong answer.
type wrong[Q any] struct {
	question Q
	request  load.Request
	example  standing.Example
}

// answered notes a wrong answer, each question once. What was the right answer to a
// stream of this form is not judged again.
func (w *watch[Q]) answered(a standing.Answer) {
	q, ok := w.form.Read(a.Request)
	if !ok {
		return
	}
	answer, class := a.Answer, a.Class
	answer.Asked = a.Request
	if judged := slices.Contains(w.finding.Streams, a.Stream); !judged || class != "" {
		class = w.form.Judge(q, answer)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.finding.Looked++
	if class == "" || class == load.ClassShedByTarget {
		return
	}
	w.finding.Broken++
	id := key(a.Request)
	if _, again := w.noted[id]; again || len(w.noted) >= maxNoted {
		return
	}
	w.noted[id] = wrong[Q]{q, a.Request, standing.Example{
		At: a.Due, What: w.form.Explain(q, answer), Repeat: standing.Curl(w.base, a.Request),
	}}
}

// drained asks what was answered wrongly again, and shows the smallest question
// that still is; one that is answered rightly now is shown as it was.
func (w *watch[Q]) drained(ctx context.Context, _ standing.Settled) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.noted) == 0 {
		return
	}
	ask := newAsker(w.form, w.base)
	defer ask.transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	shown := map[string]bool{}
	for i, one := range w.inOrder() {
		if i == maxShown {
			break
		}
		small, what, still := shrink(ctx, one.question, w.form.Smaller, ask.wrong)
		if !still {
			one.example.What += "; asked again when all was quiet, it was answered rightly"
			w.finding.Examples = append(w.finding.Examples, one.example)
			continue
		}
		repeat := standing.Curl(w.base, w.form.Ask(small))
		if !shown[repeat] {
			w.finding.Examples = append(w.finding.Examples, standing.Example{At: -1, What: what, Repeat: repeat})
		}
		shown[repeat] = true
	}
	w.noted = nil
}

// inOrder are the wrong answers, those to the shortest questions first.
func (w *watch[Q]) inOrder() []wrong[Q] {
	all := make([]wrong[Q], 0, len(w.noted))
	for _, one := range w.noted {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b wrong[Q]) int {
		return cmp.Or(cmp.Compare(len(key(a.request)), len(key(b.request))), cmp.Compare(key(a.request), key(b.request)))
	})
	return all
}

// ended is what was found. What nobody could shrink any more is shown as it was.
func (w *watch[Q]) ended(standing.Ended) standing.Finding {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, one := range w.inOrder() {
		if i == maxShown {
			break
		}
		w.finding.Examples = append(w.finding.Examples, one.example)
	}
	if w.finding.Looked == 0 {
		w.finding.Unseen = fmt.Sprintf("no answer to a question of %s arrived", w.form.Name)
	}
	return w.finding
}
