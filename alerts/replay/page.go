package replay

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// Sample is one line of a metrics page.
type Sample struct {
	Labels labels.Labels // with its name, without job and instance
	Value  float64
	// Type is that of its metric, as a TYPE line of the page says; empty where none does.
	Type model.MetricType
}

// ParsePage reads a page as Prometheus does, from its text and Content-Type.
func ParsePage(text, contentType string) ([]Sample, error) {
	symbols := labels.NewSymbolTable()
	p, err := textparse.New([]byte(text), contentType, symbols, textparse.ParserOptions{FallbackContentType: "text/plain", IgnoreNativeHistograms: true})
	if p == nil {
		return nil, fmt.Errorf("read a metrics page: %w", err)
	}
	var all []Sample
	types := map[string]model.MetricType{} // by family
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read a metrics page, after %d samples: %w", len(all), err)
		}
		if entry == textparse.EntryType {
			name, t := p.Type()
			types[string(name)] = t
		}
		if entry != textparse.EntrySeries {
			continue
		}
		_, _, v := p.Series()
		s := Sample{Value: v}
		p.Labels(&s.Labels)
		s.Type = typeOf(s.Name(), types)
		all = append(all, s)
	}
}

// typeOf is a metric's type: its family's, which is called as it is, or without what parts
// of a histogram, a summary or a counter have at the end.
func typeOf(metric string, types map[string]model.MetricType) model.MetricType {
	if t, told := types[metric]; told {
		return t
	}
	for _, suffix := range []string{"_bucket", "_count", "_sum", "_total"} {
		family, has := strings.CutSuffix(metric, suffix)
		switch t := types[family]; {
		case !has:
		case t == model.MetricTypeHistogram, t == model.MetricTypeSummary && suffix != "_bucket", t == model.MetricTypeCounter && suffix == "_total":
			return t
		}
	}
	return ""
}

// Name is the name of its metric.
func (s Sample) Name() string { return s.Labels.Get(model.MetricNameLabel) }
