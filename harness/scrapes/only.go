package scrapes

import (
	"slices"
	"strings"
)

// Only is the recording with some metrics alone, and of comments their types: small enough
// to be kept beside rules that are held against it again and again.
func (r *Recording) Only(metrics map[string]bool) *Recording {
	out := &Recording{Head: r.Head, Torn: r.Torn, Pages: make([]Page, len(r.Pages))}
	for i, p := range r.Pages {
		var b strings.Builder
		for line := range strings.Lines(p.Text) {
			if metrics[metricOf(line)] || typed(line, metrics) {
				b.WriteString(line)
			}
		}
		p.Text = b.String()
		out.Pages[i] = p
	}
	return out
}

// typed reports whether a line says of what type one of the metrics is.
func typed(line string, metrics map[string]bool) bool {
	words := strings.Fields(line)
	if len(words) != 4 || words[0] != "#" || words[1] != "TYPE" {
		return false
	}
	return slices.ContainsFunc([]string{"", "_total", "_bucket", "_count", "_sum"}, func(suffix string) bool { return metrics[words[2]+suffix] })
}

// metricOf is the metric that a line of a page tells; empty where it tells none, or has
// its name in quotes.
func metricOf(line string) string {
	if strings.HasPrefix(line, "#") {
		return ""
	}
	return strings.TrimSpace(line[:max(0, strings.IndexAny(line+" ", "{ \t"))])
}
