package coverage

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/message"
	"holdfast.dev/holdfast/placeholder"
)

// row is a route with what is known of it so far.
type row struct {
	method    string
	templates []message.Template
	logged    bool
	requests  int64
	result.CoveredRoute
}

// table finds the route that a request is for.
type table struct {
	rows    []*row
	logged  bool
	ignored []Ignored
	used    []bool // of the ignored, which are for some route
	asks    []ask
	shared  []string // streams that ask several routes
}

// ask is what a scenario asks, and which of the rows that may be for.
type ask struct {
	scenario, stream string
	rows             []int
}

func newTable(known Known) *table {
	t := &table{ignored: known.Ignored, used: make([]bool, len(known.Ignored))}
	described := slices.Clone(known.Routes)
	// What a description has comes first: a route of a log may be one of its operations.
	slices.SortStableFunc(described, func(a, b Route) int { return cmp.Compare(weigh(a), weigh(b)) })
	for _, r := range described {
		t.enter(r)
	}
	for _, r := range t.rows {
		r.Ignored = t.why(r)
	}
	return t
}

func weigh(r Route) int {
	if r.Operation != "" {
		return 0
	}
	return 1
}

// enter adds a route; one of a log that is for an operation of the description, to that.
func (t *table) enter(r Route) {
	method := cmp.Or(strings.ToUpper(r.Method), http.MethodGet)
	t.logged = t.logged || r.Logged
	if r.Operation == "" && len(r.Paths) > 0 {
		known := t.find(method, concrete(r.Paths[0], nil)[0])
		if known != nil && (known.Operation != "" || known.Route == method+" "+r.Paths[0]) {
			known.logged, known.requests = known.logged || r.Logged, known.requests+r.Requests
			return
		}
	}
	n := &row{method: method, logged: r.Logged, requests: r.Requests}
	for _, path := range r.Paths {
		if template, err := message.ParseTemplate(path); err == nil {
			n.templates = append(n.templates, template)
		}
	}
	shown := "/"
	if len(r.Paths) > 0 {
		shown = r.Paths[0]
	}
	n.Route, n.Operation, n.Scenarios = method+" "+shown, r.Operation, []string{}
	for _, status := range r.Errors {
		n.Errors = append(n.Errors, result.ErrorAnswer{Status: status})
	}
	t.rows = append(t.rows, n)
}

// find is the most particular route that a request is for, nil if none is; who answers
// GET answers HEAD. A path is one as it is sent.
func (t *table) find(method, path string) *row {
	best := t.ofMethod(method, path)
	if best == nil && method == http.MethodHead {
		best = t.ofMethod(http.MethodGet, path)
	}
	return best
}

func (t *table) ofMethod(method, path string) *row {
	var best *row
	var by message.Template
	for _, r := range t.rows {
		if r.method != method {
			continue
		}
		for _, template := range r.templates {
			if _, ok := template.Match(path); ok && (best == nil || template.Before(by)) {
				best, by = r, template
			}
		}
	}
	return best
}

// why says why a route is ignored, if it is.
func (t *table) why(r *row) string {
	for i, one := range t.ignored {
		template, err := message.ParseTemplate(one.Path)
		if err != nil || (one.Method != "" && !strings.EqualFold(one.Method, r.method)) {
			continue
		}
		for _, own := range r.templates {
			if _, ok := template.Match(concrete(own.String(), nil)[0]); ok {
				t.used[i] = true
				return one.Because
			}
		}
	}
	return ""
}

// mostPaths bounds the paths that the words of one request give.
const mostPaths = 64

// concrete are paths as they may be sent: with each of the words, and something that is
// no word for what is not known.
func concrete(path string, words map[string][]string) []string {
	path, _, _ = strings.Cut(path, "?")
	path = strings.ReplaceAll(path, "...}", "}")
	pattern := placeholder.Path(path)
	all := []map[string]string{{}}
	for _, name := range pattern.Names() {
		values := words[name]
		if len(values) == 0 || len(all)*len(values) > mostPaths {
			values = []string{"0"}
		}
		var next []map[string]string
		for _, filled := range all {
			for _, value := range values {
				one := map[string]string{name: value}
				for k, v := range filled {
					one[k] = v
				}
				next = append(next, one)
			}
		}
		all = next
	}
	paths := make([]string, len(all))
	for i, values := range all {
		paths[i] = pattern.Fill(func(name string) (string, bool) { value, ok := values[name]; return value, ok })
	}
	return paths
}

// plan enters what a scenario asks.
func (t *table) plan(s Scenario) {
	for _, q := range s.Requests {
		rows := t.of(q)
		t.asks = append(t.asks, ask{s.Name, q.Stream, rows})
		for _, i := range rows {
			r := t.rows[i]
			r.Scenarios = add(r.Scenarios, s.Name)
			for _, status := range q.Statuses {
				if e := r.documented(status); e != nil {
					e.Expected = add(e.Expected, s.Name)
				}
			}
		}
	}
}

// with is a table in which stands what a run has got, too.
func (t *table) with(run []result.Scenario) *table {
	out := *t
	out.rows = make([]*row, len(t.rows))
	for i, r := range t.rows {
		own := *r
		own.Errors = slices.Clone(r.Errors)
		out.rows[i] = &own
	}
	for _, ran := range run {
		for _, a := range t.asks {
			if a.scenario == ran.Name {
				out.answered(a, ran)
			}
		}
	}
	return &out
}

// of are the routes that a request may be for; what none is known for becomes one.
func (t *table) of(q Request) []int {
	method := cmp.Or(strings.ToUpper(q.Method), http.MethodGet)
	var rows []int
	for _, path := range concrete(q.Path, q.Words) {
		r := t.find(method, path)
		if r == nil {
			own, _, _ := strings.Cut(q.Path, "?")
			t.enter(Route{Method: method, Paths: []string{own}})
			r = t.rows[len(t.rows)-1]
			r.Unlisted = true
		}
		if i := slices.Index(t.rows, r); !slices.Contains(rows, i) {
			rows = append(rows, i)
		}
	}
	return rows
}

// answered enters what a run has got for a request: what is no stream's, as who logs in
// before the load, was asked where any stream got answers, and is not counted. Where a
// stream may be for several routes, nobody knows whose the statuses are.
func (t *table) answered(a ask, ran result.Scenario) {
	i := slices.IndexFunc(ran.Streams, func(s result.Stream) bool {
		return s.Completed > 0 && (a.stream == "" || s.Name == a.stream)
	})
	if i < 0 {
		return
	}
	for _, of := range a.rows {
		t.rows[of].Asked = add(t.rows[of].Asked, ran.Name)
	}
	switch {
	case a.stream == "":
	case len(a.rows) > 1:
		t.shared = add(t.shared, a.stream)
	default:
		for text, n := range ran.Streams[i].Statuses {
			t.rows[a.rows[0]].count(text, n)
		}
	}
}

// count enters answers with a status.
func (r *row) count(text string, n int64) {
	if r.Answers == nil {
		r.Answers = map[string]int64{}
	}
	r.Answers[text] += n
	if status, err := strconv.Atoi(text); err == nil {
		if e := r.documented(status); e != nil {
			e.Seen += n
		}
	}
}

// documented is the error answer that the description has for a status: itself, its
// class, or whatever else is an error.
func (r *row) documented(status int) *result.ErrorAnswer {
	for _, name := range []string{strconv.Itoa(status), fmt.Sprintf("%dXX", status/100), "default"} {
		for i := range r.Errors {
			if strings.EqualFold(r.Errors[i].Status, name) && (name != "default" || status >= http.StatusBadRequest) {
				return &r.Errors[i]
			}
		}
	}
	return nil
}

// covered are the routes in the order of what is to be done, and what of the traffic is
// asked.
func (t *table) covered() ([]result.CoveredRoute, *result.Traffic) {
	all := make([]result.CoveredRoute, 0, len(t.rows)) // never null in JSON
	var total result.Traffic
	for _, r := range t.rows {
		if r.Ignored != "" {
			continue
		}
		total.Requests += r.requests
		if len(r.Scenarios) > 0 {
			total.Planned += r.requests
		}
		if len(r.Asked) > 0 {
			total.Asked += r.requests
		}
	}
	for _, r := range t.rows {
		out := r.CoveredRoute
		if r.logged {
			out.Requests = &r.requests
		}
		if r.logged && r.Ignored == "" && total.Requests > 0 {
			share := float64(r.requests) / float64(total.Requests)
			out.Share = &share
		}
		all = append(all, out)
	}
	slices.SortStableFunc(all, byNeed)
	if !t.logged {
		return all, nil
	}
	return all, &total
}

// notes are what somebody should know.
func (t *table) notes() []string {
	var all []string
	for i, one := range t.ignored {
		if !t.used[i] {
			all = append(all, "what is to be ignored is no route that is known: "+strings.TrimSpace(one.Method+" "+one.Path))
		}
	}
	for _, stream := range t.shared {
		all = append(all, "the stream "+stream+" asks several routes: which of them got which status is not known")
	}
	return all
}
