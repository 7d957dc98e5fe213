package mapped_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"holdfast.dev/holdfast/harness/database/databasetest"
	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/reference/server"
)

// asShaped makes the test's program a service of another shape: other routes, bodies in
// place of queries, nested JSON in camel case, UUIDs, 201, and errors as RFC 9457 has
// them. What it does is the reference's.
const asShaped = "HOLDFAST_TEST_SHAPED"

// asReference makes the test's program the reference as it is: its first argument.
const asReference = "reference"

var databases databasetest.Server

func TestMain(m *testing.M) {
	does := ""
	if len(os.Args) > 1 {
		does = os.Args[1]
	}
	run := serveShaped
	switch {
	case does == asReference:
		run = serveReference
	case os.Getenv(asShaped) == "":
		os.Exit(databases.Run(m))
	case does == "seed":
		run = seedShaped
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serveReference(ctx context.Context) error {
	return server.Run(ctx, os.Getenv, io.Discard, os.Stderr)
}

func seedShaped(ctx context.Context) error {
	projects, err := strconv.ParseInt(os.Args[2], 10, 64)
	if err != nil {
		return err
	}
	return schema.Seed(ctx, os.Getenv("PG_URL"), schema.Params{Projects: projects, Seed: 1})
}

// shaped is the service; inner is where the reference answers.
type shaped struct {
	inner  string
	client *http.Client
}

// serveShaped serves until ctx ends: first the outer, then the inner.
func serveShaped(ctx context.Context) error {
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- server.Run(inner, innerEnv, io.Discard, os.Stderr) }()
	s := shaped{"http://127.0.0.1:" + os.Getenv("INNER"), &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2}}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v2/catalog/find", s.find)
	mux.HandleFunc("GET /api/v2/campaigns/{campaign}/effects", s.effects)
	mux.HandleFunc("GET /alive", s.alive)
	mux.HandleFunc("POST /api/v2/jobs", s.take)
	mux.HandleFunc("GET /api/v2/jobs/{ref}", s.job)
	mux.HandleFunc("GET /api/v2/backlog", s.backlog)
	mux.HandleFunc("POST /relay/emails/batch", s.relay)
	outer := &http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT"), Handler: mux}
	go func() {
		<-ctx.Done()
		_ = outer.Shutdown(inner) // who is being served is served
		stop()
	}()
	if err := outer.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-ended
}

// innerEnv are the reference's variables by the names of this service.
func innerEnv(name string) string {
	if name == "LISTEN_ADDR" {
		return "127.0.0.1:" + os.Getenv("INNER")
	}
	own := map[string]string{
		"DATABASE_URL": "PG_URL", "MAX_SEARCH_RESULTS": "PAGE_SIZE", "SEARCH_STATEMENT_TIMEOUT": "QUERY_TIMEOUT_MS", "SEARCH_ACQUIRE_TIMEOUT": "POOL_WAIT_MS",
		"SEARCH_MAX_QUEUED": "BACKLOG", "DB_POOL_MAX": "POOL_SIZE", "SEARCH_MAX_CONCURRENT": "PARALLEL",
		"MAX_ORACLES_PER_PROJECT": "MOST_SOURCES", "DEFAULT_API_TIMEOUT": "SOURCE_TIMEOUT", "ORACLE_OVERALL_DEADLINE": "EFFECTS_DEADLINE",
		"ORACLE_BREAKER_FAILURES": "TRIP_AFTER", "ORACLE_BREAKER_COOLDOWN": "TRIP_FOR", "ORACLE_HOST_MAX_IN_FLIGHT": "PER_HOST", "ORACLE_MAX_AGE": "SOURCE_AGE", "ORACLE_REDIRECT_LIMIT": "LED_ON",
		"EMAIL_API_URL": "MAIL_URL", "EMAIL_API_KEY": "MAIL_KEY", "EMAIL_FROM": "MAIL_FROM", "TASK_NETWORK_COUNTDOWN": "RETRY_WAIT_MS", "TASK_DB_COUNTDOWN": "DB_RETRY_WAIT_MS",
		"TASK_SEND_TIMEOUT": "SEND_MS", "TASK_MAX_RETRY_AFTER": "PATIENCE_MS", "TASK_RESCUE_AFTER": "SILENCE_MS",
		"TASK_CLASSIFY_ERRORS": "TELL_ERRORS_APART", "TASK_LIMIT_RETRIES": "GIVE_UP", "TASK_IDEMPOTENCY_KEYS": "SEND_KEYS",
	}[name]
	value := os.Getenv(own)
	if _, err := strconv.Atoi(value); err == nil && strings.HasSuffix(own, "_MS") {
		return value + "ms"
	}
	return value
}

func (s shaped) alive(w http.ResponseWriter, r *http.Request) {
	answer, err := s.client.Get(s.inner + "/readyz")
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	defer answer.Body.Close()
	w.WriteHeader(answer.StatusCode)
}

func (s shaped) find(w http.ResponseWriter, r *http.Request) {
	var asked struct{ Filter struct{ Text string } }
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		problem(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, s.inner+"/search?q="+url.QueryEscape(asked.Filter.Text), nil)
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
		if after := answer.Header.Get("Retry-After"); after != "" {
			w.Header().Set("Retry-After", after)
		}
		problem(w, answer.StatusCode, "refused")
		return
	}
	found(w, body)
}

// found writes a page in the shape of this service.
func found(w http.ResponseWriter, body []byte) {
	var page struct {
		Truncated bool
		Results   []struct {
			ID    int64
			Title string
		}
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&page); err != nil {
		problem(w, http.StatusBadGateway, err.Error())
		return
	}
	type hit struct {
		Key struct {
			UUID string `json:"uuid"`
		} `json:"key"`
		DisplayTitle string `json:"displayTitle"`
	}
	hits := make([]hit, len(page.Results))
	for i, r := range page.Results {
		hits[i].Key.UUID, hits[i].DisplayTitle = fmt.Sprintf("00000000-0000-4000-8000-%012d", r.ID), r.Title
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"hits": hits}, "meta": map[string]any{"page": map[string]any{"hasMore": page.Truncated}}})
}

func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail})
}
