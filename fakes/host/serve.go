package host

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	"holdfast/fakes/fault"
	"holdfast/fakes/journal"
)

// ServeHTTP answers one request, as faults let it.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.work.Add(1)
	defer h.work.Done()
	c, _ := r.Context().Value(connKey{}).(*conn)
	body, err := h.read(w, r)
	if err != nil {
		h.unreadable(w, err)
		return
	}
	call := Call{Identity: h.api.Identify(r, body), Request: r, Body: body, Now: h.config.Now(), journal: h.journal}
	reused := c.served.Add(1) > 1
	call.ticket = h.journal.Begin(journal.Arrival{
		Group: call.Group, Key: call.Key, Attempt: stamped(r),
		Conn: c.id, Reused: reused,
		Method: r.Method, Path: r.URL.Path, Header: r.Header, Body: body,
	})
	call.Attempt = call.ticket.Attempt
	plan := h.faults.Plan(fault.Request{
		Key: call.Group + "/" + call.Key, Attempt: call.Attempt, Names: call.Names, Reused: reused,
	})
	outcome, status := h.answer(w, &call, plan)
	h.journal.End(call.ticket, outcome, status, h.journal.FaultSet(plan.Fired()))
	plan.Done()
	if outcome == journal.Abandoned {
		// Or else net/http would answer 200 when a held request ends because the
		// host closes.
		panic(http.ErrAbortHandler)
	}
}

// answer does the work and sends what there is to send.
func (h *Host) answer(w http.ResponseWriter, call *Call, plan *fault.Plan) (journal.Outcome, int) {
	ctx := call.Request.Context()
	if plan.Stuck() {
		if err := plan.Wait(ctx); err != nil {
			return journal.Abandoned, 0
		}
	}
	var answer fault.Answer
	if plan.Refused() {
		answer = h.api.Refuse(http.StatusServiceUnavailable, "")
	} else {
		answer = h.api.Serve(call)
	}
	answer.Self = call.Request.URL.RequestURI()
	if !plan.Stuck() {
		if err := plan.Wait(ctx); err != nil {
			call.finish()
			return journal.Abandoned, 0
		}
	}
	call.finish()
	plan.Change(&answer)
	if answer.Unrendered {
		h.render(&answer)
	}
	switch plan.Send(w, call.Request, &answer) {
	case fault.Whole:
		return journal.Answered, answer.Status
	case fault.Torn:
		return journal.Cut, answer.Status
	default:
		return journal.Abandoned, answer.Status
	}
}

func (c *Call) finish() {
	if c.done != nil {
		c.done()
		c.done = nil
	}
}

// render gives an answer that a fault asked for the API's own shape.
func (h *Host) render(a *fault.Answer) {
	own := h.api.Refuse(a.Status, a.Name)
	own.Self, own.Wrong = a.Self, a.Wrong
	for name, values := range a.Header {
		own.SetHeader(name, values[0])
	}
	*a = own
}

// read reads the body, up to the bound.
func (h *Host) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Body == http.NoBody {
		return nil, nil
	}
	return io.ReadAll(http.MaxBytesReader(w, r.Body, h.config.MaxBody))
}

// unreadable answers a request that could not be read.
func (h *Host) unreadable(w http.ResponseWriter, err error) {
	h.malformed.Add(1)
	status := http.StatusBadRequest
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		status = http.StatusRequestEntityTooLarge
	}
	answer := h.api.Refuse(status, "")
	_ = fault.Write(w, &answer) // whoever sent this may be gone
}

// stamped returns the attempt that the client stamped on the request; 0 if none.
func stamped(r *http.Request) int {
	values := r.Header["X-Attempt"]
	if len(values) == 0 {
		return 0
	}
	n, err := strconv.Atoi(values[0])
	if err != nil || n < 1 || n > 65535 {
		return 0
	}
	return n
}
