package fault

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"slices"
	"sync"
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
func (e Endless) Send(x *Exchange) (bool, error) {
	if _, err := x.Write(append(x.Head(), bytes.TrimRight(x.Answer.Body, "}\n")...)); err != nil {
		return false, err
	}
	return false, x.repeat(blanks(), e.Bytes)
}

// blanks is a piece of a flood. It is never written to.
var blanks = sync.OnceValue(func() []byte { return bytes.Repeat([]byte(" "), 16<<10) })

// packedMebibyte is a mebibyte of blanks, compressed. It is never written to;
// making one takes a megabyte of memory, which thousands of requests at once
// must not.
var packedMebibyte = sync.OnceValue(func() []byte {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	for range mebibyte / len(blanks()) {
		_, _ = zip.Write(blanks()) // a bytes.Buffer takes all
	}
	_ = zip.Close()
	return packed.Bytes()
})

const mebibyte = 1 << 20

// floodBuffer is how much of a flood the kernel holds for a client that does not
// read. Left to itself, it would hold megabytes for each.
const floodBuffer = 64 << 10

// repeat writes piece again and again, total bytes in all.
func (x *Exchange) repeat(piece []byte, total int64) error {
	if tcp, ok := x.conn.(interface{ SetWriteBuffer(bytes int) error }); ok {
		_ = tcp.SetWriteBuffer(floodBuffer) // on a dead connection, what follows fails
	}
	for left := total; left > 0; left -= int64(len(piece)) {
		_, err := x.Write(piece[:min(left, int64(len(piece)))])
		if errors.Is(err, ErrGone) {
			return errOutlasted
		}
		if err != nil {
			return err
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
func (g GzipBomb) Send(x *Exchange) (bool, error) {
	if _, err := x.Write(x.Head("Content-Encoding: gzip")); err != nil {
		return false, err
	}
	pieces := (g.Bytes + mebibyte - 1) / mebibyte
	return true, x.repeat(packedMebibyte(), pieces*int64(len(packedMebibyte())))
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
func (b BigHeader) Send(x *Exchange) (bool, error) {
	head := x.Whole()
	status := x.statusLine()
	if _, err := x.Write(slices.Concat(status, []byte("X-Big: "))); err != nil {
		return false, err
	}
	if err := x.repeat(bytes.ReplaceAll(blanks(), []byte(" "), []byte("x")), b.Bytes); err != nil {
		return false, err
	}
	if _, err := x.Write(slices.Concat([]byte("\r\n"), head[len(status):], x.Answer.Body)); err != nil {
		return false, errOutlasted
	}
	return true, nil
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
