package control

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/loopback"
)

// liftWithin is how long lifting a fault may take.
const liftWithin = 5 * time.Second

// Panel is a fake that can be steered.
type Panel interface {
	Faults() *httpfault.Set
	Journal() *journal.Journal
	Connections() host.Connections
	Lift(ctx context.Context, name string) (fault.Receipt, error)
	Clear(ctx context.Context) ([]fault.Receipt, error)
}

// Mailer is what more can be steered of an e-mail API.
type Mailer interface {
	SetKey(key string, state emailapi.KeyState)
	Advance(d time.Duration)
}

// Caller is a fake that calls its clients back.
type Caller interface {
	// Callbacks are all that fell due so far, with what became of each, by the clock of
	// its journal.
	Callbacks() []stub.Callback
}

// Steered is anything that can be steered, for example a [Panel] as [OfFake] makes
// one of it. One that has a Journal, or is a [Mailer] or a [Caller], has more to it.
type Steered interface {
	// AddText puts faults into force, in their text form; all or none.
	AddText(lines ...string) error
	// Receipts are of what is and was in force.
	Receipts() []fault.Receipt
	Lift(ctx context.Context, name string) (fault.Receipt, error)
	Clear(ctx context.Context) ([]fault.Receipt, error)
	// Support says which faults can be carried out.
	Support() fault.Support
	// Summary is what was seen, counted; it is sent as JSON.
	Summary() any
	// Arrivals are the latest that arrived, the newest first, so many at most.
	Arrivals(most int) []Arrival
}

// Handler returns the control API of what is steered, which listens at own,
// host:port. Only who knows the token changes anything; where it is empty nobody does.
func Handler(p Steered, own, token string) http.Handler {
	mux := http.NewServeMux()
	c := &controller{panel: p}
	mux.HandleFunc("GET /{$}", c.page)
	mux.HandleFunc("GET /faults", c.listFaults)
	mux.HandleFunc("POST /faults", c.addFaults)
	mux.HandleFunc("DELETE /faults", c.liftFaults)
	mux.HandleFunc("GET /catalogue", c.catalogue)
	mux.HandleFunc("GET /summary", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, p.Summary()) })
	mux.HandleFunc("GET /arrivals", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, p.Arrivals(mostArrivals)) })
	if j, ok := p.(interface{ Journal() *journal.Journal }); ok {
		mux.HandleFunc("GET /journal", func(w http.ResponseWriter, r *http.Request) { export(w, r, j.Journal()) })
		mux.HandleFunc("DELETE /journal", func(w http.ResponseWriter, _ *http.Request) {
			j.Journal().Reset()
			w.WriteHeader(http.StatusNoContent)
		})
	}
	if _, ok := p.(Caller); ok {
		mux.HandleFunc("GET /callbacks", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, c.callbacks()) })
	}
	if m, ok := p.(Mailer); ok {
		mux.HandleFunc("PUT /keys/{key}", func(w http.ResponseWriter, r *http.Request) { setKey(w, r, m) })
		mux.HandleFunc("POST /clock", func(w http.ResponseWriter, r *http.Request) { advance(w, r, m) })
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := loopback.Foreign(r, own); err != nil {
			fail(w, http.StatusForbidden, "foreign", err)
			return
		}
		if !onlyReads(r) && !knows(r, token) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			fail(w, http.StatusUnauthorized, "token", errToken)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

var errToken = errors.New(`what changes something needs the token that was printed as CONTROL_TOKEN: curl -H "Authorization: Bearer $CONTROL_TOKEN"`)

// onlyReads reports whether a request can change nothing: no route does by GET.
func onlyReads(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead
}

// knows reports whether who asks knows the token.
func knows(r *http.Request, token string) bool {
	scheme, told, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	told = strings.TrimSpace(told)
	return token != "" && strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare([]byte(told), []byte(token)) == 1
}

type controller struct{ panel Steered }

func (c *controller) listFaults(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, c.panel.Receipts())
}

func (c *controller) addFaults(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		fail(w, http.StatusBadRequest, "unreadable", err)
		return
	}
	var lines []string
	for line := range strings.Lines(string(body)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	switch err := c.panel.AddText(lines...); {
	case errors.Is(err, httpfault.ErrPresent):
		fail(w, http.StatusConflict, "present", err)
	case err != nil:
		fail(w, http.StatusBadRequest, "bad_fault", err)
	default:
		c.listFaults(w, r)
	}
}

func (c *controller) liftFaults(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), liftWithin)
	defer cancel()
	var receipts []fault.Receipt
	var err error
	if name := r.URL.Query().Get("id"); name != "" {
		var one fault.Receipt
		one, err = c.panel.Lift(ctx, name)
		receipts = []fault.Receipt{one}
	} else {
		receipts, err = c.panel.Clear(ctx)
	}
	switch {
	case errors.Is(err, httpfault.ErrUnknown):
		fail(w, http.StatusNotFound, "unknown_fault", err)
	case err != nil:
		fail(w, http.StatusInternalServerError, "not_lifted", err)
	default:
		reply(w, http.StatusOK, receipts)
	}
}

func (c *controller) catalogue(w http.ResponseWriter, _ *http.Request) {
	known := c.panel.Support()
	rows := slices.DeleteFunc(fault.Catalogue(), func(row fault.Row) bool { return !known.Carries(row.Name) })
	reply(w, http.StatusOK, rows)
}

func export(w http.ResponseWriter, r *http.Request, j *journal.Journal) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	query := r.URL.Query()
	_ = j.Export(w, journal.Filter{Group: query.Get("group"), Key: query.Get("key")}) // whoever asked is gone
}

func setKey(w http.ResponseWriter, r *http.Request, m Mailer) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64))
	state, parseErr := emailapi.ParseKeyState(strings.TrimSpace(string(text)))
	if err := errors.Join(err, parseErr); err != nil {
		fail(w, http.StatusBadRequest, "bad_state", err)
		return
	}
	m.SetKey(r.PathValue("key"), state)
	w.WriteHeader(http.StatusNoContent)
}

func advance(w http.ResponseWriter, r *http.Request, m Mailer) {
	d, err := time.ParseDuration(r.URL.Query().Get("advance"))
	if err != nil || d < 0 {
		fail(w, http.StatusBadRequest, "bad_time", errors.New("want a time such as ?advance=25h"))
		return
	}
	m.Advance(d)
	w.WriteHeader(http.StatusNoContent)
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v) // whoever asked is gone
}

func fail(w http.ResponseWriter, status int, code string, err error) {
	reply(w, status, map[string]any{"error": map[string]string{"code": code, "message": err.Error()}})
}

// Server is a control API that is listening.
type Server struct {
	url, token string
	server     *http.Server
	work       sync.WaitGroup
}

// Listen serves the control API of a fake until Close. The address must be on
// loopback, unless remote ones are allowed.
func Listen(address string, allowRemote bool, p Panel) (*Server, error) {
	return ListenFor(address, allowRemote, OfFake(p))
}

// ListenFor serves the control API of what is steered until Close, as [Listen] does.
func ListenFor(address string, allowRemote bool, p Steered) (*Server, error) {
	if err := host.CheckAddress(address, allowRemote); err != nil {
		return nil, fmt.Errorf("control API: %w", err)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("control API: listen on %s: %w", address, err)
	}
	s := &Server{url: "http://" + l.Addr().String(), token: rand.Text()}
	s.server = &http.Server{
		Handler: Handler(p, address, s.token), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.work.Add(1)
			case http.StateClosed:
				s.work.Done()
			}
		},
	}
	s.work.Go(func() { _ = s.server.Serve(l) })
	return s, nil
}

// URL is the control API's base address.
func (s *Server) URL() string { return s.url }

// Token is what a request that changes something must carry, as Authorization: Bearer.
// Each server draws its own.
func (s *Server) Token() string { return s.token }

// Tell says where the control API is and what changes need, one NAME=VALUE per line.
func (s *Server) Tell(out io.Writer) {
	fmt.Fprintf(out, "CONTROL_TOKEN=%s\nCONTROL_URL=%s\n", s.token, s.url)
}

// Close stops listening and returns when nothing is left.
func (s *Server) Close() {
	_ = s.server.Close()
	s.work.Wait()
}
