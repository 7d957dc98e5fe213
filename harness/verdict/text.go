package verdict

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/nearest"
)

// Text is the check as people write it, and [ParseCheck] reads it:
//
//	checkout.latency.p99 in inject <= 2.2s guarding payments.timeout
//	checkout.latency_ok.p99 in heal <= 1.5 x baseline
//	stripe.charge.attempts.max between 1 and 3
//	worker.in_flight falls to 0 within 2s in heal
//	web.log("ERROR") == 0 because "nothing was worth an alarm" primary
//
// The two are each other's inverse for whatever the package's constructors make.
func (c Check) Text() string {
	words := []string{c.Metric}
	if c.Phase != "" && c.Op != FallsTo {
		words = append(words, "in", c.Phase)
	}
	switch c.Op {
	case Between:
		words = append(words, "between", c.Limit.Text(), "and", c.Upper.Text())
	case FallsTo:
		words = append(words, "falls to", c.Limit.Text(), "within", Duration(c.Within).Text())
		if c.Phase != "" {
			words = append(words, "in", c.Phase)
		}
	default:
		limit := c.Limit.Text()
		if c.Times != 0 {
			limit = decimal(c.Times) + " x baseline"
		}
		words = append(words, string(c.Op), limit)
	}
	if len(c.Protections) > 0 {
		words = append(words, "guarding", strings.Join(c.Protections, ", "))
	}
	if c.Primary {
		words = append(words, "primary")
	}
	if c.Exercise {
		words = append(words, "or not exercised")
	}
	if c.Why != "" {
		words = append(words, "because", strconv.Quote(c.Why))
	}
	return strings.Join(words, " ")
}

// ParseCheck reads a check as [Check.Text] writes it. The phrases behind the limit may
// stand in any order. Whether there is such a metric, and whether it is of that unit,
// is known by [Registry.Validate]. The error names what was most likely meant.
func ParseCheck(text string) (Check, error) {
	p := checkParser{rest: strings.TrimSpace(text)}
	c, err := p.check()
	if err != nil {
		return Check{}, fmt.Errorf("check %q: %w", strings.TrimSpace(text), err)
	}
	return c, nil
}

// checkParser reads a check from its beginning on.
type checkParser struct{ rest string }

// checkPhases are those that a check may name.
func checkPhases() []string {
	return []string{result.WarmUp, result.Baseline, result.Inject, result.Heal, result.Drain}
}

func (p *checkParser) check() (c Check, err error) {
	if c.Metric, err = p.metric(); err != nil {
		return c, err
	}
	if p.word("in") {
		if c.Phase, err = p.phase(); err != nil {
			return c, err
		}
	}
	if err := p.limit(&c); err != nil {
		return c, err
	}
	for p.rest != "" {
		if err := p.phrase(&c); err != nil {
			return c, err
		}
	}
	return c, nil
}

// metric reads the name of a metric: what stands in brackets may have spaces.
func (p *checkParser) metric() (string, error) {
	depth, quoted := 0, false
	for i, r := range p.rest {
		switch {
		case quoted:
			quoted = r != '"' || strings.HasSuffix(p.rest[:i], `\`)
		case r == '"' && depth > 0:
			quoted = true
		case r == '(':
			depth++
		case r == ')':
			depth--
		case depth == 0 && strings.ContainsRune(" \t\n\r<>=≤≥!", r):
			return p.take(i)
		}
	}
	if depth != 0 || quoted {
		return "", errors.New("a bracket or a quotation mark of the metric is not closed")
	}
	return p.take(len(p.rest))
}

// take takes the first n bytes.
func (p *checkParser) take(n int) (string, error) {
	if n == 0 {
		return "", errors.New("it does not begin with a metric, for example checkout.latency.p99")
	}
	text := p.rest[:n]
	p.rest = strings.TrimLeft(p.rest[n:], " \t\r\n")
	return text, nil
}

// word takes one word, if it comes next.
func (p *checkParser) word(w string) bool {
	if rest, ok := strings.CutPrefix(p.rest, w); ok && (rest == "" || strings.ContainsAny(rest[:1], " \t\r\n\"")) {
		p.rest = strings.TrimLeft(rest, " \t\r\n")
		return true
	}
	return false
}

// next takes whatever stands until the next space.
func (p *checkParser) next() string {
	i := strings.IndexAny(p.rest, " \t\r\n")
	if i < 0 {
		i = len(p.rest)
	}
	text := p.rest[:i]
	p.rest = strings.TrimLeft(p.rest[i:], " \t\r\n")
	return text
}

func (p *checkParser) phase() (string, error) {
	name := p.next()
	switch {
	case name == "":
		return "", fmt.Errorf("behind in a phase is missing: %s", strings.Join(checkPhases(), ", "))
	case !slices.Contains(checkPhases(), name):
		return "", fmt.Errorf("there is no phase %q%s; there are %s", name, nearest.Hint(strings.ReplaceAll(name, "_", "-"), checkPhases()), strings.Join(checkPhases(), ", "))
	}
	return name, nil
}

// limit reads the operator and what stands behind it.
func (p *checkParser) limit(c *Check) (err error) {
	switch {
	case p.word("between"):
		c.Op = Between
		if c.Limit, err = p.quantity(); err != nil {
			return err
		}
		if !p.word("and") {
			return errors.New("between has two limits: between 1 and 5")
		}
		c.Upper, err = p.quantity()
		return err
	case p.word("falls"):
		return p.fall(c)
	}
	if c.Op, err = p.operator(); err != nil {
		return err
	}
	return p.oneLimit(c)
}

// fall reads what stands behind falls.
func (p *checkParser) fall(c *Check) (err error) {
	const form = "falls to 0 within 2s in heal"
	c.Op = FallsTo
	if !p.word("to") {
		return errors.New("falls is written with to and within: " + form)
	}
	if c.Limit, err = p.quantity(); err != nil {
		return err
	}
	if !p.word("within") {
		return errors.New("within what time it falls is missing: " + form)
	}
	within, err := p.quantity()
	if err != nil {
		return err
	}
	if within.Unit != result.UnitMS {
		return fmt.Errorf("within %s is no time: %s", within.Text(), form)
	}
	c.Within = time.Duration(math.Round(within.Value * float64(time.Millisecond)))
	if c.Phase == "" && p.word("in") {
		c.Phase, err = p.phase()
	}
	return err
}

// operators are how a value is held against one limit, with what people write in
// their place.
func operators() map[string]Op {
	return map[string]Op{
		"<=": AtMost, ">=": AtLeast, "==": Equals, "<": Below, ">": Above,
		"≤": "<=", "≥": ">=", "=": "==", "=<": "<=", "=>": ">=", "is": "==", "equals": "==", "===": "==", "!=": "", "<>": "",
		"at": "<=", "atmost": "<=", "atleast": ">=", "below": "<", "under": "<", "above": ">", "over": ">", "falls_to": "falls to", "drops": "falls to", "betwen": "between", "from": "between",
	}
}

var operatorForm = regexp.MustCompile(`^[<>=!≤≥]+`)

func (p *checkParser) operator() (Op, error) {
	said := operatorForm.FindString(p.rest)
	if said == "" {
		word := *p
		said = word.next()
	}
	if said == "" {
		return "", errors.New("it has no limit, for example <= 2s")
	}
	op := Op(said)
	if slices.Contains([]Op{AtMost, AtLeast, Equals, Below, Above}, op) {
		p.rest = strings.TrimLeft(p.rest[len(said):], " \t\r\n")
		return op, nil
	}
	known := []string{"<=", ">=", "==", "<", ">", "between", "falls to", "in"}
	if meant, ok := operators()[said]; ok && meant != "" {
		return "", fmt.Errorf("there is no operator %q, did you mean %s?", said, meant)
	}
	return "", fmt.Errorf("there is no operator %q%s; there are <=, >=, ==, <, >, between … and …, falls to … within …", said, nearest.Hint(said, known))
}

// apart are the units that stand a space behind their number.
var apart = regexp.MustCompile(`^(ms|us|µs|s|m|h|[kMG]i?B|KiB|B|%|/s|x|cores|ratio)(\s|$)`)

func (p *checkParser) quantity() (Quantity, error) {
	text := p.next()
	if text == "" {
		return Quantity{}, errors.New("a limit is missing, for example 2s")
	}
	if unit := apart.FindStringSubmatch(p.rest); unit != nil && strings.ContainsAny(text[len(text)-1:], "0123456789.") {
		text += p.next()
	}
	return ParseQuantity(text)
}

// timesBaseline is a limit relative to the baseline.
var timesBaseline = regexp.MustCompile(`^([0-9.]+(?:[eE][+-]?[0-9]+)?)\s*[x×*]\s*([a-z_-]+)(?:\s|$)`)

// aboutBaseline is what means a limit relative to the baseline and is not written as one.
var aboutBaseline = regexp.MustCompile(`^[0-9.]*\s*%?\s*(of\s+)?(the\s+)?baseline\b`)

func (p *checkParser) oneLimit(c *Check) (err error) {
	m := timesBaseline.FindStringSubmatch(p.rest)
	if m == nil && aboutBaseline.MatchString(p.rest) {
		return fmt.Errorf("a limit relative to the baseline is written %s 1.5 x baseline", c.Op)
	}
	if m == nil || !strings.HasPrefix(nearest.Name(m[2], []string{result.Baseline}), result.Baseline) {
		c.Limit, err = p.quantity()
		return err
	}
	if m[2] != result.Baseline {
		return fmt.Errorf("there is no %q, did you mean %s?", m[2], result.Baseline)
	}
	p.rest = strings.TrimLeft(p.rest[len(m[0]):], " \t\r\n")
	if c.Times, err = strconv.ParseFloat(m[1], 64); err != nil || !(c.Times > 0) {
		return fmt.Errorf("%s is no factor: it is more than 0, for example 1.5 x baseline", m[1])
	}
	if c.Op == Equals {
		return errors.New("two measurements are never exactly the same: use <= 1.5 x baseline")
	}
	return nil
}

// ParseTimes reads a limit that is relative to the baseline: 1.5 x baseline is 1.5.
func ParseTimes(text string) (times float64, ok bool) {
	m := timesBaseline.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil || m[2] != result.Baseline || len(m[0]) != len(strings.TrimSpace(text)) {
		return 0, false
	}
	times, err := strconv.ParseFloat(m[1], 64)
	return times, err == nil && times > 0
}

// phrase reads one of what may stand behind the limit.
func (p *checkParser) phrase(c *Check) error {
	switch {
	case p.word("primary"):
		c.Primary = true
		return nil
	case p.word("guarding"):
		return p.protections(c)
	case p.word("because"):
		quoted, err := strconv.QuotedPrefix(p.rest)
		if err != nil || quoted[0] == '\'' {
			return errors.New(`because is followed by its reason in quotation marks: because "the source promises it"`)
		}
		p.rest = strings.TrimLeft(p.rest[len(quoted):], " \t\r\n")
		c.Why, err = strconv.Unquote(quoted)
		return err
	case p.word("or"):
		if p.word("not") && p.word("exercised") {
			c.Exercise = true
			return nil
		}
		return errors.New("or is only: or not exercised")
	case strings.HasPrefix(p.rest, "in ") && c.Phase == "":
		p.word("in")
		phase, err := p.phase()
		c.Phase = phase
		return err
	}
	word := p.next()
	return fmt.Errorf("%q means nothing here%s", word, nearest.Hint(word, []string{"guarding", "because", "primary", "or not exercised", "in", "within"}))
}

// protectionName is the name of a protection.
var protectionName = regexp.MustCompile(`^[A-Za-z0-9_./-]+`)

func (p *checkParser) protections(c *Check) error {
	for {
		name := protectionName.FindString(p.rest)
		if name == "" {
			return errors.New("guarding is followed by the names of protections: guarding payments.timeout, payments.retries")
		}
		c.Protections = append(c.Protections, name)
		p.rest = strings.TrimLeft(p.rest[len(name):], " \t\r\n")
		rest, more := strings.CutPrefix(p.rest, ",")
		if !more {
			return nil
		}
		p.rest = strings.TrimLeft(rest, " \t\r\n")
	}
}
