package fault

import (
	"errors"
	"fmt"
)

// Endless answers with a body that goes on and on.
type Endless struct {
	Bytes Size // after which the connection is closed all the same
}

// Name implements [Kind].
func (Endless) Name() string { return "endless" }

// String implements [Kind].
func (e Endless) String() string { return text("endless", named("bytes", sizeText(e.Bytes))) }

// Validate refuses less than a byte.
func (e Endless) Validate() error { return checkFlood("endless", e.Bytes) }

func parseEndless(w *words) Kind { return Endless{w.sizeOr("bytes", 1<<30)} }

// GzipBomb answers with a small compressed body that is large when unpacked.
type GzipBomb struct {
	Bytes Size // unpacked
}

// Name implements [Kind].
func (GzipBomb) Name() string { return "gzipbomb" }

// String implements [Kind].
func (g GzipBomb) String() string { return text("gzipbomb", named("bytes", sizeText(g.Bytes))) }

// Validate refuses less than a byte.
func (g GzipBomb) Validate() error { return checkFlood("gzipbomb", g.Bytes) }

func parseGzipBomb(w *words) Kind { return GzipBomb{w.sizeOr("bytes", 1<<30)} }

// BigHeader adds a header of that size to the answer.
type BigHeader struct {
	Bytes Size
}

// Name implements [Kind].
func (BigHeader) Name() string { return "bigheader" }

// String implements [Kind].
func (b BigHeader) String() string { return text("bigheader", named("bytes", sizeText(b.Bytes))) }

// Validate refuses less than a byte, and more than 64 MiB.
func (b BigHeader) Validate() error {
	if b.Bytes > 64<<20 {
		return errors.New("bigheader: want at most 64MiB")
	}
	return checkFlood("bigheader", b.Bytes)
}

func parseBigHeader(w *words) Kind { return BigHeader{w.sizeOr("bytes", 1<<20)} }

func checkFlood(what string, n Size) error {
	if n < 1 || n > maxSize {
		return fmt.Errorf("%s: want bytes of at least 1", what)
	}
	return nil
}
