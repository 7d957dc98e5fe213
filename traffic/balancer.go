package traffic

import (
	"bytes"
	"strconv"
	"time"
)

// isBalancer reports whether a line is one of an AWS load balancer: of an application
// load balancer, it begins with the kind of connection; of a classic one, with the time.
func isBalancer(text []byte) bool {
	first, _, _ := bytes.Cut(text, []byte(" "))
	switch string(first) {
	case "http", "https", "h2", "ws", "wss", "grpcs":
		return true
	}
	return len(first) >= 20 && first[4] == '-' && first[10] == 'T'
}

// balancerLine reads a line of an AWS load balancer:
//
//	http 2025-07-02T22:23:00.186641Z app/lb/50dc 192.168.131.39:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "GET http://www.example.com:80/a HTTP/1.1" "curl/7.46.0" …
func balancerLine(text []byte) (line, bool) {
	head, _, found := bytes.Cut(text, []byte(` "`))
	request, _, ok := quoted(text)
	if !found || !ok {
		return line{}, false
	}
	f := bytes.Fields(head)
	if len(f) > 0 && f[0][0] >= 'a' { // the kind of connection
		f = f[1:]
	}
	if len(f) < 8 {
		return line{}, false
	}
	var l line
	if !l.ask(request) {
		return line{}, false
	}
	l.at = timeOf(string(f[0]))
	if l.status, ok = statusOf(string(f[7])); !ok {
		return line{}, false
	}
	l.timed = true
	for _, part := range f[4:7] { // of the request, of the target, of the answer
		n, err := strconv.ParseFloat(string(part), 64)
		if err != nil || n < 0 {
			l.timed = false
		}
		l.took += time.Duration(n * float64(time.Second))
	}
	return l, true
}
