package settings

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// kind is how a setting is written, and thereby of which type it is.
type kind string

const (
	text     kind = "text"     // string
	number   kind = "number"   // int or int64: of 0 or more
	share    kind = "share"    // float64: from 0 to 1
	boolean  kind = "boolean"  // bool: true, false, 1, 0
	duration kind = "duration" // time.Duration: 200ms, 1.5s, or a bare number of seconds
)

// leastDuration is the shortest one but 0 of a setting that has a longest: what is
// shorter was meant as another unit.
const leastDuration = time.Millisecond

// read returns the value that is written, or what is wrong with it.
func (s Setting) read(written string) (any, error) {
	value, err := s.kind.parse(written)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	return value, s.accept(value)
}

// parse reads a value as what it is written as: an int64, float64, bool,
// time.Duration or string.
func (k kind) parse(written string) (any, error) {
	switch k {
	case number:
		return wholeNumber(written)
	case duration:
		return span(written)
	case share:
		part, err := strconv.ParseFloat(written, 64)
		if err != nil || !isShare(part) {
			return nil, fmt.Errorf("%q is not a number from 0 to 1", written)
		}
		return part, nil
	case boolean:
		yes, err := strconv.ParseBool(written)
		if err != nil {
			return nil, fmt.Errorf("%q is neither true nor false", written)
		}
		return yes, nil
	}
	return written, nil
}

func wholeNumber(written string) (int64, error) {
	n, err := strconv.ParseInt(written, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a whole number of 0 or more", written)
	}
	return n, nil
}

// span reads a duration as Go writes it or as a bare number of seconds.
func span(written string) (time.Duration, error) {
	d, err := time.ParseDuration(written)
	if err != nil {
		d, err = time.ParseDuration(written + "s")
	}
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration such as 2s or 200ms", written)
	}
	return d, nil
}

// isShare is false of NaN, too.
func isShare(part float64) bool { return part >= 0 && part <= 1 }

// accept reports what is wrong with a value, with the setting's name.
func (s Setting) accept(value any) error {
	var err error
	switch value := value.(type) {
	case int64:
		err = s.acceptNumber(value)
	case time.Duration:
		err = s.acceptDuration(value)
	case float64:
		if !isShare(value) {
			err = fmt.Errorf("%v: want 0 to 1", value)
		}
	case string:
		if s.form != nil {
			err = s.form(value)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	return nil
}

func (s Setting) acceptNumber(n int64) error {
	least, most := bounds(s, wholeNumber)
	switch {
	case n >= least && n <= most:
		return nil
	case s.max == "":
		return fmt.Errorf("%d: want %d or more", n, least)
	}
	return fmt.Errorf("%d: want %d to %d", n, least, most)
}

func (s Setting) acceptDuration(d time.Duration) error {
	least, most := bounds(s, span)
	switch {
	case d >= least && d <= most && (d == 0 || d >= leastDuration || s.max == ""):
		return nil
	case s.max == "":
		return fmt.Errorf("%v: want %v or more", d, least)
	}
	want := max(least, leastDuration).String()
	if least == 0 {
		want = "0, or " + want
	}
	return fmt.Errorf("%v: want %s to %s", d, want, s.max)
}

// bounds are what a setting may be at least and at most. That they are written
// well is a matter of the tables, and held by their test.
func bounds[T int64 | time.Duration](s Setting, parse func(string) (T, error)) (least, most T) {
	most = math.MaxInt64
	var errs [2]error
	if s.min != "" {
		least, errs[0] = parse(s.min)
	}
	if s.max != "" {
		most, errs[1] = parse(s.max)
	}
	if err := errors.Join(errs[:]...); err != nil {
		panic(fmt.Sprintf("settings: the bounds of %s: %v", s.Name, err))
	}
	return least, most
}
