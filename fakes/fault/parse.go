package fault

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxText is the longest text form that is read.
const maxText = 8 << 10

// Parse reads a fault's text form:
//
//	fault    = step { "->" step } { selector }
//	step     = [ times "*" ] ( kind | status | "ok" )
//	kind     = word { word | option }              see Catalogue
//	selector = p=0.1 | nth=3 | every=5 | per=all | key=a,b,c* | pick=2 |
//	           from=10s | to=30s | ramp=5s | flap=3s/2s | at-once=4 | id=name
//
// A status alone, such as 503, is short for "status 503". A step without a
// number of times, but the last, lasts once.
func Parse(text string) (Fault, error) {
	f, err := parse(text)
	if err == nil {
		err = f.Validate()
	}
	if err != nil {
		return Fault{}, fmt.Errorf("parse fault %q: %w", text[:min(len(text), 200)], err)
	}
	return f, nil
}

func parse(text string) (Fault, error) {
	if len(text) > maxText {
		return Fault{}, errors.New("too long")
	}
	f := Fault{}
	when := newArgs()
	var steps Sequence
	parts := strings.Split(text, "->")
	for i, part := range parts {
		step, err := parseStep(when.takeSelectors(strings.Fields(part)))
		if err != nil {
			return Fault{}, err
		}
		if step.Times == 0 && i < len(parts)-1 {
			step.Times = 1
		}
		steps = append(steps, step)
	}
	f.ID, f.When = when.text("id"), when.selector()
	f.Kind = steps
	if len(steps) == 1 && steps[0].Times == 0 {
		f.Kind = steps[0].Kind
	}
	return f, when.err()
}

func parseStep(words []string) (Step, error) {
	if len(words) == 0 {
		return Step{}, errors.New("a kind of fault is missing")
	}
	step := Step{}
	if times, rest, ok := strings.Cut(words[0], "*"); ok {
		n, err := strconv.Atoi(times)
		if err != nil || n < 1 {
			return Step{}, fmt.Errorf("%q is not a number of times such as 2*", words[0])
		}
		step.Times = n
		words = slices.Clone(words)
		words[0] = rest
		if rest == "" {
			words = words[1:]
		}
	}
	if len(words) == 1 && words[0] == "ok" {
		return step, nil
	}
	kind, err := parseKind(words)
	step.Kind = kind
	return step, err
}

func parseKind(words []string) (Kind, error) {
	if len(words) == 0 {
		return nil, errors.New("a kind of fault is missing")
	}
	if _, err := strconv.Atoi(words[0]); err == nil {
		words = append([]string{"status"}, words...)
	}
	rows := Catalogue()
	i := slices.IndexFunc(rows, func(r Row) bool { return r.Name == words[0] })
	if i < 0 {
		names := make([]string, len(rows))
		for i, r := range rows {
			names[i] = r.Name
		}
		return nil, fmt.Errorf("%q is not a kind of fault; these are: %s", words[0], strings.Join(names, ", "))
	}
	a := newArgs()
	for _, w := range words[1:] {
		a.add(w)
	}
	kind, err := rows[i].parse(a)
	return kind, errors.Join(err, a.err())
}

// selector reads what takeSelectors took.
func (a *args) selector() Selector {
	if p, ok := a.named["p"]; ok {
		if v, err := strconv.ParseFloat(p, 64); err == nil && v == 0 {
			a.fail("p=%s: it would never fire", p)
		}
	}
	s := Selector{
		Probability: a.float("p"), Nth: a.intOr("nth", 0), Every: a.intOr("every", 0),
		Pick: a.intOr("pick", 0), AtOnce: a.intOr("at-once", 0),
		From: a.duration("from"), To: a.duration("to"), Ramp: a.duration("ramp"),
	}
	switch per := a.text("per"); per {
	case "", "key":
	case "all":
		s.PerAll = true
	default:
		a.fail("per=%s: want key or all", per)
	}
	if keys := a.text("key"); keys != "" {
		s.Keys = strings.Split(keys, ",")
	}
	if flap := a.text("flap"); flap != "" {
		on, off, _ := strings.Cut(flap, "/")
		s.FlapOn, s.FlapOff = a.parseDuration("flap", on), a.parseDuration("flap", off)
	}
	return s
}

func isSelector(name string) bool {
	switch name {
	case "id", "p", "nth", "every", "per", "key", "pick", "from", "to", "ramp", "flap", "at-once":
		return true
	default:
		return false
	}
}

// args are the words after a kind's name. Reading one uses it up; what is left
// over is an error.
type args struct {
	words []string
	named map[string]string
	errs  []error
}

func newArgs() *args { return &args{named: map[string]string{}} }

func (a *args) fail(format string, v ...any) { a.errs = append(a.errs, fmt.Errorf(format, v...)) }

func (a *args) add(text string) {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		a.words = append(a.words, text)
		return
	}
	if _, twice := a.named[name]; twice {
		a.fail("%s is there twice", name)
	}
	if value == "" {
		a.fail("%s= has no value", name)
	}
	a.named[name] = value
}

// takeSelectors adds what selects and returns the other words.
func (a *args) takeSelectors(words []string) []string {
	var rest []string
	for _, w := range words {
		if name, _, ok := strings.Cut(w, "="); ok && isSelector(name) {
			a.add(w)
		} else {
			rest = append(rest, w)
		}
	}
	return rest
}

// word returns the next word that is no option.
func (a *args) word() string { return a.wordOr("") }

func (a *args) wordOr(otherwise string) string {
	if len(a.words) == 0 {
		return otherwise
	}
	w := a.words[0]
	a.words = a.words[1:]
	return w
}

// flag says whether a word is there.
func (a *args) flag(name string) bool {
	i := slices.Index(a.words, name)
	if i < 0 {
		return false
	}
	a.words = slices.Delete(a.words, i, i+1)
	return true
}

func (a *args) text(name string) string {
	v := a.named[name]
	delete(a.named, name)
	return v
}

func (a *args) duration(name string) time.Duration { return a.durationOr(name, 0) }

func (a *args) durationOr(name string, otherwise time.Duration) time.Duration {
	v := a.text(name)
	if v == "" {
		return otherwise
	}
	return a.parseDuration(name, v)
}

func (a *args) parseDuration(name, text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		a.fail("%s=%s is not a time such as 200ms", name, text)
	}
	return d
}

func (a *args) float(name string) float64 {
	v := a.text(name)
	if v == "" {
		return 0
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil {
		a.fail("%s=%s is not a number", name, v)
	}
	return f
}

func (a *args) intOr(name string, otherwise int) int {
	v := a.text(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		a.fail("%s=%s is not a whole number", name, v)
	}
	return n
}

func (a *args) sizeOr(name string, otherwise int64) int64 {
	v := a.text(name)
	if v == "" {
		return otherwise
	}
	n, err := parseSize(v)
	if err != nil {
		a.errs = append(a.errs, fmt.Errorf("%s: %w", name, err))
	}
	return int64(n)
}

// err reports all that was wrong, and what was not understood.
func (a *args) err() error {
	for _, w := range a.words {
		a.fail("%q is not understood here", w)
	}
	for _, name := range slices.Sorted(maps.Keys(a.named)) {
		a.fail("option %s is not understood here", name)
	}
	return errors.Join(a.errs...)
}

func parseQuantiles(text string) (Quantiles, error) {
	var q Quantiles
	for point := range strings.SplitSeq(text, ",") {
		share, at, _ := strings.Cut(point, ":")
		p, err := strconv.ParseFloat(share, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not a point such as 0.99:1s", point)
		}
		d, err := time.ParseDuration(at)
		if err != nil {
			return nil, fmt.Errorf("%q is not a point such as 0.99:1s", point)
		}
		q = append(q, Quantile{p, d})
	}
	return q, nil
}
