package mapped_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// effects tells of the sources of a campaign in the shape of this service: what the
// reference answers about a project.
func (s shaped) effects(w http.ResponseWriter, r *http.Request) {
	var id int64
	if _, err := fmt.Sscanf(r.PathValue("campaign"), "00000000-0000-4000-8000-%d", &id); err != nil {
		problem(w, http.StatusNotFound, "no such campaign")
		return
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, fmt.Sprintf("%s/projects/%d/impact", s.inner, id), nil)
	if err != nil {
		problem(w, http.StatusInternalServerError, err.Error())
		return
	}
	answer, err := s.client.Do(request)
	if err != nil {
		problem(w, http.StatusBadGateway, err.Error())
		return
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		problem(w, answer.StatusCode, "refused")
		return
	}
	effected(w, body)
}

// effected writes an answer in the shape of this service: results as a list, states in
// words of its own, problems in place of errors.
func effected(w http.ResponseWriter, body []byte) {
	var told struct {
		Active, Queried int
		Truncated       bool
		Results         map[string]struct {
			Status, Error string
			Data          json.RawMessage
		}
	}
	if err := json.Unmarshal(body, &told); err != nil {
		problem(w, http.StatusBadGateway, err.Error())
		return
	}
	type source struct {
		SourceName string            `json:"sourceName"`
		State      string            `json:"state"`
		Problem    map[string]string `json:"problem,omitempty"`
		Effect     json.RawMessage   `json:"effect,omitempty"`
	}
	sources := []source{}
	for name, r := range told.Results {
		one := source{SourceName: name, State: "ANSWERED", Effect: r.Data}
		if r.Status != "ok" {
			one = source{SourceName: name, State: "GIVEN_UP", Problem: map[string]string{"type": "urn:problem:" + r.Error}}
		}
		sources = append(sources, one)
	}
	slices.SortFunc(sources, func(a, b source) int { return strings.Compare(a.SourceName, b.SourceName) })
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"effects": sources, "meta": map[string]any{"sourceCount": told.Active, "asked": told.Queried, "hasMore": told.Truncated},
	})
}
