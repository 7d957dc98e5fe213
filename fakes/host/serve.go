package host

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fakes/journal"
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
		Conn: c.id, Reused: reused, Odd: call.Odd,
		Method: r.Method, Path: r.URL.Path, Header: r.Header, Body: body,
	})
	call.Attempt = call.ticket.Attempt
	if noter, ok := h.api.(Noter); ok {
		noter.Note(&call)
	}
	plan := h.faults.Plan(httpfault.Request{
		Key: call.Group + "/" + call.Key, Attempt: call.Attempt, Arrival: call.ticket.Hit, Names: call.Names, Reused: reused,
	})
	h.carryOut(w, &call, plan)
}

// carryOut does the work, and sends what there is to send.
func (h *Host) carryOut(w http.ResponseWriter, call *Call, plan *httpfault.Plan) {
	ticket := call.ticket
	answer, err := h.answer(call, plan)
	if err != nil {
		h.end(ticket, call.sent, plan, httpfault.Gone, 0)
		// Or else net/http would answer 200 when a held request ends because the
		// host closes.
		panic(http.ErrAbortHandler)
	}
	status, sent := answer.Status, call.sent
	send, err := plan.Take(h.ctx, w, answer)
	switch {
	case err != nil:
		h.end(ticket, sent, plan, httpfault.Gone, status)
	case send != nil: // apart: a held connection costs less without its request
		h.work.Go(func() { h.end(ticket, sent, plan, send(), status) })
	case httpfault.Write(w, answer) != nil:
		h.end(ticket, sent, plan, httpfault.Gone, status)
	default:
		h.end(ticket, sent, plan, httpfault.Whole, status)
	}
}

// answer does the work, lets pass the time that faults want, and returns what
// there is to say; an error if the client has let go meanwhile.
func (h *Host) answer(call *Call, plan *httpfault.Plan) (*httpfault.Answer, error) {
	ctx := call.Request.Context()
	stuck := plan.Stuck()
	if stuck {
		if err := plan.Wait(ctx); err != nil {
			return nil, err
		}
	}
	var answer httpfault.Answer
	if plan.Refused() {
		answer = h.api.Refuse(http.StatusServiceUnavailable, "")
	} else {
		answer = h.api.Serve(call)
	}
	defer call.finish()
	if call.takes > 0 {
		if pause(ctx, call.takes); ctx.Err() != nil {
			return nil, httpfault.ErrGone
		}
	}
	if !stuck {
		if err := plan.Wait(ctx); err != nil {
			return nil, err
		}
	}
	answer.Self = call.Request.URL.RequestURI()
	plan.Change(&answer)
	if answer.Unrendered {
		h.render(&answer)
	}
	return &answer, nil
}

// end notes how a request ended, and tells who wants to know, if anybody.
func (h *Host) end(ticket journal.Ticket, over func(), plan *httpfault.Plan, sent httpfault.Sent, status int) {
	outcome := journal.Abandoned
	switch sent {
	case httpfault.Whole:
		outcome = journal.Answered
	case httpfault.Torn:
		outcome = journal.Cut
	}
	h.journal.End(ticket, outcome, status, h.journal.FaultSet(plan.Fired()))
	plan.Done()
	if over != nil {
		over()
	}
}

func (c *Call) finish() {
	if c.done != nil {
		c.done()
		c.done = nil
	}
}

// render gives an answer that a fault asked for the API's own shape.
func (h *Host) render(a *httpfault.Answer) {
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
	_ = httpfault.Write(w, &answer) // whoever sent this may be gone
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
