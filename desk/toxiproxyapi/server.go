package toxiproxyapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"holdfast.dev/holdfast/loopback"
)

// DefaultAddress is where Toxiproxy listens.
const DefaultAddress = "127.0.0.1:8474"

// Version is that of the API that is answered.
const Version = "2.12.0"

// Config is how a server runs.
type Config struct {
	// Address to listen on, HOST:PORT of loopback. Defaults to [DefaultAddress].
	Address string
	// AllowRemote lets Address and those of proxies be such as others than this machine
	// reach: in a container, whose ports are published. Whoever reaches the API reaches
	// through it whatever this machine does.
	AllowRemote bool
	// Proxies is JSON of proxies that are there from the start, as Toxiproxy's own server
	// has them in a file. Defaults to none.
	Proxies []byte
	// Seed is where every draw comes from. Defaults to 1.
	Seed uint64
}

// Server is the API with its proxies.
type Server struct {
	own    string
	remote bool
	server *http.Server
	work   sync.WaitGroup

	mu      sync.Mutex // guards below, and every proxy
	luck    *rand.Rand
	proxies map[string]*proxy
	closed  bool
}

// Listen serves the API until Close.
func Listen(c Config) (*Server, error) {
	address := cmp.Or(c.Address, DefaultAddress)
	if err := loopback.Check(address); err != nil && !c.AllowRemote {
		return nil, fmt.Errorf("serve Toxiproxy's API: %w", err)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serve Toxiproxy's API: listen on %s: %w", address, err)
	}
	s := &Server{own: l.Addr().String(), remote: c.AllowRemote, luck: rand.New(rand.NewPCG(cmp.Or(c.Seed, 1), 0)), proxies: map[string]*proxy{}}
	s.server = &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.work.Add(1)
			case http.StateClosed:
				s.work.Done()
			}
		},
	}
	if err := s.begin(c.Proxies); err != nil {
		_ = l.Close() // nobody was served
		s.Close()
		return nil, fmt.Errorf("serve Toxiproxy's API: its first proxies: %w", err)
	}
	s.work.Go(func() { _ = s.server.Serve(l) })
	return s, nil
}

// begin makes the proxies that are there from the start.
func (s *Server) begin(proxies []byte) error {
	if len(proxies) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.made(bytes.NewReader(proxies))
	return err
}

// Run serves the API until ctx ends. It tells out where, as a NAME=URL line, and at the
// end what went through. It returns an error if it can't start.
func Run(ctx context.Context, c Config, out io.Writer) error {
	s, err := Listen(c)
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Fprintf(out, "CONTROL_URL=%s\n", s.URL())
	<-ctx.Done()
	s.Tell(out)
	return nil
}

// URL is the API's base address.
func (s *Server) URL() string { return "http://" + s.own }

// Close ends the API, its proxies and their connections, and returns when nothing is
// left. It may be called again.
func (s *Server) Close() {
	_ = s.server.Close()
	s.work.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, p := range s.proxies {
		p.stop()
	}
	clear(s.proxies)
}

// Tell says what went through each proxy that listens, a line each.
func (s *Server) Tell(out io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.proxies)) {
		if p := s.proxies[name]; p.running != nil {
			stats := p.running.Stats()
			fmt.Fprintf(out, "%s: %d connections, %d of them not to be brought to the server; %d bytes up, %d down\n",
				name, stats.Accepted, stats.UpstreamErrors, stats.BytesUp, stats.BytesDown)
		}
	}
}

// maxBody is how much of a request is read, in bytes.
const maxBody = 4 << 20

// ServeHTTP answers one request of the API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := loopback.Foreign(r, s.own); err != nil {
		refuse(w, &apiError{err.Error(), http.StatusForbidden})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	s.mux().ServeHTTP(w, r)
}

// mux has the API's routes.
func (s *Server) mux() *http.ServeMux {
	mux := http.NewServeMux()
	on := func(pattern string, status int, do func(r *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			body, err := s.locked(do, r)
			if err != nil {
				refuse(w, err)
				return
			}
			reply(w, status, body)
		})
	}
	on("GET /version", http.StatusOK, func(*http.Request) (any, error) { return map[string]string{"version": Version}, nil })
	on("POST /reset", http.StatusNoContent, s.reset)
	on("GET /proxies", http.StatusOK, s.list)
	on("POST /proxies", http.StatusCreated, s.create)
	mux.HandleFunc("POST /populate", s.populate)
	on("GET /proxies/{proxy}", http.StatusOK, s.show)
	on("DELETE /proxies/{proxy}", http.StatusNoContent, s.delete)
	on("GET /proxies/{proxy}/toxics", http.StatusOK, s.toxics)
	on("POST /proxies/{proxy}/toxics", http.StatusOK, s.addToxic)
	on("GET /proxies/{proxy}/toxics/{toxic}", http.StatusOK, s.showToxic)
	on("DELETE /proxies/{proxy}/toxics/{toxic}", http.StatusNoContent, s.removeToxic)
	for _, method := range []string{http.MethodPost, http.MethodPatch} { // the second since Toxiproxy 2.6
		on(method+" /proxies/{proxy}", http.StatusOK, s.update)
		on(method+" /proxies/{proxy}/toxics/{toxic}", http.StatusOK, s.updateToxic)
	}
	return mux
}

// locked does what is asked, alone, and returns the answer as JSON; nil is none.
func (s *Server) locked(do func(*http.Request) (any, error), r *http.Request) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer, err := do(r)
	if err != nil || answer == nil {
		return nil, err
	}
	return json.Marshal(answer)
}

func reply(w http.ResponseWriter, status int, body []byte) {
	if body != nil {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever asked is gone
}

// refuse answers with an error in Toxiproxy's shape.
func refuse(w http.ResponseWriter, err error) {
	shaped := asAPI(err)
	body, err := json.Marshal(shaped)
	if err != nil {
		body = []byte(`{"error":"the error has no words","status":500}`)
	}
	reply(w, shaped.Status, append(body, '\n'))
}

// errClosed is what a server that is closing says.
var errClosed = errors.New("the server is closing")
