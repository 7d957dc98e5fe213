package message

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/tidwall/gjson"
)

// maxField is how much of a field of a multipart form is looked at.
const maxField = 64 << 10

// Message is an HTTP request or answer as conditions look at it. What does not
// belong to it stays empty: an answer has no method, a request no status. It is
// used by one goroutine at a time, as it keeps what it has parsed.
type Message struct {
	Method     string
	Path       string            // as it was sent, escaped, without the query
	PathValues map[string]string // what the names of a path template stood for
	Query      url.Values
	Status     int
	Header     http.Header
	Body       []byte

	form   url.Values // nil until it was asked for
	isJSON validity   // unknown until it was asked for
}

// validity is what is known of a body's being JSON.
type validity int

const (
	unknown validity = iota
	valid
	invalid
)

// OfRequest is the message that a request with that body is.
func OfRequest(r *http.Request, body []byte) *Message {
	m := &Message{Method: r.Method, Path: r.URL.EscapedPath(), Header: r.Header, Body: body}
	if r.URL.RawQuery != "" {
		m.Query = Fields(r.URL.RawQuery)
	}
	return m
}

// Fields are the fields of a query or a form as they were sent. A semicolon is a
// character like others, and what is escaped in a wrong way costs its own field alone.
func Fields(text string) url.Values {
	fields, _ := url.ParseQuery(strings.ReplaceAll(text, ";", "%3B")) // what it could not read it leaves out
	return fields
}

// json returns the value at a gjson path of the body, and the whole for an empty
// one; nothing where the body is not JSON.
func (m *Message) json(path string) gjson.Result {
	if m.isJSON == unknown {
		m.isJSON = invalid
		if gjson.ValidBytes(m.Body) {
			m.isJSON = valid
		}
	}
	switch {
	case m.isJSON == invalid:
		return gjson.Result{}
	case path == "":
		return gjson.ParseBytes(m.Body)
	}
	return gjson.GetBytes(m.Body, path)
}

// field returns a field of the form that the body is, by its Content-Type.
func (m *Message) field(name string) (string, bool) {
	if m.form == nil {
		m.form = m.parseForm()
	}
	return first(m.form, name)
}

// parseForm reads what is a form of the body; what can't be read has no fields.
func (m *Message) parseForm() url.Values {
	kind, parameters, _ := mime.ParseMediaType(m.Header.Get("Content-Type"))
	switch {
	case kind == "application/x-www-form-urlencoded":
		return Fields(string(m.Body))
	case strings.HasPrefix(kind, "multipart/"):
		return parts(multipart.NewReader(bytes.NewReader(m.Body), parameters["boundary"]))
	}
	return url.Values{}
}

// parts are the fields of a multipart form that are no files.
func parts(r *multipart.Reader) url.Values {
	fields := url.Values{}
	for {
		part, err := r.NextPart()
		if err != nil {
			return fields // the end, or a body that is broken from here on
		}
		if part.FileName() != "" || part.FormName() == "" {
			continue
		}
		text, _ := io.ReadAll(io.LimitReader(part, maxField))
		fields.Add(part.FormName(), string(text))
	}
}

func first(values map[string][]string, name string) (string, bool) {
	if all := values[name]; len(all) > 0 {
		return all[0], true
	}
	return "", false
}
