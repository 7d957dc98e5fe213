package traffic

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// mostLine bounds one line of a log; a longer one is skipped.
const mostLine = 256 << 10

// ErrNoAccessLog is what a text meets none of whose lines is one of an access log.
var ErrNoAccessLog = errors.New("no line of it is one of an access log: the common and the combined format are known (Apache, nginx, Traefik), " +
	"JSON lines with method, path and status (nginx, Caddy, Traefik, Envoy, Google Cloud), and the logs of AWS load balancers")

// ReadAccessLog reads an access log, also one that is packed by gzip. The format is
// told line by line by what stands there. What the log says of a person, like an
// address, is not read at all.
func ReadAccessLog(r io.Reader) (Summary, error) {
	lines, err := unpacked(r)
	if err != nil {
		return Summary{}, err
	}
	c := newCollector()
	for {
		text, err := nextLine(lines)
		if err == io.EOF {
			break
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return Summary{}, fmt.Errorf("read line %d of an access log: %w", c.summary.Lines+1, err)
		}
		switch {
		case err != nil:
			c.skip()
		case len(text) == 0 || text[0] == '#': // the head of a log, as W3C's have one
		default:
			c.addLine(text)
		}
	}
	if c.summary.Lines == c.summary.Skipped {
		return Summary{}, ErrNoAccessLog
	}
	return c.result(), nil
}

func (c *collector) addLine(text []byte) {
	var l line
	var ok bool
	switch {
	case text[0] == '{':
		l, ok = jsonLine(text)
	case isBalancer(text):
		l, ok = balancerLine(text)
	default:
		l, ok = combinedLine(text)
	}
	if !ok {
		c.skip()
		return
	}
	c.add(l)
}

// unpacked is a reader of lines, of what is packed, too.
func unpacked(r io.Reader) (*bufio.Reader, error) {
	lines := bufio.NewReaderSize(r, mostLine)
	head, _ := lines.Peek(3)
	if bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		packed, err := gzip.NewReader(lines)
		if err != nil {
			return nil, fmt.Errorf("read an access log that is packed: %w", err)
		}
		lines = bufio.NewReaderSize(packed, mostLine)
		head, _ = lines.Peek(3)
	}
	if bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		_, _ = lines.Discard(3)
	}
	return lines, nil
}

// nextLine is the next line without its end. A line that is too long is read to its
// end, and the error is [bufio.ErrBufferFull].
func nextLine(r *bufio.Reader) ([]byte, error) {
	text, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = r.ReadSlice('\n')
		}
		if err != nil && err != io.EOF {
			return nil, err
		}
		return nil, bufio.ErrBufferFull
	}
	if err != nil && (err != io.EOF || len(text) == 0) {
		return nil, err
	}
	return bytes.TrimSpace(text), nil
}
