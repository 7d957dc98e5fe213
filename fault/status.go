package fault

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Status answers with a status instead.
type Status struct {
	Code int // 200 to 599
	// ErrorName is the error's name in the body. Defaults to what the API says
	// with such a status.
	ErrorName string
	// RetryAfter is the header Retry-After as it is sent, whatever sense it
	// makes; "date+30s" and "date-30s" stand for a date relative to now.
	// Defaults to no such header.
	RetryAfter string
	// HTML makes the body an HTML page, as a gateway in front of the API does.
	HTML bool
	// CarriedOut says that the work is done all the same: a gateway gave up
	// waiting for it.
	CarriedOut bool
}

// Name implements [Kind].
func (Status) Name() string { return "status" }

// String implements [Kind].
func (s Status) String() string {
	return text("status", strconv.Itoa(s.Code), when(s.HTML, "html"), when(s.CarriedOut, "carried-out"),
		named("name", s.ErrorName), named("retry-after", s.RetryAfter))
}

// Validate refuses what is no status, and text that is no header.
func (s Status) Validate() error {
	if s.Code < 200 || s.Code > 599 {
		return fmt.Errorf("status %d is not between 200 and 599", s.Code)
	}
	for _, value := range []string{s.ErrorName, s.RetryAfter} {
		if value != "" && !plain(value) {
			return fmt.Errorf("status: %q has a blank or a quote in it", value)
		}
	}
	_, _, err := s.RetryDate()
	return err
}

// RetryDate returns the distance of a RetryAfter that is a date, and whether it
// is one.
func (s Status) RetryDate() (time.Duration, bool, error) {
	value, ok := strings.CutPrefix(s.RetryAfter, "date")
	if !ok {
		return 0, false, nil
	}
	d, err := time.ParseDuration(value)
	if err != nil || value[0] != '+' && value[0] != '-' {
		return 0, false, fmt.Errorf("retry-after %q: want a date such as date+30s", s.RetryAfter)
	}
	return d, true, nil
}

func parseStatus(w *words) Kind {
	s := Status{ErrorName: w.option("name"), RetryAfter: w.option("retry-after")}
	s.HTML, s.CarriedOut = w.flag("html"), w.flag("carried-out")
	s.Code = w.nextCount("a status such as 503")
	return s
}

// Redirect sends the client elsewhere. The work is not done.
type Redirect struct {
	// To is loop (the same address again) or host (another host, at Location).
	To string
	// Location is the base address of the other host, for example
	// http://127.0.0.2:8080, or {api.url}, which is known when the fault is laid.
	Location string
}

// Name implements [Kind].
func (Redirect) Name() string { return "redirect" }

// String implements [Kind].
func (r Redirect) String() string { return text("redirect", r.To, named("location", r.Location)) }

// Validate refuses an unknown way, and another host without an address.
func (r Redirect) Validate() error {
	switch {
	case r.To == "loop" && r.Location == "":
		return nil
	case r.To == "host" && plain(r.Location):
		return nil
	default:
		return fmt.Errorf("redirect %q %q: want loop, or host with a location", r.To, r.Location)
	}
}

func parseRedirect(w *words) Kind {
	location := w.option("location")
	return Redirect{To: w.nextOr(""), Location: location}
}

// RevokeKey has the API refuse the key that its caller uses, until another takes
// its place, as people undo it.
type RevokeKey struct{}

// Name implements [Kind].
func (RevokeKey) Name() string { return "revoke-key" }

// String implements [Kind].
func (RevokeKey) String() string { return "revoke-key" }

// Validate finds nothing wrong.
func (RevokeKey) Validate() error { return nil }

// HideKey takes away the file in which the caller finds its key, and puts it back.
type HideKey struct {
	// Empty leaves a file without a key in its place.
	Empty bool
}

// Name implements [Kind].
func (HideKey) Name() string { return "hide-key" }

// String implements [Kind].
func (h HideKey) String() string { return text("hide-key", when(h.Empty, "empty")) }

// Validate finds nothing wrong.
func (HideKey) Validate() error { return nil }

func parseHideKey(w *words) Kind { return HideKey{Empty: w.flag("empty")} }
