package traffic

import (
	"net/http"
	"strings"

	"holdfast.dev/holdfast/redact"
)

// strip takes out of an example what is secret or about a person. The same value gets the
// same stand-in in all examples that one stripper has seen.
func (r *Request) strip(s *redact.Stripper) {
	where := r.Method + " " + r.Path
	kept := http.Header{}
	for _, name := range sorted(r.Header) {
		for _, value := range r.Header[name] {
			kept.Add(name, s.String(where+" header."+name, name, value))
		}
	}
	r.Header = kept
	r.Query = s.Form(where, r.Query)
	switch kind := r.Header.Get("Content-Type"); {
	case r.Body == "":
	case strings.Contains(kind, "json"):
		r.Body = string(s.JSON(where, []byte(r.Body)))
	case strings.HasPrefix(kind, "application/x-www-form-urlencoded"):
		r.Body = s.Form(where, r.Body)
	case strings.HasPrefix(kind, "multipart/"):
		r.Body = "" // files
	default:
		r.Body = s.String(where+" body", "", r.Body)
	}
}
