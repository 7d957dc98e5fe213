package fleet

import (
	"encoding/binary"
	"errors"
	"net/http"
	"time"

	"holdfast.dev/holdfast/harness/load"
)

// Answer is an answer to the load as it is shown elsewhere: with its request.
type Answer struct {
	Exchange []byte      `json:"exchange"` // see [AppendExchange]
	Method   string      `json:"method,omitempty"`
	Path     string      `json:"path"`
	Asked    http.Header `json:"asked,omitempty"`
	Body     []byte      `json:"body,omitempty"`
	Status   int         `json:"status"`
	Header   http.Header `json:"header,omitempty"`
	Answered []byte      `json:"answered,omitempty"`
}

// AppendExchange writes a request that ended: its numbers as varints, its texts with their
// lengths before them.
func AppendExchange(b []byte, x load.Exchange) []byte {
	text := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	unplanned := int64(0)
	if x.Unplanned {
		unplanned = 1
	}
	text(x.Stream)
	for _, n := range [...]int64{x.N, int64(x.Due), int64(x.Sent), int64(x.End), unplanned, int64(x.Status), int64(x.Instance), x.BytesOut, x.BytesIn} {
		b = binary.AppendVarint(b, n)
	}
	text(x.Class)
	text(x.Step)
	text(x.Method)
	text(x.Path)
	return b
}

var errExchange = errors.New("a request that was told of is cut short")

// ReadExchange reads what AppendExchange wrote, and returns what follows it.
func ReadExchange(b []byte) (x load.Exchange, rest []byte, err error) {
	text := func() string {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			err, b = errExchange, nil
			return ""
		}
		s := string(b[size : size+int(n)])
		b = b[size+int(n):]
		return s
	}
	number := func() int64 {
		n, size := binary.Varint(b)
		if size <= 0 {
			err, b = errExchange, nil
			return 0
		}
		b = b[size:]
		return n
	}
	x.Stream, x.N = text(), number()
	x.Due, x.Sent, x.End = time.Duration(number()), time.Duration(number()), time.Duration(number())
	x.Unplanned, x.Status, x.Instance = number() != 0, int(number()), int(number())
	x.BytesOut, x.BytesIn = number(), number()
	x.Class, x.Step, x.Method, x.Path = text(), text(), text(), text()
	return x, b, err
}
