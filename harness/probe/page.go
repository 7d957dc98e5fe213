package probe

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
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

// parsePage reads from a page that somebody else wrote the samples of these names, in
// Prometheus's text format or in that of OpenMetrics, in which a line of samples is
// the same. It reads line by line: what is odd in lines that nobody asked for, a
// type that is said twice, say, costs no other its value. Of a series that is there
// twice the first counts.
func parsePage(r io.Reader, names []string) (page, error) {
	bounded := &io.LimitedReader{R: r, N: maxPage + 1}
	lines := bufio.NewScanner(bounded)
	lines.Buffer(nil, maxLine)
	var all page
	any, odd := false, ""
	for lines.Scan() {
		line := bytes.TrimSpace(bytes.TrimPrefix(lines.Bytes(), []byte("\ufeff")))
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
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return sample{}, false
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(series + " 0\n"))
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
		if got, there := s.labels[name]; !there || got != value {
			return false
		}
	}
	for _, part := range []string{"quantile", "le"} {
		_, there := s.labels[part]
		if _, asked := want[part]; there && !asked {
			return false
		}
	}
	return true
}
