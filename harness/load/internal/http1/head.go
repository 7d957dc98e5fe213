package http1

import (
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// head is the start of a plain answer.
type head struct {
	status int
	length int64 // of the body
	close  bool  // the connection is not used again
}

// parse reads the plainest head of an answer, up to the empty line and without it, into
// a.header. What is not as plain is refused, and left to net/http.
func (a *Answer) parse(b []byte) (head, bool) {
	text := string(b)
	line, rest, _ := strings.Cut(text, "\r\n")
	h, plain := parseStatus(line)
	if !plain {
		return h, false
	}
	if a.header == nil {
		a.header = make(http.Header, 8)
	}
	clear(a.header)
	for i := 0; rest != ""; i++ {
		line, rest, _ = strings.Cut(rest, "\r\n")
		name, value, found := strings.Cut(line, ":")
		value = strings.Trim(value, " \t")
		if !found || i == len(a.values) || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return h, false
		}
		key := textproto.CanonicalMIMEHeaderKey(name)
		if _, twice := a.header[key]; twice || !h.field(key, value) {
			return h, false
		}
		a.values[i] = value
		a.header[key] = a.values[i : i+1 : i+1]
	}
	if h.close {
		delete(a.header, "Connection") // as net/http does
	}
	if a.toHead || h.status == http.StatusNoContent || h.status == http.StatusNotModified {
		h.length = 0
	}
	return h, h.length >= 0
}

// version is how a plain answer begins.
const version = "HTTP/1.1 "

// parseStatus reads a status line. The length of the body is not known yet.
func parseStatus(line string) (head, bool) {
	h := head{length: -1}
	code, found := strings.CutPrefix(line, version)
	if !found || len(code) < 3 || len(code) > 3 && code[3] != ' ' || !httpguts.ValidHeaderFieldValue(code) {
		return h, false
	}
	for _, c := range []byte(code[:3]) {
		if c < '0' || c > '9' {
			return h, false
		}
		h.status = h.status*10 + int(c-'0')
	}
	return h, h.status >= 200
}

// field takes note of a header of the message itself, and reports false where it is
// not plain.
func (h *head) field(key, value string) bool {
	switch key {
	case "Content-Length":
		n, err := strconv.ParseUint(value, 10, 62)
		if err != nil {
			return false
		}
		h.length = int64(n)
	case "Transfer-Encoding", "Upgrade", "Trailer":
		return false
	case "Connection":
		h.close = value == "close"
		return h.close || value == "keep-alive"
	}
	return true
}
