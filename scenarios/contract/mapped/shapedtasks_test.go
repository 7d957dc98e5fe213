package mapped_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
)

// refOf is the reference's id as this service has it.
const refOf = "5d1ac7a2-0c1e-4b7e-9d55-%012x"

// phases are the reference's states as this service has them.
func phases() map[string]string {
	return map[string]string{"pending": "QUEUED", "running": "ACTIVE", "retrying": "BACKING_OFF", "succeeded": "DONE", "failed": "DEAD"}
}

// asks asks the reference, and reads its answer; an answer that is none of success is passed on
// as a problem, and ok is false.
func (s shaped) asks(w http.ResponseWriter, r *http.Request, method, path string, body []byte, into any) (ok bool) {
	request, err := http.NewRequestWithContext(r.Context(), method, s.inner+path, bytes.NewReader(body))
	if err != nil {
		problem(w, http.StatusInternalServerError, err.Error())
		return false
	}
	answer, err := s.client.Do(request)
	if err != nil {
		problem(w, http.StatusBadGateway, err.Error())
		return false
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= http.StatusBadRequest {
		if after := answer.Header.Get("Retry-After"); after != "" {
			w.Header().Set("Retry-After", after)
		}
		problem(w, answer.StatusCode, "refused")
		return false
	}
	if err := json.Unmarshal(text, into); err != nil {
		problem(w, http.StatusBadGateway, err.Error())
		return false
	}
	return true
}

func says(w http.ResponseWriter, status int, data any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
}

// take takes a job on.
func (s shaped) take(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Letter struct{ Address, Title, Content string }
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		problem(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	body, _ := json.Marshal(map[string]any{"kind": "send_batch_email", "messages": []map[string]string{
		{"to": asked.Letter.Address, "subject": asked.Letter.Title, "body": asked.Letter.Content},
	}})
	var made struct{ ID int64 }
	if s.asks(w, r, http.MethodPost, "/tasks", body, &made) {
		says(w, http.StatusCreated, map[string]any{"job": map[string]string{"ref": fmt.Sprintf(refOf, made.ID)}})
	}
}

// job tells of one.
func (s shaped) job(w http.ResponseWriter, r *http.Request) {
	var id int64
	if _, err := fmt.Sscanf(r.PathValue("ref"), refOf, &id); err != nil {
		problem(w, http.StatusNotFound, "there is no such job")
		return
	}
	var is struct {
		State    string
		Attempts int
	}
	if s.asks(w, r, http.MethodGet, "/tasks/"+strconv.FormatInt(id, 10), nil, &is) {
		says(w, http.StatusOK, map[string]any{"phase": phases()[is.State], "tries": map[string]int{"made": is.Attempts}})
	}
}

// backlog counts them.
func (s shaped) backlog(w http.ResponseWriter, r *http.Request) {
	var is map[string]float64
	if s.asks(w, r, http.MethodGet, "/tasks/queue", nil, &is) {
		by := map[string]int{}
		for state, phase := range maps.All(phases()) {
			by[phase] = int(is[state])
		}
		says(w, http.StatusOK, map[string]any{"byPhase": by})
	}
}
