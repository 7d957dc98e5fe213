package load

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
)

// tallyJSON is a tally as it is written: a result's stream and what that leaves
// out.
type tallyJSON struct {
	result.Stream
	Series   []result.Series `json:"series,omitempty"`
	CPUShare *float64        `json:"cpu_share,omitempty"`
	Problem  string          `json:"problem,omitempty"`
	// Answered are the numbers of the requests that got the expected answer: one
	// bit each, little-endian, base64.
	Answered string `json:"answered,omitempty"`
	// Together are the phases that had requests which were still open when the
	// first fault began, with how these ended.
	Together []result.StreamPhase `json:"together,omitempty"`
}

// MarshalJSON writes a tally with all that [Merge] and [Tally.During] need.
func (t Tally) MarshalJSON() ([]byte, error) {
	j := tallyJSON{Stream: t.Stream, Series: t.Series, CPUShare: t.Health.CPUShare, Answered: t.answered.encode()}
	for i, p := range t.Phases {
		if i < len(t.phases) && t.phases[i].spanning > 0 {
			whole := result.StreamPhase{Phase: p.Phase, Counts: t.together[i].counts(p.Planned), Histograms: t.together[i].histograms()}
			j.Together = append(j.Together, whole)
		}
	}
	if t.Problem != nil {
		j.Problem = t.Problem.Error()
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *Tally) UnmarshalJSON(data []byte) error {
	var j tallyJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return fmt.Errorf("read a tally: %w", err)
	}
	read, err := TallyOf(j.Stream)
	if err != nil {
		return err
	}
	read.Series, read.Health.CPUShare = j.Series, j.CPUShare
	if j.Problem != "" {
		read.Problem = errors.New(j.Problem)
	}
	if read.answered, err = decodeNumbers(j.Answered); err != nil {
		return fmt.Errorf("read the tally of %s: %w", j.Name, err)
	}
	for i := range read.Phases {
		at := slices.IndexFunc(j.Together, func(p result.StreamPhase) bool { return p.Phase == read.Phases[i].Phase })
		if at < 0 {
			continue
		}
		if read.together[i], err = countedOf(j.Together[at].Counts, j.Together[at].Histograms); err != nil {
			return fmt.Errorf("read the tally of %s: %w", j.Name, err)
		}
	}
	*t = read
	return nil
}

// TallyOf returns the tally behind a stream of a result, so that an old run can
// be asked for any percentile of any phases. It knows neither which requests
// were answered nor the series. A stream whose counts and histograms contradict
// each other is refused; one whose phases have no histograms, as in files of the
// first version, has no latencies by phase either. How those requests ended that
// were still open when the first fault began is in its whole, and in no phase.
func TallyOf(s result.Stream) (Tally, error) {
	t := Tally{Stream: s, phases: make([]counted, len(s.Phases))}
	var err error
	if t.whole, err = countedOf(s.Counts, s.Histograms); err != nil {
		return Tally{}, fmt.Errorf("read the tally of %s: %w", s.Name, err)
	}
	for i, p := range s.Phases {
		if t.phases[i], err = countedOf(p.Counts, p.Histograms); err != nil {
			return Tally{}, fmt.Errorf("read the tally of %s in %s: %w", s.Name, p.Phase, err)
		}
	}
	t.together = slices.Clone(t.phases)
	t.assess()
	return t, nil
}

// countedOf is the inverse of [counted.counts] and [counted.histograms].
func countedOf(r result.Counts, h result.Histograms) (counted, error) {
	c := counted{
		sent: r.Sent, completed: r.Completed, ok: r.OK, late: r.Late, shed: r.Shed, unsent: r.Unsent, spanning: r.Spanning,
		errors: maps.Clone(r.Errors), unsentWhy: maps.Clone(r.UnsentWhy),
	}
	for text, n := range r.Statuses {
		status, err := strconv.Atoi(text)
		if err != nil {
			return c, fmt.Errorf("status %q is no number", text)
		}
		addTo(&c.statuses, map[int]int64{status: n})
	}
	var errs [4]error
	c.latency, errs[0] = latency.Decode(h.Histogram)
	c.latencyOK, errs[1] = latency.Decode(h.HistogramOK)
	c.fromSend, errs[2] = latency.Decode(h.HistogramFromSend)
	c.lag, errs[3] = latency.Decode(h.HistogramSendLag)
	if err := errors.Join(errs[:]...); err != nil {
		return c, err
	}
	if q := r.LatencyOK; h.HistogramOK == "" && q != nil && c.latency != nil && q.N == c.latency.TotalCount() {
		c.latencyOK = c.latency
	}
	if q := r.Latency; c.latency != nil && (q == nil || q.N != c.latency.TotalCount()) {
		return c, errors.New("the histogram is not of as many requests as the quantiles")
	}
	return c, nil
}

func (s numbers) encode() string {
	var b []byte
	for _, word := range s {
		b = binary.LittleEndian.AppendUint64(b, word)
	}
	return base64.StdEncoding.EncodeToString(b)
}

func decodeNumbers(text string) (numbers, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b)%8 != 0 {
		return nil, errors.New("the numbers of the answered requests are not 64 bits each, in base64")
	}
	var s numbers
	for ; len(b) > 0; b = b[8:] {
		s = append(s, binary.LittleEndian.Uint64(b))
	}
	return s, nil
}
