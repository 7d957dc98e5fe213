package traffic

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// combinedLine reads a line of the common or combined format and of what is made of
// them: anything, a time in brackets, the request in quotes, its status, and after that
// maybe how long it took.
//
//	10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] "GET /a?b HTTP/1.1" 200 2326 "-" "curl/8.5"
func combinedLine(text []byte) (line, bool) {
	var l line
	from := bytes.IndexByte(text, '[')
	to := bytes.IndexByte(text, ']')
	if from >= 0 && to > from {
		l.at = timeOf(string(text[from+1 : to]))
		text = text[to+1:]
	}
	request, rest, ok := quoted(text)
	if !ok || !l.ask(request) {
		return line{}, false
	}
	status, rest, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte(" "))
	if l.status, ok = statusOf(string(status)); !ok {
		return line{}, false
	}
	l.took, l.timed = tookIn(rest)
	return l, true
}

// ask takes the line of a request: GET /a?b HTTP/1.1.
func (l *line) ask(request []byte) bool {
	method, target, _ := bytes.Cut(request, []byte(" "))
	if at := bytes.LastIndexByte(target, ' '); at >= 0 {
		target = target[:at]
	}
	l.request = requestOf(string(method), string(target))
	return len(target) > 0
}

// quoted is the first text in quotes, and what stands after it. A quote in it is \" as
// Apache and nginx write it.
func quoted(text []byte) (inside, rest []byte, ok bool) {
	from := bytes.IndexByte(text, '"')
	if from < 0 {
		return nil, nil, false
	}
	for to := from + 1; to < len(text); to++ {
		switch text[to] {
		case '\\':
			to++
		case '"':
			return text[from+1 : to], text[to+1:], true
		}
	}
	return nil, nil, false
}

func statusOf(text string) (int, bool) {
	status, err := strconv.Atoi(text)
	return status, err == nil && status >= 100 && status <= 599
}

// tookIn finds how long an answer took, as those write it who add it to the format:
// rt=0.123 and request_time=0.123 in seconds, 12ms at the end as Traefik does, and
// 0.123 as the last word. A whole number may be anything.
func tookIn(rest []byte) (time.Duration, bool) {
	for _, name := range []string{"request_time=", "rt="} {
		if at := bytes.Index(rest, []byte(name)); at >= 0 && (at == 0 || rest[at-1] == ' ' || rest[at-1] == '"') {
			value, _, _ := bytes.Cut(rest[at+len(name):], []byte(" "))
			return seconds(strings.Trim(string(value), `",`))
		}
	}
	last := rest[bytes.LastIndexByte(rest, ' ')+1:]
	if ms, ok := bytes.CutSuffix(last, []byte("ms")); ok {
		n, err := strconv.ParseFloat(string(ms), 64)
		return time.Duration(n * float64(time.Millisecond)), err == nil
	}
	if bytes.IndexByte(last, '.') < 0 || bytes.Count(rest, []byte(" ")) < 2 {
		return 0, false
	}
	return seconds(string(last))
}

// seconds reads 0.123.
func seconds(text string) (time.Duration, bool) {
	n, err := strconv.ParseFloat(text, 64)
	return time.Duration(n * float64(time.Second)), err == nil && n >= 0 && n < 1e6
}
