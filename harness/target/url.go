package target

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/internal/port"
	"holdfast.dev/holdfast/harness/result"
)

// URLConfig is a service that someone else runs.
type URLConfig struct {
	// URL is where it answers, http or https. Required.
	URL string
	// ReadyPath answers 2xx once it can serve. Defaults to /readyz.
	ReadyPath string
	// ReadyTimeout bounds the wait for that. Defaults to 30 s.
	ReadyTimeout time.Duration
}

// Validate reports all that is wrong with it. No error holds the URL's
// password.
func (c URLConfig) Validate() error {
	var errs []error
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		errs = append(errs, errors.New("URL is missing or is not one of http or https"))
	} else if err := port.CheckURL(u); err != nil {
		errs = append(errs, fmt.Errorf("URL: %w", err))
	}
	if c.ReadyPath != "" && !strings.HasPrefix(c.ReadyPath, "/") {
		errs = append(errs, fmt.Errorf("ReadyPath %q does not begin with a slash", c.ReadyPath))
	}
	if c.ReadyTimeout < 0 {
		errs = append(errs, errors.New("ReadyTimeout is negative"))
	}
	return errors.Join(errs...)
}

// URL is a [Target] that someone else runs: Start waits until it is ready,
// Stop does nothing, and how it ends is not known.
type URL struct{ config URLConfig }

// NewURL prepares to use a service that someone else runs.
func NewURL(c URLConfig) (*URL, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("target URL: %w", err)
	}
	c.URL = strings.TrimRight(c.URL, "/")
	if c.ReadyPath == "" {
		c.ReadyPath = DefaultReadyPath
	}
	if c.ReadyTimeout == 0 {
		c.ReadyTimeout = DefaultReadyTimeout
	}
	return &URL{c}, nil
}

// Start returns when the service says that it is ready.
func (u *URL) Start(ctx context.Context) error {
	if err := awaitReady(ctx, asksHTTP(u.config.URL+u.config.ReadyPath), u.config.ReadyTimeout, nil); err != nil {
		return &StartError{Name: u.Describe(), Err: err}
	}
	return nil
}

// Stop does nothing.
func (u *URL) Stop(context.Context) (result.End, error) { return result.End{}, nil }

// URL is where it answers, also before Start.
func (u *URL) URL() string { return u.config.URL }

// PID is not known.
func (u *URL) PID() (int32, bool) { return 0, false }

// Signal fails with [ErrNotOurs].
func (u *URL) Signal(os.Signal) error { return ErrNotOurs }

// Exited is nil: it never fires.
func (u *URL) Exited() <-chan struct{} { return nil }

// Ends is empty: no life of it is ours.
func (u *URL) Ends() []result.End { return nil }

// Log is empty.
func (u *URL) Log() []string { return nil }

// Describe names it, without a password.
func (u *URL) Describe() string {
	parsed, err := url.Parse(u.config.URL)
	if err != nil {
		return "url"
	}
	return "url " + parsed.Redacted()
}
