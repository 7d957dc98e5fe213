package traffic

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/redact"
)

// collector makes a Summary of requests that come one after another.
type collector struct {
	answered *tree // requests that were answered as if there were such a route
	missing  *tree // 404 and 405: there may be none
	shift    uint
	from, to time.Time
	summary  Summary
}

func newCollector() *collector {
	return &collector{answered: newTree(), missing: newTree(), shift: narrowest}
}

// add counts one request, or skips it where it is none.
func (c *collector) add(l line) {
	c.summary.Lines++
	if !isRequest(l.request) {
		c.skipped()
		return
	}
	c.span(l.at)
	t := c.answered
	if l.status == 404 || l.status == 405 {
		t = c.missing
	}
	tally := t.at(l.request.Method, l.request.Path)
	if tally == nil {
		c.skipped()
		return
	}
	tally.see(l, c.shift)
}

// skip counts a line that cannot be read.
func (c *collector) skip() {
	c.summary.Lines++
	c.skipped()
}

func (c *collector) skipped() {
	c.summary.Skipped++
	if c.summary.FirstSkipped == 0 {
		c.summary.FirstSkipped = c.summary.Lines
	}
}

// elsewhere counts a request to another host.
func (c *collector) elsewhere(host string) {
	c.summary.Lines++
	if c.summary.Elsewhere == nil {
		c.summary.Elsewhere = map[string]int{}
	}
	if _, known := c.summary.Elsewhere[host]; known || len(c.summary.Elsewhere) < mostSiblings {
		c.summary.Elsewhere[host]++
	}
}

// isRequest reports whether what a log calls a request is one: bytes of TLS and worse
// are sent to ports of HTTP all the time.
func isRequest(r Request) bool {
	if len(r.Method) < 3 || len(r.Method) > 16 || !strings.HasPrefix(r.Path, "/") {
		return false
	}
	for i := range len(r.Method) {
		if r.Method[i] < 'A' || r.Method[i] > 'Z' {
			return false
		}
	}
	for i := range len(r.Path) {
		if r.Path[i] <= ' ' || r.Path[i] == 0x7f {
			return false
		}
	}
	return true
}

// span widens the time that is looked at, and the windows with it.
func (c *collector) span(at time.Time) {
	if at.IsZero() {
		return
	}
	if c.from.IsZero() || at.Before(c.from) {
		c.from = at
	}
	if at.After(c.to) {
		c.to = at
	}
	for c.to.Unix()>>c.shift-c.from.Unix()>>c.shift >= mostWindows {
		c.shift++
	}
}

// result is the summary of all that was added.
func (c *collector) result() Summary {
	c.answered.settle(c.answered.root)
	c.missing.settle(c.missing.root)
	s := c.summary
	s.NotFound = adopt(c.answered.root, c.missing.root)
	s.From, s.To, s.Window = c.from, c.to, time.Second<<c.shift
	s.Routes = routesOf(c.answered.root, "", nil)
	all := float64(s.Counted())
	var stripper redact.Stripper
	for i := range s.Routes {
		r := &s.Routes[i]
		r.Share = float64(r.Count) / all
		c.rates(r)
		r.Example.strip(&stripper)
	}
	s.Stripped = stripper.Found()
	slices.SortStableFunc(s.Routes, func(a, b Route) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	return s
}

// rates turns what was counted into requests a second.
func (c *collector) rates(r *Route) {
	if c.from.IsZero() {
		r.Peak = 0
		return
	}
	seconds := max(c.to.Sub(c.from).Seconds(), 1)
	r.Mean = float64(r.Count) / seconds
	r.Peak = max(r.Mean, r.Peak/min(seconds, float64(uint64(1)<<c.shift)))
}

// routesOf are the routes of a node and below, under the path of it.
func routesOf(n *node, path string, places []Place) []Route {
	var all []Route
	for _, method := range sorted(n.requests) {
		t := n.requests[method]
		if t.count == 0 {
			continue
		}
		route := Route{Method: method, Path: path, Places: slices.Clone(places), Count: t.count, Statuses: t.statuses, Latency: t.took.latency(), Example: t.example}
		route.Peak = float64(t.windows.most()) // of a window; a rate when the time is known
		route.Example.Method, route.Example.Path = method, path
		all = append(all, route)
	}
	for _, name := range sorted(n.below) {
		all = append(all, routesOf(n.below[name], path+"/"+name, places)...)
	}
	if n.value != nil {
		p := n.value.place
		place := Place{Name: nameOf(len(places)), Kind: p.kind, Min: p.min, Max: p.max}
		if p.kind != Number {
			place.Min, place.Max = 0, 0
		}
		all = append(all, routesOf(n.value, path+"/{"+place.Name+"}", append(slices.Clip(places), place))...)
	}
	return all
}

// nameOf is the name of a route's first, second … place.
func nameOf(before int) string {
	if before == 0 {
		return "id"
	}
	return fmt.Sprintf("id%d", before+1)
}
