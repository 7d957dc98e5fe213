package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"sync"
	"time"
)

const (
	readyPause    = 20 * time.Millisecond // between two questions
	readyPatience = 2 * time.Second       // for one answer
)

var errEndedFirst = errors.New("it ended before it was ready")

// question asks once whether a target is ready, nil if it is.
type question func(ctx context.Context) error

// awaitReady asks until the answer is yes. It gives up when ended fires, at the
// deadline, or when ctx ends, and then says what the last answer was.
func awaitReady(ctx context.Context, ask question, deadline time.Duration, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeoutCause(ctx, deadline, fmt.Errorf("not ready within %v", deadline))
	defer cancel()
	tick := time.NewTicker(readyPause)
	defer tick.Stop()
	last := errors.New("no answer yet")
	for {
		err := ask(ctx)
		select {
		case <-ended: // also when someone else answered at its port
			return errEndedFirst
		default:
		}
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ended:
			return errEndedFirst
		case <-ctx.Done():
			return fmt.Errorf("%w; the last answer: %w", context.Cause(ctx), last)
		case <-tick.C:
		}
	}
}

// asking is how a life at that address, the first port's, is asked.
func (r *Runner) asking(address string, seen *sighting) question {
	switch {
	case r.ready.HTTP != "":
		return asksHTTP("http://" + r.askedAt(address) + r.ready.HTTP)
	case r.ready.TCP:
		return asksTCP(r.askedAt(address))
	case r.ready.Log != "":
		return seen.ask
	default:
		return func(context.Context) error { return nil }
	}
}

// askedAt is the address at which it is asked, empty if it is at none. address is
// that of its first port.
func (r *Runner) askedAt(address string) string {
	switch {
	case r.ready.HTTP == "" && !r.ready.TCP:
		return ""
	case r.at != nil:
		return r.at(r.ready.Port)
	default:
		return address
	}
}

// asksHTTP asks whether a URL answers 2xx.
func asksHTTP(url string) question {
	client := &http.Client{
		Timeout:       readyPatience,
		Transport:     &http.Transport{DisableKeepAlives: true}, // no Proxy: the environment's must not come between
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
		if resp.StatusCode < 200 || resp.StatusCode > 299 {
			return fmt.Errorf("GET %s: %s", req.URL.Redacted(), resp.Status)
		}
		return nil
	}
}

// asksTCP asks whether an address takes connections.
func asksTCP(address string) question {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, readyPatience)
		defer cancel()
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

// sighting looks for a text in the lines of one life.
type sighting struct {
	text []byte // empty: nothing is looked for

	mu   sync.Mutex // guards seen
	seen bool
}

func newSighting(text string) *sighting { return &sighting{text: []byte(text)} }

// colour is what terminals take for a colour and do not show.
var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

func (s *sighting) look(line []byte) {
	if len(s.text) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = s.seen || bytes.Contains(line, s.text) || bytes.Contains(colour.ReplaceAll(line, nil), s.text)
}

// ask is a [question].
func (s *sighting) ask(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen {
		return nil
	}
	return fmt.Errorf("no line of its log holds %q (a program that keeps its output back tells too late: PYTHONUNBUFFERED=1 for Python)", s.text)
}
