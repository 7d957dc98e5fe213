package httpfault

import (
	"fmt"

	"holdfast.dev/holdfast/fault"
)

// garbling is [fault.Garbage] in force.
type garbling struct{ fault.Garbage }

// Refuses is true.
func (garbling) Refuses() bool { return true }

// Send sends the bytes, the same for the same draw.
func (g garbling) Send(x *Exchange) (bool, error) {
	bytes := make([]byte, g.Bytes)
	for i := range bytes {
		bytes[i] = byte(x.Draw.Uint32())
	}
	bytes[0] |= 0x80 // never the beginning of "HTTP"
	_, err := x.Write(bytes)
	return false, err
}

// badChunking is [fault.BadChunk] in force.
type badChunking struct{ fault.BadChunk }

// Send sends the broken body.
func (badChunking) Send(x *Exchange) (bool, error) {
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

// cutting is [fault.Cut] in force.
type cutting struct{ fault.Cut }

// Send sends half of the body.
func (c cutting) Send(x *Exchange) (bool, error) {
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
