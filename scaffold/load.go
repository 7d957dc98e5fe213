package scaffold

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/message"
	"holdfast.dev/holdfast/traffic"
)

// What the load of a draft has: it is for a first run on somebody's own machine.
const (
	mostStreams = 8
	mostRate    = 100 // requests a second, of all streams together
	leastRate   = 2   // of one stream: below it nothing can be said of its latency
	usualRate   = 10  // of a stream, where nobody knows one
)

// stream is an ask as it is sent.
type stream struct {
	ask
	name string
	rate int
}

// load decides what is asked, and how often.
func (d *draft) load() {
	all := d.asks()
	slices.SortStableFunc(all, func(a, b ask) int { return cmp.Compare(b.share, a.share) })
	for _, a := range all {
		switch {
		case a.method == http.MethodOptions || a.method == http.MethodHead:
		case len(d.streams) == mostStreams:
			d.say("scenarios[0].load", "not asked, to keep a first run short: "+a.told())
		case a.bare && a.method != http.MethodGet:
			d.say("scenarios[0].load", "not asked: "+a.told()+", for a log has no bodies; --har, --curl or --openapi have")
		case a.method == http.MethodDelete:
			d.say("scenarios[0].load", "not asked: "+a.told()+", for nothing says what may be deleted")
		case !d.canBeAsked(a):
			d.say("scenarios[0].load", "not asked: "+a.told()+", for it is no request that a run would send")
		default:
			d.streams = append(d.streams, stream{ask: a})
		}
	}
	if len(d.streams) == 0 {
		d.streams = []stream{{ask: ask{method: http.MethodGet, path: "/"}}}
	}
	d.rates()
	taken := map[string]bool{}
	for _, name := range append(d.file.Processes.Names(), d.file.Dependencies.Names()...) {
		taken[name] = true
	}
	for i := range d.streams {
		d.streams[i].name = free(streamName(d.streams[i].ask), taken)
	}
}

// canBeAsked reports whether a file with that request holds: who reads it knows best.
func (d *draft) canBeAsked(a ask) bool {
	tried := &draft{comments: map[string][]string{}, leftOut: map[string]bool{}}
	one := tried.stream("", stream{ask: a, name: "one", rate: 1}, false)
	file := manifest.File{
		Version: "1", Name: "x", Secrets: tried.file.Secrets, Processes: notation.Table[manifest.Process]{{Name: "web", Value: manifest.Process{Command: []string{"x"}}}},
		Scenarios: []manifest.Scenario{{Name: "x/x", Claim: "x", Timeline: manifest.Timeline{Baseline: second}, Load: []manifest.Stream{one}, Checks: []manifest.Check{{Text: "one.failed <= 0"}}}},
	}
	var text bytes.Buffer
	if err := manifest.Write(&text, file, nil); err != nil {
		return false
	}
	_, err := manifest.Read(text.Bytes(), manifest.FileName, manifest.Options{})
	return err == nil
}

// rates are those of the log at its peak, all of them lowered or raised by one factor
// where their sum is no load for a first run.
func (d *draft) rates() {
	sum := 0.0
	for _, s := range d.streams {
		sum += s.ask.rate
	}
	factor := 1.0
	if sum > mostRate {
		factor = mostRate / sum
	} else if sum > 0 && sum < usualRate {
		factor = usualRate / sum
	}
	for i := range d.streams {
		s := &d.streams[i]
		if s.rate = int(math.Round(s.ask.rate * factor)); s.ask.rate == 0 {
			s.rate = max(leastRate, min(usualRate, mostRate/len(d.streams)))
		}
		s.rate = max(s.rate, leastRate)
	}
}

var noWord = regexp.MustCompile(`[^a-z0-9]+`)

// streamName is a name for a request: what it asks for, and how if it is no GET.
func streamName(a ask) string {
	var parts []string
	for _, part := range strings.Split(strings.ToLower(placeIn.ReplaceAllString(a.path, "")), "/") {
		if part = strings.Trim(noWord.ReplaceAllString(part, "-"), "-"); part != "" && part != "api" && !isVersion.MatchString(part) {
			parts = append(parts, part)
		}
	}
	parts = parts[max(0, len(parts)-2):]
	if a.method != http.MethodGet {
		parts = append([]string{strings.ToLower(a.method)}, parts...)
	} else if strings.HasSuffix(a.path, "}") {
		parts = append(parts, "one")
	}
	if len(parts) == 0 {
		return "home"
	}
	return nameOf(strings.Join(parts, "-"))
}

var isVersion = regexp.MustCompile(`^v\d+$`)

// free is a name that is not taken, which it is from then on.
func free(name string, taken map[string]bool) string {
	for candidate, n := name, 2; ; n++ {
		if !taken[candidate] {
			taken[candidate] = true
			return candidate
		}
		candidate = fmt.Sprintf("%s-%d", name, n)
	}
}

// stream writes one kind of request at a path of the file, with its comments where they
// are wanted: once is enough.
func (d *draft) stream(at string, s stream, comments bool) manifest.Stream {
	out := manifest.Stream{Name: s.name, Rate: manifest.Rate{Text: fmt.Sprintf("%d/s", s.rate)}, Timeout: manifest.Duration(10 * time.Second)}
	say, ask := d.say, d.ask
	if !comments {
		say, ask = func(string, ...string) {}, func(string, string) {}
	}
	switch {
	case s.source == "":
		ask(at, "what your service is asked: its paths, how often, and what is right (ok). Nothing said so: see --openapi, --har, --access-log, --curl")
	case s.ask.rate > 0:
		say(at, fmt.Sprintf("guess: %s, as in %s, which has %s/s at its peak", s.told(), shown(s.source), figure(s.ask.rate)))
		if s.like != "" {
			say(at, "guess: the request itself is as in "+shown(s.like))
		}
	default:
		say(at, fmt.Sprintf("guess: %s, as in %s; nothing says how often", s.told(), shown(s.source)))
	}
	r := &manifest.Request{Path: s.path}
	if s.method != http.MethodGet {
		r.Method = s.method
	}
	for _, p := range s.places {
		vary, known := valuesOf(p, s.values[p.Name])
		set(&out.Vary, p.Name, vary)
		if !known {
			ask(at, "values of {"+p.Name+"} that the data of a run has")
		}
	}
	r.Path = escapedBut(s.path, out.Vary.Names())
	if query := message.Fields(s.example.Query); len(query) > 0 {
		r.Path += "?" + strings.ReplaceAll(query.Encode(), "{", "{{")
	}
	d.body(at, r, s.example, ask)
	out.Request = r
	return out
}

// escapedBut is a path in which only these names are names.
func escapedBut(path string, names []string) string {
	return placeIn.ReplaceAllStringFunc(path, func(place string) string {
		if slices.Contains(names, strings.Trim(place, "{}")) {
			return place
		}
		return "{" + place
	})
}

// valuesOf are values for a place of a path, and whether they are likely to be known.
func valuesOf(p traffic.Place, example string) (manifest.Vary, bool) {
	switch {
	case example != "":
		return manifest.Vary{Words: []string{example}}, false
	case p.Kind == traffic.Number && p.Min >= 0 && p.Max < 1<<53:
		return manifest.Vary{Integers: &manifest.Integers{Min: int(p.Min), Max: int(p.Max)}}, false
	case p.Kind == traffic.UUID:
		return manifest.Vary{Unique: "uuid"}, false
	case p.Kind == traffic.Date:
		return manifest.Vary{Words: []string{"2025-01-31"}}, true
	}
	return manifest.Vary{Words: []string{"fill-in"}}, false
}

// body writes headers and body of an example; a secret that was taken out becomes one of
// the file.
func (d *draft) body(at string, r *manifest.Request, example traffic.Request, ask func(string, string)) {
	kind := ""
	for _, name := range sorted(example.Header) {
		value := example.Header.Get(name)
		switch {
		case name == "Content-Type":
			kind = value
			continue
		case name == "Accept":
			continue
		case strings.Contains(value, "stripped-secret-"):
			secret := strings.ReplaceAll(nameOf(name), "-", "_")
			d.secret(secret, 32)
			value = strippedIn.ReplaceAllString(value, "{secrets."+secret+"}")
			ask(at, "secrets."+secret+", what "+name+" is in a run: setup can capture one")
		default:
			value = strings.ReplaceAll(value, "{", "{{")
		}
		set(&r.Headers, name, value)
	}
	switch form := message.Fields(example.Body); {
	case example.Body == "":
	case strings.Contains(kind, "json") && json.Valid([]byte(example.Body)):
		r.JSON = notation.JSON(example.Body)
	case strings.HasPrefix(kind, "application/x-www-form-urlencoded"):
		for _, name := range sorted(form) {
			set(&r.Form, name, strings.ReplaceAll(form.Get(name), "{", "{{"))
		}
	case strings.Contains(kind, "json"):
		ask(at, "json, the body: that of the input is no JSON")
	default:
		r.Body = strings.ReplaceAll(example.Body, "{", "{{")
		set(&r.Headers, "Content-Type", kind)
	}
}

var strippedIn = regexp.MustCompile(`stripped-secret-\d+`)

func figure(n float64) string {
	if n >= 10 {
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprintf("%.2g", n)
}
