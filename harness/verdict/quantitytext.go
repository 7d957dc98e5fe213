package verdict

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/nearest"
)

// unitCores is the unit of processors' time: 1 is one of them fully busy.
const unitCores = "cores"

// spelling is one way to write a unit: what is written is shift places of the decimal
// point, or factor times, off the value.
type spelling struct {
	word   string
	unit   string
	shift  int     // 3: a second is 1000 ms
	factor float64 // 0: one
}

// spellings are the units that a quantity may be written with. Of those of one kind
// the first that says it in the fewest letters is written.
func spellings() []spelling {
	return []spelling{
		{"s", result.UnitMS, 3, 0}, {"ms", result.UnitMS, 0, 0}, {"us", result.UnitMS, -3, 0}, {"µs", result.UnitMS, -3, 0},
		{"m", result.UnitMS, 0, 60_000}, {"h", result.UnitMS, 0, 3_600_000},
		{"GB", result.UnitBytes, 9, 0}, {"MB", result.UnitBytes, 6, 0}, {"kB", result.UnitBytes, 3, 0},
		{"GiB", result.UnitBytes, 0, 1 << 30}, {"MiB", result.UnitBytes, 0, 1 << 20}, {"KiB", result.UnitBytes, 0, 1 << 10}, {"B", result.UnitBytes, 0, 0},
		{"%", result.UnitRatio, 0, 0.01}, {"ratio", result.UnitRatio, 0, 0},
		{"/s", result.UnitPerS, 0, 0}, {"x", result.UnitFraction, 0, 0}, {"", result.UnitCount, 0, 0}, {unitCores, unitCores, 0, 0},
	}
}

// Units are the units that a quantity may be in.
func Units() []string {
	units := []string{result.UnitSeconds}
	for _, s := range spellings() {
		if !slices.Contains(units, s.unit) {
			units = append(units, s.unit)
		}
	}
	return units
}

var quantityForm = regexp.MustCompile(`^([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*(\S*)$`)

// ParseQuantity reads a number with its unit: 900ms, 2.2s, 1m30s, 300MB, 64MiB, 99%,
// 40/s, 1.5x, 0.5 cores, and a count without any. Times are in milliseconds, whatever
// they are written in; a limit is held against a metric in seconds all the same.
func ParseQuantity(text string) (Quantity, error) {
	text = strings.TrimSpace(text)
	m := quantityForm.FindStringSubmatch(text)
	if m == nil {
		return Quantity{}, fmt.Errorf("%q is no quantity such as 3, 900ms, 300MB or 99%%", text)
	}
	var words []string
	for _, s := range spellings() {
		if s.word == m[2] {
			return s.read(m[1])
		}
		words = append(words, s.word)
	}
	if d, err := time.ParseDuration(text); err == nil { // 1m30s
		return Duration(d), nil
	}
	return Quantity{}, fmt.Errorf("%q has no unit that is known: there is no %q%s", text, m[2], nearest.Hint(m[2], words))
}

// read is the quantity of a number that is written with s.
func (s spelling) read(number string) (Quantity, error) {
	if s.shift != 0 {
		var err error
		if number, err = shifted(number, s.shift); err != nil {
			return Quantity{}, err
		}
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return Quantity{}, fmt.Errorf("%s is no number that can be held against another", number)
	}
	if err := Distinct(number); err != nil {
		return Quantity{}, err
	}
	switch {
	case s.word == "%":
		v /= 100 // as Percent does
	case s.factor != 0:
		v *= s.factor
	}
	if math.IsInf(v, 0) {
		return Quantity{}, fmt.Errorf("%s%s is too much", number, s.word)
	}
	return Quantity{v, s.unit}, nil
}

// Distinct refuses the text of a whole number with more digits than a measured value
// has: its neighbours would be taken for it, so that a check could not fail.
func Distinct(number string) error {
	digits := strings.TrimLeft(strings.TrimLeft(number, "+-"), "0")
	whole, ok := new(big.Int).SetString(digits, 10)
	if ok && whole.CmpAbs(big.NewInt(1<<53)) > 0 {
		return fmt.Errorf("%s is above %d: whole numbers beyond that are not told from their neighbours", number, int64(1<<53))
	}
	return nil
}

// shifted moves the decimal point of a number, exactly.
func shifted(number string, places int) (string, error) {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(number), "e")
	n := 0
	if exponent != "" {
		var err error
		if n, err = strconv.Atoi(exponent); err != nil || n > 1000 || n < -1000 {
			return "", fmt.Errorf("%s is no number that can be held against another", number)
		}
	}
	return mantissa + "e" + strconv.Itoa(n+places), nil
}

// Text is the quantity as [ParseQuantity] reads it: the shortest way to write it that
// is read as exactly that. A unit that cannot be written stands behind the number.
func (q Quantity) Text() string {
	if q.Unit == result.UnitSeconds {
		q = Quantity{q.Value * 1000, result.UnitMS}
	}
	best := ""
	for _, s := range spellings() {
		if s.unit != q.Unit || s.word == "µs" || s.word == "us" && math.Abs(q.Value) >= 0.001 || s.word == "ratio" && best != "" {
			continue
		}
		text, ok := s.write(q.Value)
		if ok && (best == "" || letters(text) < letters(best)) {
			best = text
		}
	}
	if best == "" {
		return decimal(q.Value) + " " + q.Unit
	}
	return best
}

// letters is how long a text is for who reads it: parts of a unit are read less well
// than a whole number of smaller ones.
func letters(text string) int {
	if strings.HasPrefix(strings.TrimPrefix(text, "-"), "0.") {
		return len(text) + 3
	}
	return len(text)
}

// write writes a value with s, if it is read as exactly that.
func (s spelling) write(v float64) (text string, ok bool) {
	number := v
	switch {
	case s.word == "%":
		number = v * 100
	case s.factor != 0:
		number = v / s.factor
		if number != math.Trunc(number) {
			return "", false // whole minutes, whole MiB
		}
	case s.shift != 0:
		number, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'e', -1, 64), 64)
		moved, err := shifted(strconv.FormatFloat(number, 'e', -1, 64), -s.shift)
		if err != nil {
			return "", false
		}
		number, _ = strconv.ParseFloat(moved, 64)
	}
	gap := ""
	if s.word == unitCores || s.word == "ratio" {
		gap = " "
	}
	for _, n := range s.candidates(number) {
		if q, err := s.read(n); err == nil && q.Value == v && math.Signbit(q.Value) == math.Signbit(v) {
			return n + gap + s.word, true
		}
	}
	return "", false
}

// candidates are texts of a number that may be read as the value that was meant: of
// percents the neighbours, too, for they come of a division.
func (s spelling) candidates(number float64) []string {
	all := []string{decimal(number)}
	if s.word != "%" {
		return all
	}
	short := strconv.FormatFloat(number, 'g', 12, 64)
	if v, err := strconv.ParseFloat(short, 64); err == nil {
		all = append([]string{decimal(v)}, all...)
	}
	return append(all, decimal(math.Nextafter(number, math.Inf(1))), decimal(math.Nextafter(number, math.Inf(-1))))
}

// decimal is the shortest text of a number that is read as that number.
func decimal(v float64) string {
	if a := math.Abs(v); a >= 1e15 || a != 0 && a < 1e-6 {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// In is the quantity in another unit of the same kind; false where there is no such.
func (q Quantity) In(unit string) (Quantity, bool) {
	switch {
	case q.Unit == unit:
		return q, true
	case q.Unit == result.UnitMS && unit == result.UnitSeconds:
		return Quantity{q.Value / 1000, unit}, true
	case q.Unit == result.UnitSeconds && unit == result.UnitMS:
		return Quantity{q.Value * 1000, unit}, true
	}
	return q, false
}

// kindOf says what a unit measures, with examples of how it is written.
func kindOf(unit string) string {
	switch unit {
	case result.UnitMS, result.UnitSeconds:
		return "a time (900ms, 2.2s)"
	case result.UnitBytes:
		return "a size (300MB, 64MiB)"
	case result.UnitRatio:
		return "a share (99%)"
	case result.UnitPerS:
		return "a rate (40/s)"
	case result.UnitFraction:
		return "a number of times (1.5x)"
	case result.UnitCount:
		return "a count (3)"
	case unitCores:
		return "a number of processors (0.5 cores)"
	}
	return "in " + unit
}
