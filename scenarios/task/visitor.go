package task

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"maps"
	"net/http"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
)

// visitor asks the target by itself, beside the load.
type visitor struct {
	of     *contract.Tasks
	base   string
	start  time.Time
	tell   func(load.Exchange, load.Request, load.Answer) // nil: nobody else asks
	client *http.Client
}

// visitTimeout bounds one question.
const visitTimeout = 2 * time.Second

func newVisitor(o harness.State, of *contract.Tasks) visitor {
	if of.Known != nil {
		known := of.Known(o.Values)
		of = &known
	}
	return visitor{of, o.Target, o.Start, o.Tell, &http.Client{Timeout: visitTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: visitors}}}
}

// ok reports whether a status is one of an answer that tells what was asked.
func ok(status int) bool { return status >= 200 && status < 300 }

func (v visitor) close() { v.client.CloseIdleConnections() }

// mostVisited bounds what is read of an answer.
const mostVisited = 4 << 20

// ask is the answer to a request, which the standing checks are told of, too; the error
// is that there was none.
func (v visitor) ask(ctx context.Context, asked load.Request) (load.Answer, error) {
	r, err := http.NewRequestWithContext(ctx, cmp.Or(asked.Method, http.MethodGet), v.base+asked.Path, bytes.NewReader(asked.Body))
	if err != nil {
		return load.Answer{}, err
	}
	maps.Copy(r.Header, asked.Header)
	x := load.Exchange{Stream: "visits", Method: r.Method, Path: r.URL.Path, Sent: time.Since(v.start)}
	answer, err := v.client.Do(r)
	if err != nil {
		return load.Answer{}, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, mostVisited))
	got := load.Answer{Status: answer.StatusCode, Header: answer.Header, Body: body}
	if err == nil && v.tell != nil {
		x.End, x.Status, x.Due = time.Since(v.start), answer.StatusCode, x.Sent
		v.tell(x, load.Request{Method: r.Method, Path: r.URL.Path}, got)
	}
	return got, err
}
