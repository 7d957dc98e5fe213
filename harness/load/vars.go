package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// Var says which values a variable of a [Template] has: exactly one of Words,
// Integers, Unique, IP and Lines is set. A value depends on the run's seed, the
// stream, the number of the request and the name of the variable alone.
type Var struct {
	// Words are drawn from, evenly or by Weights, one a word.
	Words   []string  `json:"words,omitempty"`
	Weights []float64 `json:"weights,omitempty"`
	// Integers are drawn evenly.
	Integers *Integers `json:"integers,omitempty"`
	// Unique gives a value that no other request of the stream has: a number,
	// which is that of the request, or a uuid.
	Unique Unique `json:"unique,omitempty"`
	// IP is a network, for example 10.0.0.0/8, whose addresses are drawn.
	IP string `json:"ip,omitempty"`
	// Lines, for example those of a file, are taken in turn and from the start
	// again after the last.
	Lines []string `json:"lines,omitempty"`
}

// Integers are the whole numbers from Min to Max, both among them.
type Integers struct {
	Min int64 `json:"min"`
	Max int64 `json:"max"`
}

// Unique is a kind of unique value.
type Unique string

// The kinds of unique values.
const (
	UniqueNumber Unique = "number"
	UniqueUUID   Unique = "uuid"
)

// variable is a [Var] that was understood.
type variable interface {
	value(n int64, r *rand.Rand) string
	// every reports whether all values have a property.
	every(has func(string) bool) bool
}

// compile reads v, or reports all that is wrong with it.
func (v Var) compile() (variable, error) {
	var all []variable
	var errs []error
	add := func(given bool, parse func() (variable, error)) {
		if !given {
			return
		}
		one, err := parse()
		all, errs = append(all, one), append(errs, err)
	}
	add(v.Words != nil || v.Weights != nil, func() (variable, error) { return readWords(v.Words, v.Weights) })
	add(v.Integers != nil, func() (variable, error) { return readIntegers(*v.Integers) })
	add(v.Unique != "", func() (variable, error) { return readUnique(v.Unique) })
	add(v.IP != "", func() (variable, error) { return readNetwork(v.IP) })
	add(v.Lines != nil, func() (variable, error) { return readLines(v.Lines) })
	if len(all) != 1 {
		errs = append(errs, errors.New("it needs exactly one of words, integers, unique, ip and lines"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return all[0], nil
}

type wordList struct {
	list  []string
	upTo  []float64 // the weights of the list until here, summed; nil: all alike
	total float64
}

func readWords(list []string, weights []float64) (variable, error) {
	w := wordList{list: list}
	switch {
	case len(list) == 0:
		return nil, errors.New("words: there are none")
	case weights == nil:
		return w, nil
	case len(weights) != len(list):
		return nil, fmt.Errorf("weights: there are %d for %d words", len(weights), len(list))
	}
	for _, weight := range weights {
		if !(weight >= 0) || math.IsInf(weight, 0) {
			return nil, fmt.Errorf("weights: %v is none", weight)
		}
		w.total += weight
		w.upTo = append(w.upTo, w.total)
	}
	if w.total <= 0 || math.IsInf(w.total, 0) {
		return nil, errors.New("weights: their sum is not a number greater than 0")
	}
	return w, nil
}

func (w wordList) value(_ int64, r *rand.Rand) string {
	if w.upTo == nil {
		return w.list[r.IntN(len(w.list))]
	}
	at := r.Float64() * w.total
	for i, upTo := range w.upTo {
		if at < upTo {
			return w.list[i]
		}
	}
	return w.list[len(w.list)-1]
}

func (w wordList) every(has func(string) bool) bool { return allHave(w.list, has) }

func allHave(list []string, has func(string) bool) bool {
	for _, s := range list {
		if !has(s) {
			return false
		}
	}
	return true
}

func readIntegers(i Integers) (variable, error) {
	if i.Max < i.Min {
		return nil, fmt.Errorf("integers: %d is less than %d", i.Max, i.Min)
	}
	return i, nil
}

func (i Integers) value(_ int64, r *rand.Rand) string {
	width := uint64(i.Max) - uint64(i.Min) + 1
	if width == 0 { // all numbers there are
		return strconv.FormatInt(int64(r.Uint64()), 10)
	}
	return strconv.FormatInt(int64(uint64(i.Min)+r.Uint64N(width)), 10)
}

func (i Integers) every(has func(string) bool) bool { return has(strconv.FormatInt(i.Min, 10)) }

func readUnique(u Unique) (variable, error) {
	if u != UniqueNumber && u != UniqueUUID {
		return nil, fmt.Errorf("unique: %q is neither number nor uuid", string(u))
	}
	return u, nil
}

// value of a uuid is a random one (version 4) whose last 48 bits are the number of
// the request, so that no two of a stream can be the same.
func (u Unique) value(n int64, r *rand.Rand) string {
	if u == UniqueNumber {
		return strconv.FormatInt(n, 10)
	}
	high, low := r.Uint64(), r.Uint64()
	high = high&^0xf000 | 0x4000
	low = low&0x3fff<<48 | 1<<63 | uint64(n)&(1<<48-1)
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", high>>32, high>>16&0xffff, high&0xffff, low>>48, low&(1<<48-1))
}

func (u Unique) every(has func(string) bool) bool { return has(u.value(0, rand.New(new(rand.PCG)))) }

type network struct{ netip.Prefix }

func readNetwork(text string) (variable, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, fmt.Errorf("ip: %q is no network such as 10.0.0.0/8", text)
	}
	return network{p.Masked()}, nil
}

func (p network) value(_ int64, r *rand.Rand) string {
	address := p.Addr().AsSlice()
	var drawn [16]byte
	binary.BigEndian.PutUint64(drawn[:8], r.Uint64())
	binary.BigEndian.PutUint64(drawn[8:], r.Uint64())
	for i := range address {
		fixed := min(max(p.Bits()-8*i, 0), 8) // bits of this byte that the network has
		address[i] |= drawn[i] & (0xff >> fixed)
	}
	a, _ := netip.AddrFromSlice(address) // it is as long as it was
	return a.String()
}

func (p network) every(has func(string) bool) bool { return has(p.Addr().String()) }

type lines []string

func readLines(list []string) (variable, error) {
	if len(list) == 0 {
		return nil, errors.New("lines: there are none")
	}
	return lines(list), nil
}

func (l lines) value(n int64, _ *rand.Rand) string { return l[n%int64(len(l))] }

func (l lines) every(has func(string) bool) bool { return allHave(l, has) }

var integer = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)

func isInteger(s string) bool { return integer.MatchString(s) }

func isHeaderText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
