package httpfault

import (
	"fmt"
	"net/http"
	"strings"

	"holdfast.dev/holdfast/fault"
)

// replacing is [fault.Status] in force.
type replacing struct{ fault.Status }

// Refuses is whether the work is not done.
func (s replacing) Refuses() bool { return !s.CarriedOut }

// Change replaces the answer.
func (s replacing) Change(draw *Draw, a *Answer) bool {
	*a = Answer{Status: s.Code, Name: s.ErrorName, Unrendered: !s.HTML, Header: a.Header.Clone(), Self: a.Self, Wrong: a.Wrong}
	if s.HTML {
		a.ContentType = "text/html; charset=utf-8"
		a.Body = fmt.Appendf(nil, "<html><head><title>%d %s</title></head><body><h1>%[2]s</h1></body></html>\n",
			s.Code, http.StatusText(s.Code))
	}
	if s.Code == http.StatusNoContent || s.Code == http.StatusNotModified {
		a.Unrendered, a.Body = false, nil
	}
	if value := s.RetryAfter; value != "" {
		if d, ok, _ := s.RetryDate(); ok {
			value = draw.Now.Add(d).UTC().Format(http.TimeFormat)
		}
		a.SetHeader("Retry-After", value)
	}
	return true
}

// redirecting is [fault.Redirect] in force.
type redirecting struct{ fault.Redirect }

// Refuses is true.
func (redirecting) Refuses() bool { return true }

// Change replaces the answer by a 307, which keeps the method.
func (r redirecting) Change(_ *Draw, a *Answer) bool {
	*a = Answer{Status: http.StatusTemporaryRedirect, Self: a.Self, Wrong: a.Wrong}
	a.SetHeader("Location", strings.TrimSuffix(r.Location, "/")+a.Self)
	return true
}
