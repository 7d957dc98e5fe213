package latency

import (
	"encoding/binary"
	"errors"
	"fmt"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Pack writes a histogram for another process of the same version: its digits, and of each
// bucket in which something was counted how much higher its lowest value is than that of
// the one before, and its count, both as varints. Nothing for none.
//
// It is for what is told several times a second: [Encode] compresses, for which it makes
// a compressor of a megabyte each time.
func Pack(h *hdr.Histogram) []byte {
	if h == nil {
		return nil
	}
	data := []byte{byte(h.SignificantFigures())}
	before := int64(0)
	for _, bucket := range h.Distribution() {
		if bucket.Count > 0 {
			data = binary.AppendUvarint(data, uint64(bucket.From-before))
			data = binary.AppendUvarint(data, uint64(bucket.Count))
			before = bucket.From
		}
	}
	return data
}

// Unpack reads what [Pack] wrote; nil for nothing.
func Unpack(data []byte) (*hdr.Histogram, error) {
	switch {
	case len(data) == 0:
		return nil, nil
	case len(data) > MaxText:
		return nil, errors.New("unpack a histogram: it is longer than 1 MiB")
	}
	p := Precision(data[0])
	if p != Fine && p != Coarse {
		return nil, fmt.Errorf("unpack a histogram: it has %d digits", p)
	}
	h, value := New(p), int64(0)
	for rest := data[1:]; len(rest) > 0; {
		more, n := binary.Uvarint(rest)
		if n <= 0 || more > uint64(longest-value) {
			return nil, errors.New("unpack a histogram: a value is not within an hour")
		}
		count, m := binary.Uvarint(rest[n:])
		if m <= 0 || int64(count) <= 0 {
			return nil, errors.New("unpack a histogram: a count is none")
		}
		value += int64(more)
		if err := h.RecordValues(value, int64(count)); err != nil {
			return nil, fmt.Errorf("unpack a histogram: %w", err)
		}
		rest = rest[n+m:]
	}
	return h, nil
}
