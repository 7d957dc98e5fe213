package vegetabridge

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"holdfast.dev/holdfast/harness/load"
)

// HeaderSendLag stands in the Headers of what a [Writer] writes: how many
// nanoseconds after it was due a request was sent. It says, too, that the latency
// counts from the plan.
const HeaderSendLag = "X-Holdfast-Send-Lag"

// Writer writes requests in vegeta's binary format as they end. It keeps none.
//
// Each becomes a result with the moment at which it was due, the latency from
// then on, its status (0: no answer arrived whole), its path as the URL, the
// lengths of the bodies and, as the error, the class that it was counted under.
// Vegeta's own success counts statuses of 200 to 399; an answer with status 200
// that says the wrong thing is in its error set alone. What was never sent, late or
// shed, is not in the file.
type Writer struct {
	mu     sync.Mutex // guards all below
	buffer *bufio.Writer
	encode vegeta.Encoder
	err    error // the first one
}

// NewWriter returns a writer to w, which the caller closes after [Writer.Flush].
func NewWriter(w io.Writer) *Writer {
	b := bufio.NewWriterSize(w, 64<<10)
	return &Writer{buffer: b, encode: vegeta.NewEncoder(b)}
}

// Write adds a request whose stream began at start, under the name of an attack.
// It may be called from many goroutines. After an error nothing more is written;
// [Writer.Flush] returns it.
func (w *Writer) Write(attack string, start time.Time, x load.Exchange) {
	method := x.Method
	if method == "" {
		method = http.MethodGet
	}
	r := vegeta.Result{
		Attack: attack, Seq: uint64(x.N), Code: uint16(x.Status), Timestamp: start.Add(x.Due), Latency: x.End - x.Due,
		BytesOut: uint64(x.BytesOut), BytesIn: uint64(x.BytesIn), Error: x.Class, Method: method, URL: x.Path,
	}
	if !x.Unplanned {
		r.Headers = http.Header{HeaderSendLag: {strconv.FormatInt(int64(x.Sent-x.Due), 10)}}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = w.encode(&r)
	}
}

// Flush writes out what is buffered, and reports the first thing that went wrong.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = w.buffer.Flush()
	}
	if w.err != nil {
		return fmt.Errorf("write the requests in vegeta's format: %w", w.err)
	}
	return nil
}
