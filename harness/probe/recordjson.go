package probe

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// Samples are what was sampled of one series: At and Values have the same length,
// and At is in order.
type Samples struct {
	Series
	Every  time.Duration // between two samples, as it was asked for
	At     []time.Duration
	Values []float64
}

// NewRecord is the record of these samples, as one that a sampler took.
func NewRecord(end time.Duration, health []Health, series ...Samples) (Record, error) {
	r := Record{End: end, Health: health}
	var errs []error
	for _, s := range series {
		if len(s.At) != len(s.Values) {
			errs = append(errs, fmt.Errorf("series %s has %d times and %d values", s.Name, len(s.At), len(s.Values)))
			continue
		}
		l := line{Series: s.Series, every: max(s.Every, 1)}
		for i, at := range s.At {
			if i > 0 && at < s.At[i-1] {
				errs = append(errs, fmt.Errorf("series %s: its times are not in order", s.Name))
				break
			}
			l.data.add(at, s.Values[i:i+1])
		}
		r.lines = append(r.lines, l)
	}
	return r, errors.Join(errs...)
}

// samples are those of one line, gaps left out.
func (l line) samples() Samples {
	s := Samples{Series: l.Series, Every: l.every}
	for at, v := range l.data.points(l.column, math.MinInt64, math.MaxInt64) {
		s.At, s.Values = append(s.At, at), append(s.Values, v)
	}
	return s
}

// recordJSON is a record as it is written; times are nanoseconds.
type recordJSON struct {
	End    time.Duration `json:"end_ns"`
	Health []Health      `json:"health"`
	Series []Samples     `json:"series"`
}

// MarshalJSON writes all samples, none of them reduced.
func (r Record) MarshalJSON() ([]byte, error) {
	out := recordJSON{End: r.End, Health: r.Health}
	for _, l := range r.lines {
		out.Series = append(out.Series, l.samples())
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Record) UnmarshalJSON(data []byte) error {
	var in recordJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	read, err := NewRecord(in.End, in.Health, in.Series...)
	*r = read
	return err
}
