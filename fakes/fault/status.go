package fault

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Status answers with a status instead.
type Status struct {
	Code int // 200 to 599
	// Name is the error's name in the body. Defaults to what the API says with
	// such a status.
	Name string
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

// String returns for example "status 503 retry-after=30".
func (s Status) String() string {
	text := "status " + strconv.Itoa(s.Code)
	if s.HTML {
		text += " html"
	}
	if s.CarriedOut {
		text += " carried-out"
	}
	return words(text, "name", s.Name, "retry-after", s.RetryAfter)
}

// Validate refuses what is no status, and text that is no header.
func (s Status) Validate() error {
	if s.Code < 200 || s.Code > 599 {
		return fmt.Errorf("status %d is not between 200 and 599", s.Code)
	}
	for _, text := range []string{s.Name, s.RetryAfter} {
		if text != "" && !plain(text) {
			return fmt.Errorf("status: %q has a blank or a quote in it", text)
		}
	}
	if _, _, err := s.retryDate(); err != nil {
		return err
	}
	return nil
}

// Refuses is whether the work is not done.
func (s Status) Refuses() bool { return !s.CarriedOut }

// Change replaces the answer.
func (s Status) Change(draw *Draw, a *Answer) bool {
	*a = Answer{Status: s.Code, Name: s.Name, Unrendered: !s.HTML, Header: a.Header.Clone(), Self: a.Self, Wrong: a.Wrong}
	if s.HTML {
		a.ContentType = "text/html; charset=utf-8"
		a.Body = fmt.Appendf(nil, "<html><head><title>%d %s</title></head><body><h1>%[2]s</h1></body></html>\n",
			s.Code, http.StatusText(s.Code))
	}
	if s.Code == http.StatusNoContent || s.Code == http.StatusNotModified {
		a.Unrendered, a.Body = false, nil
	}
	if value := s.RetryAfter; value != "" {
		if d, ok, _ := s.retryDate(); ok {
			value = draw.Now.Add(d).UTC().Format(http.TimeFormat)
		}
		a.SetHeader("Retry-After", value)
	}
	return true
}

// retryDate returns the distance of a RetryAfter that is a date.
func (s Status) retryDate() (time.Duration, bool, error) {
	text, ok := strings.CutPrefix(s.RetryAfter, "date")
	if !ok {
		return 0, false, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || text[0] != '+' && text[0] != '-' {
		return 0, false, fmt.Errorf("retry-after %q: want a date such as date+30s", s.RetryAfter)
	}
	return d, true, nil
}

func parseStatus(a *args) (Kind, error) {
	text := a.word()
	code, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a status such as 503", text)
	}
	return Status{
		Code: code, HTML: a.flag("html"), CarriedOut: a.flag("carried-out"),
		Name: a.text("name"), RetryAfter: a.text("retry-after"),
	}, nil
}

// Redirect sends the client elsewhere. The work is not done.
type Redirect struct {
	// To is loop (the same address again) or host (another host, at Location).
	To string
	// Location is the base address of the other host, for example
	// http://127.0.0.2:8080.
	Location string
}

// String returns for example "redirect loop".
func (r Redirect) String() string { return words("redirect "+r.To, "location", r.Location) }

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

// Refuses is true.
func (Redirect) Refuses() bool { return true }

// Change replaces the answer by a 307, which keeps the method.
func (r Redirect) Change(_ *Draw, a *Answer) bool {
	*a = Answer{Status: http.StatusTemporaryRedirect, Self: a.Self, Wrong: a.Wrong}
	a.SetHeader("Location", strings.TrimSuffix(r.Location, "/")+a.Self)
	return true
}

func parseRedirect(a *args) (Kind, error) {
	return Redirect{To: a.word(), Location: a.text("location")}, nil
}
