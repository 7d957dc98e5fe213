package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"holdfast.dev/holdfast/loopback"
)

const (
	// stopping bounds how long answers that are under way are waited for.
	stopping = time.Second
	// longestWait bounds how long the end of a run waits for the last scrape. Nobody is
	// overdue within shortestWait: who comes often may be held up by what else goes on.
	longestWait, shortestWait = 15 * time.Second, 2 * time.Second
)

// Server serves a run's figures while it goes on.
type Server struct {
	http *http.Server
	addr string
	done chan error // the server's own end

	mu      sync.Mutex    // guards what follows
	asked   time.Time     // when the latest of the scrapes that were answered began
	scraped time.Time     // when one was answered
	every   time.Duration // between the two latest scrapes; 0: there were none
	again   chan struct{} // closed, and made anew, at each scrape
}

// Check says what is wrong with an address to listen on: HOST:PORT, with the host, so
// that nobody opens a page to all by leaving it out.
func Check(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("address %q is not HOST:PORT, for example 127.0.0.1:9095", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("address %q: the port %q is no number from 0 to 65535", address, port)
	}
	if host == "" {
		return fmt.Errorf("address %q names no host: 127.0.0.1:%s for this machine alone, 0.0.0.0:%s for all who reach it", address, port, port)
	}
	return nil
}

// Listen serves a handler at /metrics of the address. Who asks by a name that is not of
// this machine is not answered: see [loopback.Foreign]. Its goroutine ends with
// [Server.Finish].
func Listen(address string, h http.Handler) (*Server, error) {
	if err := Check(address); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serve the run's metrics: %w", err)
	}
	s := &Server{addr: l.Addr().String(), done: make(chan error, 1), again: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		asked := time.Now()
		h.ServeHTTP(w, r)
		s.scrape(asked, time.Now())
	})
	s.http = &http.Server{Handler: guarded(address, mux), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second}
	go func() { s.done <- s.http.Serve(l) }()
	return s, nil
}

// guarded lets in who asks for this machine.
func guarded(own string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := loopback.Foreign(r, own); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// URL is where the page is.
func (s *Server) URL() string { return "http://" + s.addr + "/metrics" }

// scrape notes that the page was asked for, and then answered.
func (s *Server) scrape(asked, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if asked.After(s.asked) {
		s.asked = asked
	}
	if !s.scraped.IsZero() {
		s.every = at.Sub(s.scraped)
	}
	s.scraped = at
	close(s.again)
	s.again = make(chan struct{})
}

// due is how long to wait for the next scrape, of somebody who comes again and again,
// and what tells of it.
func (s *Server) due(now time.Time) (time.Duration, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.every == 0 {
		return 0, s.again
	}
	overdue := s.scraped.Add(max(s.every+s.every/2, shortestWait))
	return min(overdue.Sub(now), longestWait), s.again
}

// toldSince reports whether a scrape that began after this moment was answered.
func (s *Server) toldSince(moment time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked.After(moment)
}

// awaitScrape waits for a scrape that begins from now on, until it is overdue. One that
// is under way may have older figures: after it the next is waited for.
func (s *Server) awaitScrape(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	for begun := time.Now(); ctx.Err() == nil; {
		wait, again := s.due(time.Now())
		if wait <= 0 || s.toldSince(begun) {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-again:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// Finish stops. Who has come again and again gets the last figures first: their next
// scrape is waited for until it is overdue, for 15 s at most, unless ctx has ended.
func (s *Server) Finish(ctx context.Context) error {
	s.awaitScrape(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopping)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
