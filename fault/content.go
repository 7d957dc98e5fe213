package fault

import (
	"errors"
	"fmt"
)

// Wrong answers well-formed and wrong. The work is done.
type Wrong struct {
	// How is what is wrong: id (the answer is about something else), other (it is
	// another's), stale (it was true once), future (it is not true yet), impossible (one
	// of its numbers, another with each answer, can't be) or duplicate (it is the previous
	// answer again).
	How string
}

// Name implements [Kind].
func (Wrong) Name() string { return "wrong" }

// String implements [Kind].
func (w Wrong) String() string { return text("wrong", w.How) }

// Validate refuses an unknown way.
func (w Wrong) Validate() error {
	return oneOf("wrong", w.How, "id", "other", "stale", "future", "impossible", "duplicate")
}

func parseWrong(w *words) Kind { return Wrong{How: w.nextOr("")} }

// JSON answers with something else than the JSON that was promised. The work is
// done.
type JSON struct {
	// How is what is wrong with it: malformed, html, types, one, null, nulls, nan,
	// huge, deep, duplicate, more, missing, bytes, empty or nocontent.
	How string
	// Depth is how deep "deep" nests.
	Depth int
	// Field is which field "missing" leaves out. Defaults to the first by name.
	Field string
}

const (
	defaultDepth = 10_000
	maxDepth     = 10_000_000
)

// Name implements [Kind].
func (JSON) Name() string { return "json" }

// String implements [Kind].
func (j JSON) String() string {
	return text("json", j.How, named("depth", countText(j.Depth)), named("field", j.Field))
}

// Validate refuses an unknown way.
func (j JSON) Validate() error {
	if err := oneOf("json", j.How, jsonWays()...); err != nil {
		return err
	}
	if j.Depth < 0 || j.Depth > maxDepth || (j.How == "deep") != (j.Depth > 0) {
		return fmt.Errorf("json: depth goes with deep, from 1 to %d", maxDepth)
	}
	if j.Field != "" && (j.How != "missing" || !plain(j.Field)) {
		return errors.New("json: field goes with missing, and has no blanks")
	}
	return nil
}

func jsonWays() []string {
	return []string{
		"malformed", "html", "types", "one", "null", "nulls", "nan", "huge",
		"deep", "duplicate", "more", "missing", "bytes", "empty", "nocontent",
	}
}

func parseJSON(w *words) Kind {
	j := JSON{How: w.nextOr(""), Field: w.option("field")}
	if j.How == "deep" {
		j.Depth = w.countOr("depth", defaultDepth)
	}
	return j
}

// Garbage sends random bytes, which are no HTTP, and closes. The work is not done.
type Garbage struct {
	Bytes int
}

const maxGarbage = 1 << 20

// Name implements [Kind].
func (Garbage) Name() string { return "garbage" }

// String implements [Kind].
func (g Garbage) String() string { return text("garbage", named("bytes", countText(g.Bytes))) }

// Validate refuses a size that is not between 1 byte and 1 MiB.
func (g Garbage) Validate() error {
	if g.Bytes < 1 || g.Bytes > maxGarbage {
		return fmt.Errorf("garbage: want bytes between 1 and %d", maxGarbage)
	}
	return nil
}

func parseGarbage(w *words) Kind { return Garbage{Bytes: w.countOr("bytes", 512)} }

// BadChunk sends the headers and the beginning of the body in chunks, then a
// chunk whose length is no number, and closes.
type BadChunk struct{}

// Name implements [Kind].
func (BadChunk) Name() string { return "badchunk" }

// String implements [Kind].
func (BadChunk) String() string { return "badchunk" }

// Validate finds nothing wrong.
func (BadChunk) Validate() error { return nil }

// Cut sends half of the body and closes.
type Cut struct {
	// Framing is how the client could tell: length (a Content-Length was
	// promised), chunked (the last chunk is missing) or silent (it can't, but by
	// looking at what it got).
	Framing string
}

// Name implements [Kind].
func (Cut) Name() string { return "cut" }

// String implements [Kind].
func (c Cut) String() string { return text("cut", c.Framing) }

// Validate refuses an unknown framing.
func (c Cut) Validate() error { return oneOf("cut", c.Framing, "length", "chunked", "silent") }

func parseCut(w *words) Kind { return Cut{Framing: w.nextOr("")} }
