package probe

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Bounds of a metrics page, in bytes. A page that is longer is nobody's metrics.
const (
	maxPage = 64 << 20
	maxLine = 1 << 20
)

// page are the samples of a metrics page that somebody asked for.
type page []sample

// sample is one line of a page.
type sample struct {
	name   string
	labels map[string]string
	value  float64
}

var errPageTooLong = fmt.Errorf("the metrics page is longer than %d bytes, or a line of it than %d", maxPage, maxLine)

// format is how a page is written.
type format int

const (
	plainText   format = iota // Prometheus's text format, and whatever says nothing else
	openMetrics               // ends with # EOF
)

// formatOf is the format that a Content-Type names.
func formatOf(contentType string) format {
	if media, _, _ := mime.ParseMediaType(contentType); media == "application/openmetrics-text" { // what is wrong behind it is nothing to us
		return openMetrics
	}
	return plainText
}

var errPageCut = errors.New("the metrics page is cut off: one of OpenMetrics ends with # EOF")

// parsePage reads from a page that somebody else wrote the samples of these names. A
// line of samples is the same in both formats, but for what stands behind the value, so
// one reader does for both, line by line: what is odd in lines that nobody asked for, a
// type that is said twice, say, costs no other its value. What the formats do not share
// is the end: a page of OpenMetrics says it, and without it a part is missing. Of a
// series that is there twice the first counts.
func parsePage(r io.Reader, f format, names []string) (page, error) {
	bounded := &io.LimitedReader{R: r, N: maxPage + 1}
	lines := bufio.NewScanner(bounded)
	lines.Buffer(nil, maxLine)
	var all page
	any, ended, odd := false, false, ""
	for !ended && lines.Scan() {
		line := bytes.TrimSpace(bytes.TrimPrefix(lines.Bytes(), []byte("\ufeff")))
		ended = f == openMetrics && string(line) == "# EOF"
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if any && !mayBeOf(line, names) {
			continue // most lines of a page
		}
		s, ok := parseSample(line)
		switch {
		case !ok && odd == "":
			odd = string(line[:min(len(line), 80)])
		case ok && slices.Contains(names, s.name) && !all.has(s):
			all = append(all, s)
		}
		any = any || ok
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong), bounded.N <= 0:
		return nil, errPageTooLong
	case err != nil:
		return nil, err
	case !any && odd != "":
		return nil, fmt.Errorf("not a metrics page: %q is no sample", odd)
	case f == openMetrics && !ended:
		return nil, errPageCut
	}
	return all, nil
}

// mayBeOf reports whether a line can be a sample of one of these names.
func mayBeOf(line []byte, names []string) bool {
	return line[0] == '{' || slices.ContainsFunc(names, func(name string) bool { return bytes.HasPrefix(line, []byte(name)) })
}

// has reports whether a sample of that series is there.
func (p page) has(s sample) bool {
	return slices.ContainsFunc(p, func(o sample) bool { return o.name == s.name && maps.Equal(o.labels, s.labels) })
}

// parseSample reads a line such as
//
//	http_requests_total{code="200"} 1027 1395066363000 # {trace_id="abc"} 1
func parseSample(line []byte) (sample, bool) {
	series, rest := cutSeries(line)
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return sample{}, false
	}
	value, err := strconv.ParseFloat(fields[0], 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || strings.ContainsAny(fields[0], "pP_") { // Go's numbers, not Prometheus's
		return sample{}, false
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(escaped(series) + " 0\n"))
	if err != nil {
		return sample{}, false
	}
	for name, family := range families {
		s := sample{name: name, labels: map[string]string{}, value: value}
		for _, label := range family.GetMetric()[0].GetLabel() {
			s.labels[label.GetName()] = label.GetValue()
		}
		return s, true
	}
	return sample{}, false
}

// escaped is a series in which each backslash escapes something: one that does not, as in
// a path of Windows that nobody escaped, is taken for itself, as Prometheus does.
func escaped(series string) string {
	if !strings.Contains(series, `\`) {
		return series
	}
	var b strings.Builder
	for i := 0; i < len(series); i++ {
		b.WriteByte(series[i])
		switch {
		case series[i] != '\\':
		case i+1 < len(series) && strings.IndexByte(`\"n`, series[i+1]) >= 0:
			i++
			b.WriteByte(series[i])
		default:
			b.WriteByte('\\')
		}
	}
	return b.String()
}

// cutSeries cuts a line behind its name and labels.
func cutSeries(line []byte) (series, rest string) {
	quoted, braced := false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			braced = true
		case c == '}':
			return string(line[:i+1]), string(line[i+1:])
		case !braced && (c == ' ' || c == '\t') && !bytes.HasPrefix(bytes.TrimLeft(line[i:], " \t"), []byte("{")):
			return string(line[:i]), string(line[i:])
		}
	}
	return string(line), ""
}

// read adds up the values of all samples that match; NaN if none does. A quantile or
// a bucket of a distribution is one only where it is asked for.
func (m Metric) read(p page) float64 {
	sum, found := 0.0, false
	for _, s := range p {
		if s.name == m.Name && s.matches(m.Labels) {
			sum, found = sum+s.value, true
		}
	}
	if !found {
		return math.NaN()
	}
	return sum
}

func (s sample) matches(want map[string]string) bool {
	for name, value := range want {
		if got, there := s.labels[name]; !there || got != value && !(isPart(name) && sameNumber(got, value)) {
			return false
		}
	}
	for name := range s.labels {
		if _, asked := want[name]; isPart(name) && !asked {
			return false
		}
	}
	return true
}

// isPart reports whether a label says which part of a distribution a sample is.
func isPart(label string) bool { return label == "quantile" || label == "le" }

// sameNumber reports whether two texts are one number: the bound 1 is 1.0 in OpenMetrics.
func sameNumber(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && x == y
}
