package question

import (
	"context"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/load"
)

// Bounds of what is asked again in one experiment.
const (
	maxAsked = 200
	maxTime  = time.Second
	maxBody  = 8 << 20
)

// shrink returns the smallest question that it found to be answered wrongly still,
// and what is wrong with its answer; false if q itself is answered rightly now.
// wrong says what is wrong with the answer to a question, nothing if it is right or
// if there is no time left to ask.
func shrink[Q any](ctx context.Context, q Q, smaller func(Q) iter.Seq[Q], wrong func(context.Context, Q) string) (Q, string, bool) {
	what := wrong(ctx, q)
	if what == "" || smaller == nil {
		return q, what, what != ""
	}
	for again := true; again; {
		again = false
		for candidate := range smaller(q) {
			if found := wrong(ctx, candidate); found != "" {
				q, what, again = candidate, found, true
				break
			}
		}
	}
	return q, what, true
}

// asker asks a live target, so many questions at most and none twice.
type asker[Q any] struct {
	form      Form[Q]
	base      string
	transport *http.Transport // no redirect is followed, as in the load
	left      int             // what is known counts, too, so that shrinking in a circle ends
	known     map[string]string
}

func newAsker[Q any](f Form[Q], base string) *asker[Q] {
	return &asker[Q]{form: f, base: base, transport: &http.Transport{}, left: maxAsked, known: map[string]string{}}
}

// wrong says what is wrong with the answer to q.
func (a *asker[Q]) wrong(ctx context.Context, q Q) string {
	r := a.form.Ask(q)
	if a.left == 0 || ctx.Err() != nil {
		return ""
	}
	a.left--
	if what, asked := a.known[key(r)]; asked {
		return what
	}
	answer, err := a.send(ctx, r)
	if err != nil {
		return ""
	}
	what := ""
	if class := a.form.Judge(q, answer); class != "" && class != load.ClassShedByTarget {
		what = a.form.Explain(q, answer)
	}
	a.known[key(r)] = what
	return what
}

func (a *asker[Q]) send(ctx context.Context, r load.Request) (load.Answer, error) {
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, method, a.base+r.Path, strings.NewReader(string(r.Body)))
	if err != nil {
		return load.Answer{}, err
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	resp, err := a.transport.RoundTrip(req)
	if err != nil {
		return load.Answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	return load.Answer{Status: resp.StatusCode, Header: resp.Header, Body: body, Asked: r}, err
}
