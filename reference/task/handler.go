package task

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/riverqueue/river"

	"holdfast.dev/holdfast/reference/dberr"
	"holdfast.dev/holdfast/reference/reply"
)

// retryAfter is what a client is told to wait when there is no database.
const retryAfter = time.Second

// Routes adds the tasks' addresses to a mux.
func (s *Service) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /tasks", s.post)
	mux.HandleFunc("GET /tasks/queue", s.getQueue)
	mux.HandleFunc("GET /tasks/{id}", s.getTask)
}

// post answers POST /tasks.
func (s *Service) post(w http.ResponseWriter, r *http.Request) { s.metrics.request(s.takeOn(w, r)) }

// takeOn answers POST /tasks and returns the outcome for the metrics.
func (s *Service) takeOn(w http.ResponseWriter, r *http.Request) string {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return unread(w, err)
	}
	args, err := parse(bytes.NewReader(body))
	if err != nil {
		reply.Error(w, http.StatusBadRequest, requestBad, err.Error())
		return requestBad
	}
	id, err := s.enqueuer.enqueue(r.Context(), args)
	if err != nil {
		return s.failed(w, r, "task not taken on", err)
	}
	reply.JSON(w, http.StatusAccepted, struct {
		ID int64 `json:"id"`
	}{id})
	return requestAccepted
}

// unread answers for a body that did not come whole, and returns the code; how it
// failed tells addresses.
func unread(w http.ResponseWriter, err error) string {
	network, isNetwork := errors.AsType[net.Error](err)
	_, tooLarge := errors.AsType[*http.MaxBytesError](err)
	switch {
	case tooLarge:
		reply.Error(w, http.StatusBadRequest, requestBad, fmt.Sprintf("the body has more than %d bytes", maxBody))
	case isNetwork && network.Timeout():
		reply.Error(w, http.StatusRequestTimeout, requestTimeout, "the body did not come in time")
		return requestTimeout
	default:
		reply.Error(w, http.StatusBadRequest, requestBad, "the body did not come whole")
	}
	return requestBad
}

// getTask answers GET /tasks/{id}.
func (s *Service) getTask(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		reply.Error(w, http.StatusNotFound, "not_found", "there is no such task")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), enqueueTimeout)
	defer cancel()
	job, err := s.client.JobGet(ctx, id)
	switch {
	case errors.Is(err, river.ErrNotFound):
		reply.Error(w, http.StatusNotFound, "not_found", "there is no such task")
	case err != nil:
		s.failed(w, r, "task not read", err)
	default:
		reply.JSON(w, http.StatusOK, statusOf(job))
	}
}

// getQueue answers GET /tasks/queue.
func (s *Service) getQueue(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), enqueueTimeout)
	defer cancel()
	c, err := s.store.count(ctx, queues())
	if err != nil {
		s.failed(w, r, "tasks not counted", err)
		return
	}
	reply.JSON(w, http.StatusOK, c.queue())
}

// failed answers for an error of the database and returns its code.
func (s *Service) failed(w http.ResponseWriter, r *http.Request, what string, err error) string {
	if errors.Is(err, errBacklog) {
		reply.Unavailable(w, retryAfter, requestOverloaded, err.Error()+": try again later")
		return requestOverloaded
	}
	if class := dberr.Classify(err); class == dberr.Unexpected && r.Context().Err() == nil {
		s.logger.ErrorContext(r.Context(), what, "error", err)
		reply.Error(w, http.StatusInternalServerError, requestError, "something went wrong")
		return requestError
	}
	s.logger.WarnContext(r.Context(), what, "error", err)
	reply.Unavailable(w, retryAfter, requestUnavailable, "the database is not available: try again later")
	return requestUnavailable
}
