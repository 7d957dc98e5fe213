package fault

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// Endless answers with a body that goes on and on. The server holds one small
// piece of it at a time.
type Endless struct {
	Bytes int64 // after which the connection is closed all the same
}

// String returns for example "endless bytes=1GiB".
func (e Endless) String() string { return words("endless", "bytes", size(e.Bytes)) }

// Validate refuses less than a byte.
func (e Endless) Validate() error { return checkFlood("endless", e.Bytes) }

// Send sends the beginning of the answer, and then blanks.
func (e Endless) Send(x *Exchange) error {
	raw, err := x.Raw()
	if err != nil {
		return err
	}
	if _, err := raw.Write(append(raw.head(), bytes.TrimRight(x.Answer.Body, "}\n")...)); err != nil {
		return err
	}
	return raw.repeat(bytes.Repeat([]byte(" "), 16<<10), e.Bytes)
}

// repeat writes piece again and again, total bytes in all.
func (r *Raw) repeat(piece []byte, total int64) error {
	for left := total; left > 0; left -= int64(len(piece)) {
		_, err := r.Write(piece[:min(left, int64(len(piece)))])
		if errors.Is(err, ErrGone) {
			return errOutlasted
		}
		if err != nil {
			return err
		}
		select {
		case <-r.x.held.lifted:
			return errLifted
		default:
		}
	}
	return nil
}

// GzipBomb answers with a small compressed body that is large when unpacked.
type GzipBomb struct {
	Bytes int64 // unpacked
}

// String returns for example "gzipbomb bytes=1GiB".
func (g GzipBomb) String() string { return words("gzipbomb", "bytes", size(g.Bytes)) }

// Validate refuses less than a byte.
func (g GzipBomb) Validate() error { return checkFlood("gzipbomb", g.Bytes) }

// Send sends the same compressed mebibyte of blanks again and again, which
// together is one valid body.
func (g GzipBomb) Send(x *Exchange) error {
	const unpacked = 1 << 20
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	blanks := bytes.Repeat([]byte(" "), 16<<10)
	for range unpacked / len(blanks) {
		_, _ = zip.Write(blanks) // a bytes.Buffer takes all
	}
	_ = zip.Close()
	raw, err := x.Raw()
	if err != nil {
		return err
	}
	if _, err := raw.Write(raw.head("Content-Encoding: gzip")); err != nil {
		return err
	}
	pieces := (g.Bytes + unpacked - 1) / unpacked
	return raw.repeat(packed.Bytes(), pieces*int64(packed.Len()))
}

// BigHeader adds a header of that size to the answer.
type BigHeader struct {
	Bytes int64
}

// String returns for example "bigheader bytes=1MiB".
func (b BigHeader) String() string { return words("bigheader", "bytes", size(b.Bytes)) }

// Validate refuses less than a byte, and more than 64 MiB.
func (b BigHeader) Validate() error {
	if b.Bytes > 64<<20 {
		return errors.New("bigheader: want at most 64MiB")
	}
	return checkFlood("bigheader", b.Bytes)
}

// Send sends the header piece by piece, then the answer.
func (b BigHeader) Send(x *Exchange) error {
	raw, err := x.Raw()
	if err != nil {
		return err
	}
	head := raw.head(fmt.Sprintf("Content-Length: %d", len(x.Answer.Body)))
	rest := bytes.TrimPrefix(head, fmt.Appendf(nil, "HTTP/1.1 %d %s\r\n", x.Answer.Status, http.StatusText(x.Answer.Status)))
	if _, err := raw.Write(append(head[:len(head)-len(rest):len(head)-len(rest)], "X-Big: "...)); err != nil {
		return err
	}
	if err := raw.repeat(bytes.Repeat([]byte("x"), 16<<10), b.Bytes); err != nil {
		return err
	}
	if _, err := raw.Write(slices.Concat([]byte("\r\n"), rest, x.Answer.Body)); err != nil {
		return errOutlasted
	}
	return nil
}

func checkFlood(what string, n int64) error {
	if n < 1 || n > 1<<40 {
		return fmt.Errorf("%s: want bytes of at least 1", what)
	}
	return nil
}

func parseEndless(a *args) (Kind, error) { return Endless{a.sizeOr("bytes", 1<<30)}, nil }

func parseGzipBomb(a *args) (Kind, error) { return GzipBomb{a.sizeOr("bytes", 1<<30)}, nil }

func parseBigHeader(a *args) (Kind, error) { return BigHeader{a.sizeOr("bytes", 1<<20)}, nil }
