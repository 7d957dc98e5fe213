// Package live serves the report of a run while it goes on: the same page, drawn
// anew each time it is asked for, which asks again every two seconds until the
// run is over. Enter at [Listen]; tell it how things stand with [Server.Tick],
// and end with [Server.Finish].
//
// It listens on loopback alone and answers only to loopback's own names, so that
// no page of another site can read it through a name that it controls.
package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports"
)

// Every is how often a page asks again, in seconds.
const Every = 2

// lingering bounds how long Finish waits for open pages to get the final report.
const lingering = 2 * Every * time.Second

// Server shows one run.
type Server struct {
	read func() (*result.Run, error)
	http *http.Server
	addr string
	done chan error // the server's own end

	mu      sync.Mutex // guards what follows
	now     *Moment
	series  *track
	final   *result.Run
	asked   time.Time // when a page last asked
	fetched chan struct{}
}

// Listen serves on address, HOST:PORT of loopback, the run that read returns.
// Its goroutine ends with [Server.Finish].
func Listen(address string, read func() (*result.Run, error)) (*Server, error) {
	if err := Check(address); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serve the live report: %w", err)
	}
	s := &Server{read: read, addr: l.Addr().String(), done: make(chan error, 1), fetched: make(chan struct{}, 1)}
	s.http = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second}
	go func() { s.done <- s.http.Serve(l) }()
	return s, nil
}

// Check says what is wrong with an address to listen on.
func Check(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("address %q is not HOST:PORT", address)
	}
	if !loopback(host) {
		return fmt.Errorf("address %s: the live report is only for this machine: 127.0.0.1:PORT", address)
	}
	return nil
}

// URL is where the page is.
func (s *Server) URL() string { return "http://" + s.addr + "/" }

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Tick says how things stand.
func (s *Server) Tick(m Moment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil || s.now.Scenario != m.Scenario {
		s.series = newTrack()
	}
	s.now = &m
	s.series.add(m)
}

// Between says that no scenario runs.
func (s *Server) Between() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.series = nil, nil
}

// Finish shows the final report, waits a few seconds for pages that are open to
// fetch it, and stops. run may be nil when there is none.
func (s *Server) Finish(ctx context.Context, run *result.Run) error {
	s.mu.Lock()
	s.final = run
	watched := run != nil && time.Since(s.asked) < 2*lingering && !s.asked.IsZero()
	s.mu.Unlock()
	if watched {
		timer := time.NewTimer(lingering)
		defer timer.Stop()
		select {
		case <-s.fetched:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lingering)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.Host)
	switch {
	case err != nil || !loopback(host):
		http.Error(w, "this page is only for this machine", http.StatusForbidden)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "GET only", http.StatusMethodNotAllowed)
	case r.URL.Path != "/":
		http.NotFound(w, r)
	default:
		s.page(w)
	}
}

// page draws the run as it is now. While it goes on the page asks again.
func (s *Server) page(w http.ResponseWriter) {
	var page bytes.Buffer
	over, err := s.draw(&page)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	if !over {
		h.Set("Refresh", fmt.Sprint(Every))
	}
	if err != nil {
		http.Error(w, "not yet: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page.Bytes()) // the reader has gone: there is nobody to tell
	if over {
		select {
		case s.fetched <- struct{}{}:
		default:
		}
	}
}

func (s *Server) draw(page *bytes.Buffer) (over bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = time.Now()
	if s.final != nil {
		return true, reports.HTML(page, s.final)
	}
	run, err := s.read()
	if err != nil {
		return false, err
	}
	if s.now != nil {
		s.series.put(run, s.now.Scenario)
	}
	return false, reports.LiveHTML(page, run, s.now.words())
}
