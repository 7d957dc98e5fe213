package fault

import (
	"errors"
	"fmt"
)

// Garbage sends random bytes, which are no HTTP, and closes. The work is not done.
type Garbage struct {
	Bytes int
}

// String returns for example "garbage bytes=512".
func (g Garbage) String() string { return words("garbage", "bytes", g.Bytes) }

// Validate refuses a size that is not between 1 byte and 1 MiB.
func (g Garbage) Validate() error {
	if g.Bytes < 1 || g.Bytes > 1<<20 {
		return errors.New("garbage: want bytes between 1 and 1048576")
	}
	return nil
}

// Refuses is true.
func (Garbage) Refuses() bool { return true }

// Send sends the bytes, the same for the same draw.
func (g Garbage) Send(x *Exchange) (bool, error) {
	bytes := make([]byte, g.Bytes)
	for i := range bytes {
		bytes[i] = byte(x.Draw.Uint32())
	}
	bytes[0] |= 0x80 // never the beginning of "HTTP"
	_, err := x.Write(bytes)
	return false, err
}

// BadChunk sends the headers and the beginning of the body in chunks, then a
// chunk whose length is no number, and closes.
type BadChunk struct{}

// String returns "badchunk".
func (BadChunk) String() string { return "badchunk" }

// Validate finds nothing wrong.
func (BadChunk) Validate() error { return nil }

// Send sends the broken body.
func (BadChunk) Send(x *Exchange) (bool, error) {
	b := chunk(x.Head("Transfer-Encoding: chunked"), x.Answer.Body[:len(x.Answer.Body)/2])
	_, err := x.Write(append(b, "zz\r\nnot a chunk\r\n"...))
	return false, err
}

func chunk(to, part []byte) []byte {
	if len(part) == 0 {
		return to
	}
	to = fmt.Appendf(to, "%x\r\n", len(part))
	return append(append(to, part...), "\r\n"...)
}

// Cut sends half of the body and closes.
type Cut struct {
	// Framing is how the client could tell: length (a Content-Length was
	// promised), chunked (the last chunk is missing) or silent (it can't, but by
	// looking at what it got).
	Framing string
}

// String returns for example "cut silent".
func (c Cut) String() string { return "cut " + c.Framing }

// Validate refuses an unknown framing.
func (c Cut) Validate() error {
	switch c.Framing {
	case "length", "chunked", "silent":
		return nil
	default:
		return fmt.Errorf("cut %q: want length, chunked or silent", c.Framing)
	}
}

// Send sends half of the body.
func (c Cut) Send(x *Exchange) (bool, error) {
	half := x.Answer.Body[:len(x.Answer.Body)/2]
	var b []byte
	switch c.Framing {
	case "length":
		b = append(x.Head(fmt.Sprintf("Content-Length: %d", max(1, len(x.Answer.Body)))), half...)
	case "chunked":
		b = chunk(x.Head("Transfer-Encoding: chunked"), half)
	default:
		b = append(x.Head(), half...)
	}
	_, err := x.Write(b)
	return false, err
}

func parseGarbage(a *args) (Kind, error) { return Garbage{Bytes: a.intOr("bytes", 512)}, nil }

func parseCut(a *args) (Kind, error) { return Cut{Framing: a.word()}, nil }
