package task

import (
	"context"
	"errors"
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
func (s *Service) post(w http.ResponseWriter, r *http.Request) {
	args, err := parse(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		reply.Error(w, http.StatusBadRequest, "bad_task", err.Error())
		return
	}
	id, err := s.enqueuer.enqueue(r.Context(), args)
	if err != nil {
		s.failed(w, r, "task not taken on", err)
		return
	}
	reply.JSON(w, http.StatusAccepted, struct {
		ID int64 `json:"id"`
	}{id})
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

// failed answers for an error of the database.
func (s *Service) failed(w http.ResponseWriter, r *http.Request, what string, err error) {
	if errors.Is(err, errBacklog) {
		reply.Unavailable(w, retryAfter, "overloaded", err.Error()+": try again later")
		return
	}
	if class := dberr.Classify(err); class == dberr.Unexpected && r.Context().Err() == nil {
		s.logger.ErrorContext(r.Context(), what, "error", err)
		reply.Error(w, http.StatusInternalServerError, "internal", "something went wrong")
		return
	}
	s.logger.WarnContext(r.Context(), what, "error", err)
	reply.Unavailable(w, retryAfter, "database_unavailable", "the database is not available: try again later")
}
