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
	start := time.Now()
	outcome := s.answer(w, r)
	s.metrics.answered(outcome, time.Since(start))
}

// answer answers and returns the outcome for the metrics.
func (s *Service) answer(w http.ResponseWriter, r *http.Request) string {
	project, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || project < 1 {
		reply.Error(w, http.StatusBadRequest, requestBadID, "a project's id is a whole number above 0")
		return requestBadID
	}
	impact, err := s.Impact(r.Context(), project)
	if err != nil {
		return s.refuse(r.Context(), w, project, err)
	}
	reply.JSON(w, http.StatusOK, impact)
	return requestOK
}

// refuse answers with an error and returns its code.
func (s *Service) refuse(ctx context.Context, w http.ResponseWriter, project int64, err error) string {
	var failure *oracleFailure
	switch {
	case ctx.Err() != nil: // nobody is there to read an answer
		reply.Unavailable(w, retryAfter, requestCanceled, "the request was cancelled")
		return requestCanceled
	case errors.Is(err, errNoProject):
		reply.Error(w, http.StatusNotFound, requestNoProject, "there is no such project")
		return requestNoProject
	case errors.Is(err, errOverloaded):
		s.logger.WarnContext(ctx, "impact has no connection", "project", project, "error", err)
		reply.Unavailable(w, retryAfter, requestOverloaded, "too many requests at once: try again later")
		return requestOverloaded
	case errors.As(err, &failure):
		status := http.StatusBadGateway
		if failure.Class == classTimeout {
			status = http.StatusGatewayTimeout
		}
		reply.Error(w, status, requestOracle(failure.Class), err.Error())
		return requestOracle(failure.Class)
	default:
		return s.noDatabase(ctx, w, project, err)
	}
}

// noDatabase answers for an error of the database and returns its code.
func (s *Service) noDatabase(ctx context.Context, w http.ResponseWriter, project int64, err error) string {
	switch dberr.Classify(err) {
	case dberr.Timeout:
		s.logger.WarnContext(ctx, "impact timed out in the database", "project", project, "error", err)
		reply.Unavailable(w, retryAfter, requestTimeout, "the database took too long: try again later")
		return requestTimeout
	case dberr.Unavailable:
		s.logger.WarnContext(ctx, "impact has no database", "project", project, "error", err)
		reply.Unavailable(w, retryAfter, requestUnavailable, "the database is not available: try again later")
		return requestUnavailable
	default:
		s.logger.ErrorContext(ctx, "impact failed", "project", project, "error", err)
		reply.Error(w, http.StatusInternalServerError, requestError, "the oracles could not be asked")
		return requestError
	}
}
