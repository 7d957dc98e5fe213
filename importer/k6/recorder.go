package k6

import (
	"encoding/json"
	"fmt"

	"github.com/grafana/sobek"

	"holdfast.dev/holdfast/importer"
)

// recorder keeps what a script would do, as its modules tell.
type recorder struct {
	rt     *sobek.Runtime
	report *importer.Report
	file   string
	turn   int // how often the function was called before
	group  string

	all      []*recorded // by their numbers, which begin at 1
	requests []*recorded // of this turn
	wait     float64     // seconds since the last request
	waited   importer.Place
}

// recorded is one request that a script would send.
type recorded struct {
	Method  string      `json:"method"`
	Address string      `json:"address"`
	Headers [][2]string `json:"headers"`
	Fields  [][2]string `json:"fields"`
	Body    string      `json:"body"`
	Name    string      `json:"name"` // as a tag says
	Timeout string      `json:"timeout"`
	Batch   bool        `json:"batch"`

	id     int
	at     importer.Place
	group  string
	wait   float64 // seconds before it
	checks []checked
}

// checked is a condition on an answer: which statuses it lets through, or what else it
// looks at.
type checked struct {
	name    string
	Through []int    `json:"through"`
	Looked  []string `json:"looked"`
}

// mostRequests is how many a script may send in one turn.
const mostRequests = 200

// place is where in the script the call comes from.
func (r *recorder) place() importer.Place {
	for _, frame := range r.rt.CaptureCallStack(0, nil) {
		if at := frame.Position(); frame.SrcName() == r.file && at.Line > 0 {
			return importer.Place{File: r.file, Line: at.Line}
		}
	}
	return importer.Place{File: r.file, Line: 1}
}

// request keeps a request and says its number.
func (r *recorder) request(text string) (int, error) {
	one := &recorded{at: r.place(), group: r.group, wait: r.wait, id: len(r.all) + 1}
	if err := json.Unmarshal([]byte(text), one); err != nil {
		return 0, err
	}
	r.wait = 0
	r.all = append(r.all, one)
	if len(r.requests) >= mostRequests {
		r.report.Leave(one.at.Left(fmt.Sprintf("requests beyond the first %d", mostRequests), "a journey that is imported has no more", "make several scripts of it"))
		return one.id, nil
	}
	r.requests = append(r.requests, one)
	return one.id, nil
}

func (r *recorder) sleep(seconds float64) {
	if seconds > 0 && seconds < 86400 {
		r.wait += seconds
		r.waited = r.place()
	}
}

func (r *recorder) inGroup(path string) { r.group = path }

func (r *recorder) note(what, why, instead string) {
	r.report.Leave(r.place().Left(what, why, instead))
}

// check keeps a condition on the answer to a request.
func (r *recorder) check(id int, name, text string) error {
	c := checked{name: name}
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	if id < 1 || id > len(r.all) {
		return nil
	}
	r.all[id-1].checks = append(r.all[id-1].checks, c)
	return nil
}

// taken is what was kept since the last time.
func (r *recorder) taken() turn {
	t := turn{requests: r.requests, after: r.wait, waited: r.waited}
	r.requests, r.wait, r.group = nil, 0, ""
	return t
}

// turn is what one call of a function would do.
type turn struct {
	requests []*recorded
	after    float64 // seconds of waiting behind the last request
	waited   importer.Place
}

// sleeps is how long is waited in all.
func (t turn) sleeps() float64 {
	sum := t.after
	for _, r := range t.requests {
		sum += r.wait
	}
	return sum
}
