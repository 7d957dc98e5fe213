package scenarios_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
)

// Some mutants no switch describes. Here they stand between the intact
// reference and the world: this test binary starts the reference, passes on what
// comes in, and changes what a mutant would do otherwise. So no line of them is
// in the reference.
const (
	mutantVariable = "TEST_MUTANT"           // which; empty passes everything on as it is
	behindVariable = "TEST_MUTANT_REFERENCE" // the binary that stands behind
)

func TestMain(m *testing.M) {
	if reference := os.Getenv(behindVariable); reference != "" {
		if err := standBetween(reference, os.Getenv(mutantVariable)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(runTests(m))
}

// answerMutants change what the reference answers.
var answerMutants = map[string]func(*http.Response) error{
	"search.duplicates":    searchDuplicates,
	"oracle.wrong-project": oracleWrongProject,
}

// requestMutants take requests to the reference from its hands, mailMutants its
// calls to the e-mail API; next passes one on as it is.
var (
	requestMutants = map[string]func(next http.Handler) http.Handler{"task.early-202": taskEarly202}
	mailMutants    = map[string]func(next http.Handler) http.Handler{"task.never-sent": taskNeverSent, "task.fresh-key": taskFreshKey}
)

// taskEarly202 answers before anything is written, and writes later.
func taskEarly202(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/tasks" {
			next.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		later := r.Clone(context.WithoutCancel(r.Context()))
		later.Body = io.NopCloser(bytes.NewReader(body))
		time.AfterFunc(500*time.Millisecond, func() { next.ServeHTTP(httptest.NewRecorder(), later) })
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, `{"id":"1"}`)
	})
}

// taskNeverSent says that mail was sent, and sends none.
func taskNeverSent(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var batch []json.RawMessage
		w.Header().Set("Content-Type", "application/json")
		if json.Unmarshal(body, &batch) != nil {
			fmt.Fprint(w, `{"id":"never-sent"}`)
			return
		}
		ids := make([]map[string]string, len(batch))
		for i := range ids {
			ids[i] = map[string]string{"id": "never-sent-" + strconv.Itoa(i)}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": ids})
	})
}

// taskFreshKey gives each attempt an idempotency key of its own.
func taskFreshKey(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Idempotency-Key", rand.Text())
		next.ServeHTTP(w, r)
	})
}

// standBetween runs the reference behind an HTTP proxy until it is told to stop: first
// what has come through the proxy is answered, and then the reference is told.
func standBetween(binary, mutant string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	behind, stopReference := context.WithCancel(context.Background())
	defer stopReference()
	reference := exec.CommandContext(behind, binary, "serve")
	reference.Cancel = func() error { return reference.Process.Signal(syscall.SIGTERM) }
	reference.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // it dies with us, also when we are killed
	reference.Stderr = os.Stderr
	reference.Env = append(os.Environ(), "LISTEN_ADDR=127.0.0.1:0")
	if mail := os.Getenv("EMAIL_API_URL"); mail != "" {
		detour := httptest.NewServer(between(mail, mailMutants[mutant], nil))
		defer detour.Close()
		reference.Env = append(reference.Env, "EMAIL_API_URL="+detour.URL)
	}
	out, err := reference.StdoutPipe()
	if err != nil {
		return err
	}
	if err := reference.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("the reference did not start: %w", err)
	}
	front := between(strings.TrimSpace(line), requestMutants[mutant], answerMutants[mutant])
	server := &http.Server{Addr: os.Getenv("LISTEN_ADDR"), Handler: front}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		<-ctx.Done()
		_ = server.Shutdown(context.Background())
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	<-answered
	stopReference()
	_ = reference.Wait() // it was told to stop
	return nil
}

// between passes requests on to base, but for what a mutant does to them and to
// the answers.
func between(base string, request func(http.Handler) http.Handler, answer func(*http.Response) error) http.Handler {
	behind, err := url.Parse(base)
	if err != nil {
		panic(err) // it was printed by the reference, or given by the harness
	}
	var h http.Handler = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(behind) }, ModifyResponse: answer}
	if request != nil {
		h = request(h)
	}
	return h
}

// rewrite changes the JSON object of an answer with status 200.
func rewrite(r *http.Response, path string, change func(map[string]any)) error {
	if !strings.Contains(r.Request.URL.Path, path) || r.StatusCode != http.StatusOK {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	var answer map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		return err
	}
	change(answer)
	if body, err = json.Marshal(answer); err != nil {
		return err
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

// searchDuplicates returns the right number of results, the last of them twice.
func searchDuplicates(r *http.Response) error {
	return rewrite(r, "/search", func(answer map[string]any) {
		if results, _ := answer["results"].([]any); len(results) > 1 {
			results[len(results)-1] = results[len(results)-2]
		}
	})
}

// oracleWrongProject passes on what an oracle said about another project.
func oracleWrongProject(r *http.Response) error {
	return rewrite(r, "/impact", func(answer map[string]any) {
		results, _ := answer["results"].(map[string]any)
		for _, one := range results {
			if data, ok := one.(map[string]any)["data"].(map[string]any); ok {
				data["beneficiaries"] = 7
			}
		}
	})
}

// Each of these mutants is caught by a scenario that the same detour, with
// nothing changed on the way, passes.
func TestMutantsThatNoSwitchDescribes(t *testing.T) {
	cfg := config(t)
	reference := cfg.Target.Program
	self, err := os.Executable()
	require.NoError(t, err)
	cfg.Target = harness.Launch{Program: self}
	cfg.StandingOff = map[string]string{"nowhere": "the reference runs behind a detour of the test's own, at an address that nobody knows"}
	var proof harness.Proof
	part, i := turn(t), 0
	_, err = fmt.Sscanf(part, "%d/", &i)
	require.NoError(t, err, part)
	for k, m := range []struct{ mutant, scenario, check string }{
		{"search.duplicates", "search/any-question", "search.wrong"},
		{"oracle.wrong-project", "oracle/ten-of-many", "impact.wrong"},
		{"task.never-sent", "task/stopped-under-load", "ledger.lost"},
		{"task.fresh-key", "task/reply-lost", "ledger.duplicated"},
		{"task.early-202", "task/killed", "ledger.lost"},
	} {
		if part != "1/1" && k != i%5 { // one in each run of the tests, all of them when the whole is asked for
			continue
		}
		s := named(t, m.scenario)[0]
		s.Settings = maps.Clone(s.Settings)
		if s.Settings == nil {
			s.Settings = map[string]string{}
		}
		s.Settings[behindVariable] = reference
		mutant := "mutant." + m.mutant
		s.Protections = append([]string{mutant}, s.Protections...)
		for i, c := range s.Checks {
			if c.Metric == m.check {
				s.Checks[i] = c.Guarding(append([]string{mutant}, c.Protections...)...)
			}
		}
		proof.Scenarios = append(proof.Scenarios, s)
		proof.Protections = append(proof.Protections, harness.Protection{Name: mutant, Off: map[string]string{mutantVariable: m.mutant}})
	}
	proved(t, cfg, proof)
}
