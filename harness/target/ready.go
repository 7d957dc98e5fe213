package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	readyPause    = 20 * time.Millisecond // between two questions
	readyPatience = 2 * time.Second       // for one answer
)

var errEndedFirst = errors.New("it ended before it was ready")

// awaitReady asks url until it answers 2xx. It gives up when ended fires, at
// the deadline, or when ctx ends, and then says what the last answer was.
func awaitReady(ctx context.Context, url string, deadline time.Duration, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeoutCause(ctx, deadline, fmt.Errorf("not ready within %v", deadline))
	defer cancel()
	client := &http.Client{
		Timeout:       readyPatience,
		Transport:     &http.Transport{DisableKeepAlives: true}, // no Proxy: the environment's must not come between
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	tick := time.NewTicker(readyPause)
	defer tick.Stop()
	last := errors.New("no answer yet")
	for {
		err := askReady(ctx, client, url)
		select {
		case <-ended: // also when someone else answered 2xx at its port
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

func askReady(ctx context.Context, client *http.Client, url string) error {
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
