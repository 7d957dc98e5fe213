package chaos

import (
	"encoding/binary"
	"strings"
)

// maxSQL is how much of a message is looked at, for the SQL in it.
const maxSQL = 8 << 10

// maxStartup is the longest first message that a server takes.
const maxStartup = 10_000

// frames finds where the messages of a Postgres client begin and end, in pieces
// as they come. What is no such conversation, or is encrypted, is opaque from
// then on.
type frames struct {
	opaque  bool
	talking bool // the startup is over: messages have a type before their length
	head    []byte
	left    int    // bytes of the message that are yet to come
	kind    byte   // of the message: startup has none, so 0
	body    []byte // its beginning, up to maxSQL
	over    bool   // the body is whole, and what comes is another message
}

// next takes the bytes up to the end of the message that they belong to, and
// reports whether it is whole by then.
func (f *frames) next(data []byte) (n int, whole bool) {
	if f.opaque {
		return len(data), false
	}
	if f.over {
		f.head, f.body, f.over = f.head[:0], f.body[:0], false
	}
	for n < len(data) && !f.headed() {
		f.head = append(f.head, data[n])
		n++
		if f.headed() && !f.begin() {
			f.opaque = true
			return len(data), false
		}
	}
	if !f.headed() {
		return n, false
	}
	m := min(f.left, len(data)-n)
	if room := maxSQL - len(f.body); room > 0 {
		f.body = append(f.body, data[n:n+min(m, room)]...)
	}
	f.left -= m
	f.over = f.left == 0
	return n + m, f.over
}

// headed reports whether the message's length is known.
func (f *frames) headed() bool {
	if f.talking {
		return len(f.head) == 5
	}
	return len(f.head) == 4
}

// begin reads the length, and reports whether it is one.
func (f *frames) begin() bool {
	length := int(binary.BigEndian.Uint32(f.head[len(f.head)-4:]))
	f.kind = 0
	if f.talking {
		f.kind = f.head[0]
		if !strings.ContainsRune("BCDEFHPQSXcdfp", rune(f.kind)) {
			return false
		}
	} else if length < 8 || length > maxStartup {
		return false
	}
	f.left = length - 4
	return f.left >= 0
}
