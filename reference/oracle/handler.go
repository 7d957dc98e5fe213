package oracle

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"holdfast.dev/holdfast/reference/dberr"
	"holdfast.dev/holdfast/reference/reply"
)

// retryAfter is what a refused client is told to wait.
const retryAfter = time.Second

// ServeHTTP answers GET /projects/{id}/impact: 200 with an [impactBody]; 400 for an
// id that is none; 404 for a project that does not exist; 502 and 504 for an
// oracle's failure where errors are not isolated; 503 with Retry-After when the
// database cannot be reached or is too slow.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	project, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || project < 1 {
		reply.Error(w, http.StatusBadRequest, "bad_id", "a project's id is a whole number above 0")
		return
	}
	impact, err := s.Impact(r.Context(), project)
	if err != nil {
		s.refuse(r.Context(), w, project, err)
		return
	}
	reply.JSON(w, http.StatusOK, impact)
}

// refuse answers with an error.
func (s *Service) refuse(ctx context.Context, w http.ResponseWriter, project int64, err error) {
	var failure *oracleFailure
	switch {
	case ctx.Err() != nil: // nobody is there to read an answer
		reply.Unavailable(w, retryAfter, "canceled", "the request was cancelled")
	case errors.Is(err, errNoProject):
		reply.Error(w, http.StatusNotFound, "no_such_project", "there is no such project")
	case errors.Is(err, errOverloaded):
		s.logger.WarnContext(ctx, "impact has no connection", "project", project, "error", err)
		reply.Unavailable(w, retryAfter, "overloaded", "too many requests at once: try again later")
	case errors.As(err, &failure):
		status := http.StatusBadGateway
		if failure.Class == classTimeout {
			status = http.StatusGatewayTimeout
		}
		reply.Error(w, status, "oracle_"+string(failure.Class), err.Error())
	default:
		s.noDatabase(ctx, w, project, err)
	}
}

// noDatabase answers for an error of the database.
func (s *Service) noDatabase(ctx context.Context, w http.ResponseWriter, project int64, err error) {
	switch dberr.Classify(err) {
	case dberr.Timeout:
		s.logger.WarnContext(ctx, "impact timed out in the database", "project", project, "error", err)
		reply.Unavailable(w, retryAfter, "timeout", "the database took too long: try again later")
	case dberr.Unavailable:
		s.logger.WarnContext(ctx, "impact has no database", "project", project, "error", err)
		reply.Unavailable(w, retryAfter, "database_unavailable", "the database is not available: try again later")
	default:
		s.logger.ErrorContext(ctx, "impact failed", "project", project, "error", err)
		reply.Error(w, http.StatusInternalServerError, "internal", "the oracles could not be asked")
	}
}
