package httpfault

import (
	"bytes"
	"compress/gzip"
	"errors"
	"slices"
	"sync"

	"holdfast.dev/holdfast/fault"
)

// flooding is [fault.Endless] in force.
type flooding struct{ fault.Endless }

// Send sends the beginning of the answer, and then blanks.
func (e flooding) Send(x *Exchange) (bool, error) {
	if _, err := x.Write(append(x.Head(), bytes.TrimRight(x.Answer.Body, "}\n")...)); err != nil {
		return false, err
	}
	return false, x.repeat(blanks(), int64(e.Bytes))
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

// zipBombing is [fault.GzipBomb] in force.
type zipBombing struct{ fault.GzipBomb }

// Send sends the same compressed mebibyte of blanks again and again, which
// together is one valid body.
func (g zipBombing) Send(x *Exchange) (bool, error) {
	if _, err := x.Write(x.Head("Content-Encoding: gzip")); err != nil {
		return false, err
	}
	pieces := (int64(g.Bytes) + mebibyte - 1) / mebibyte
	return true, x.repeat(packedMebibyte(), pieces*int64(len(packedMebibyte())))
}

// bigHeading is [fault.BigHeader] in force.
type bigHeading struct{ fault.BigHeader }

// Send sends the header piece by piece, then the answer.
func (b bigHeading) Send(x *Exchange) (bool, error) {
	head := x.Whole()
	status := x.statusLine()
	if _, err := x.Write(slices.Concat(status, []byte("X-Big: "))); err != nil {
		return false, err
	}
	if err := x.repeat(bytes.ReplaceAll(blanks(), []byte(" "), []byte("x")), int64(b.Bytes)); err != nil {
		return false, err
	}
	if _, err := x.through(slices.Concat([]byte("\r\n"), head[len(status):], x.Answer.Body), nil); err != nil {
		return false, errOutlasted
	}
	return true, nil
}
