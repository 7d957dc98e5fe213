package latency

import (
	"fmt"
	"io"
	"regexp"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Interval is a distribution of some span, as a log of histograms has it.
type Interval struct {
	Tag       string // what it is of
	From, To  time.Duration
	Histogram string // as [Encode] writes it
}

// WriteLog writes intervals as a log of HdrHistogram (V1.3), which its own tools read.
// Values are in microseconds, as everywhere here; times count from whatever From does.
func WriteLog(w io.Writer, intervals []Interval) error {
	log := hdr.NewHistogramLogWriter(w)
	for _, head := range []func() error{
		func() error { return log.OutputComment("[values in microseconds, Interval_Max in seconds]") },
		log.OutputLogFormatVersion,
		log.OutputLegend,
	} {
		if err := head(); err != nil {
			return fmt.Errorf("write the log of histograms: %w", err)
		}
	}
	for _, i := range intervals {
		h, err := Decode(i.Histogram)
		if err != nil {
			return fmt.Errorf("histogram of %s: %w", i.Tag, err)
		}
		h.SetTag(splits.ReplaceAllString(i.Tag, "_"))
		h.SetStartTimeMs(i.From.Milliseconds())
		h.SetEndTimeMs(i.To.Milliseconds())
		if err := log.OutputIntervalHistogram(h); err != nil {
			return fmt.Errorf("histogram of %s: %w", i.Tag, err)
		}
	}
	return nil
}

// splits is what may not stand in a tag: it would end it.
var splits = regexp.MustCompile(`[,\s]+`)
