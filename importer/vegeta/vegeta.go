// Package vegeta makes a holdfast.yaml of Vegeta's targets, in its HTTP format and its
// JSON format. Vegeta asks its targets in turn: each becomes a stream with its share of
// the rate.
package vegeta

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/manifest"
)

// Vegeta's own rate, and a duration, which it has none of by itself.
const (
	defaultRate     = "50/s"
	defaultDuration = 30 * time.Second
)

// mostStreams is how many different targets become streams.
const mostStreams = 200

// Read is the [importer.Reader] of Vegeta's targets.
func Read(files []importer.File, o importer.Options) (importer.Result, error) {
	if o.Rate == "" {
		o.Rate = defaultRate
	}
	if o.Duration == 0 {
		o.Duration = defaultDuration
	}
	rate, err := parseRate(o.Rate)
	if err != nil {
		return importer.Result{}, err
	}
	if o.Duration < 0 || o.Duration > 24*time.Hour {
		return importer.Result{}, fmt.Errorf("--duration: %v is no time between nothing and a day", o.Duration)
	}
	r := &reader{options: o, load: importer.Load{Report: new(importer.Report), Length: o.Duration, Guesses: map[string]string{}}}
	for _, f := range files {
		text, err := importer.CleanText(f)
		if err != nil {
			return importer.Result{}, err
		}
		if strings.HasPrefix(strings.TrimSpace(string(text)), "{") {
			err = r.json(f.Name, string(text))
		} else {
			err = r.http(f.Name, string(text))
		}
		if err != nil {
			return importer.Result{}, err
		}
	}
	return r.result(files, rate)
}

type reader struct {
	options importer.Options
	load    importer.Load
	targets []target
	total   int // of targets, those that are alike each
}

// target is one that differs from all others.
type target struct {
	at      importer.Place
	asked   importer.Asked
	request manifest.Request
	times   int
}

// result makes a stream of each target.
func (r *reader) result(files []importer.File, rate float64) (importer.Result, error) {
	names := importer.Names{}
	for i, t := range r.targets {
		path, _, _ := strings.Cut(t.request.Path, "?")
		method := t.asked.Method
		name := names.Of(importer.Slug(method+" "+path, "target"))
		share := rate * float64(t.times) / float64(r.total)
		r.load.Streams = append(r.load.Streams, manifest.Stream{Name: name, Rate: manifest.Rate{Text: importer.Rate(share)}, Request: &r.targets[i].request})
		r.load.Report.Carry("%s: target %s %s is the stream %s, %s", t.at, method, t.request.Path, name, importer.Rate(share))
	}
	if len(r.targets) == 0 {
		return importer.Finish(nil, r.load.Report)
	}
	if r.options.Rate == defaultRate {
		r.load.Guesses["load[0].rate"] = "Vegeta's own rate is 50/s, which its targets share; --rate says another"
	}
	text, err := r.load.Draft("vegeta", files).Text()
	if err != nil {
		return importer.Result{}, err
	}
	return importer.Finish(text, r.load.Report)
}

// add adds a target, or counts one that is there already.
func (r *reader) add(a importer.Asked) {
	for i := range r.targets {
		if same(r.targets[i].asked, a) {
			r.targets[i].times++
			r.total++
			return
		}
	}
	if len(r.targets) == mostStreams {
		r.load.Report.Leave(a.At.Left("the target "+a.Method+" "+a.Address, fmt.Sprintf("a file here has streams of %d targets at most", mostStreams), "make one stream of what is alike, with vary"))
		return
	}
	request, ok := r.load.Request(a)
	if !ok {
		return
	}
	r.targets = append(r.targets, target{at: a.At, asked: a, request: request, times: 1})
	r.total++
}

// same reports whether two ask the same.
func same(a, b importer.Asked) bool {
	return a.Method == b.Method && a.Address == b.Address && a.Body == b.Body && slices.Equal(a.Headers, b.Headers)
}

// parseRate reads a rate as Vegeta has it: 50, 50/s, 3000/1m.
func parseRate(text string) (float64, error) {
	wrong := fmt.Errorf("--rate: %q is no rate such as 50/s, 3000/1m or 50", text)
	count, per, given := strings.Cut(text, "/")
	n, err := strconv.ParseFloat(count, 64)
	if err != nil || !(n > 0 && n < 1e7) {
		return 0, wrong
	}
	if !given {
		return n, nil
	}
	if per != "" && strings.Trim(per[:1], "0123456789") != "" {
		per = "1" + per
	}
	d, err := time.ParseDuration(per)
	if err != nil || d <= 0 {
		return 0, wrong
	}
	return n / d.Seconds(), nil
}
