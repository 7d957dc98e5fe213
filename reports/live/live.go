// Package live serves the report of a run while it goes on: the same page as the final
// one, filling. The page is told of every change by server-sent events, and puts in place
// what is new of itself; without scripts it is loaded again every two seconds. Enter at
// [Listen]; tell it how things stand with [Server.Tick] and [Server.Ended],
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
	"slices"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports"
	"holdfast.dev/holdfast/reports/view"
)

const (
	// Every is how often a page without scripts is loaded again, in seconds.
	Every = 2
	// events is where a page is told of changes, pause the least time between two of them.
	events, pause = "/events", 500 * time.Millisecond
	// lingering bounds how long Finish waits for open pages to get the final report.
	lingering = 2 * Every * time.Second
	// patience is how long a reader may take to take a piece.
	patience = 30 * time.Second
)

// Server shows one run.
type Server struct {
	read func() (*result.Run, error)
	plan []string // the scenarios, in their order
	http *http.Server
	addr string
	done chan error // the server's own end

	mu      sync.Mutex // guards what follows
	going   []*course  // the scenarios that run, in the order of their begin
	final   *result.Run
	asked   time.Time // when a page last asked
	fetched chan struct{}
	changed chan struct{} // closed, and made anew, at each change
	gone    bool          // nothing will change any more
}

// Listen serves on address, HOST:PORT of loopback, the run that read returns, with all
// scenarios of the plan. Its goroutine ends with [Server.Finish].
func Listen(address string, plan []string, read func() (*result.Run, error)) (*Server, error) {
	if err := Check(address); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serve the live report: %w", err)
	}
	s := &Server{read: read, plan: plan, addr: l.Addr().String(), done: make(chan error, 1), fetched: make(chan struct{}, 1), changed: make(chan struct{})}
	s.http = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: patience}
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
	i := slices.IndexFunc(s.going, func(c *course) bool { return c.now.Scenario == m.Scenario })
	if i < 0 {
		i = len(s.going)
		s.going = append(s.going, &course{series: newTrack()})
	}
	s.going[i].now = m
	s.going[i].series.add(m)
	s.change()
}

// Ended says that a scenario does not run any more.
func (s *Server) Ended(scenario string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.going = slices.DeleteFunc(s.going, func(c *course) bool { return c.now.Scenario == scenario })
	s.change()
}

// change tells all who follow. The lock is held.
func (s *Server) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// course is a scenario that runs: how things stand in it, and how they have gone.
type course struct {
	now    Moment
	series *track
}

// Finish shows the final report, waits a few seconds for pages that are open to
// fetch it, and stops. run may be nil when there is none.
func (s *Server) Finish(ctx context.Context, run *result.Run) error {
	s.mu.Lock()
	s.final = run
	s.change()
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
	s.mu.Lock()
	s.gone = true
	s.change()
	s.mu.Unlock()
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
	case r.URL.Path == events && r.Method == http.MethodGet:
		s.follow(w, r)
	case r.URL.Path != "/":
		http.NotFound(w, r)
	default:
		s.page(w)
	}
}

// follow sends an event for each change, no more often than each pause, until the run is
// over and has been said to be, or the reader is gone.
func (s *Server) follow(w http.ResponseWriter, r *http.Request) {
	h, out := w.Header(), http.NewResponseController(w)
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	for {
		s.mu.Lock()
		changed, over, gone := s.changed, s.final != nil, s.gone
		s.mu.Unlock()
		if gone && !over {
			return
		}
		_ = out.SetWriteDeadline(time.Now().Add(patience)) // where it can't be set, the server's own holds
		if _, err := fmt.Fprintf(w, "event: %s\ndata:\n\n", map[bool]string{false: "change", true: "over"}[over]); err != nil || out.Flush() != nil || over {
			return // the reader is gone, or knows all
		}
		select {
		case <-changed:
		case <-time.After(patience / 2): // an event all the same: who is gone is found out
		case <-r.Context().Done():
			return
		}
		select {
		case <-time.After(pause):
		case <-r.Context().Done():
			return
		}
	}
}

// page draws the run as it is now.
func (s *Server) page(w http.ResponseWriter) {
	var page bytes.Buffer
	over, err := s.draw(&page)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	if err != nil {
		h.Set("Refresh", fmt.Sprint(Every))
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
	for _, name := range s.plan {
		if !slices.ContainsFunc(run.Scenarios, func(r result.Scenario) bool { return r.Name == name }) {
			run.Scenarios = append(run.Scenarios, result.Scenario{Name: name})
		}
	}
	var now view.Now
	for _, c := range s.going {
		c.series.put(run, c.now.Scenario)
		c.now.tell(&now, c.series.faults)
	}
	return false, reports.LiveHTML(page, run, now)
}
