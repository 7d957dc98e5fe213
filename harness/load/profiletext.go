package load

import (
	"fmt"
	"strings"
)

func (r ramp) String() string {
	if r.from == r.to {
		return fmt.Sprintf("%s for %s", rateText(r.from), lengthText(r.d))
	}
	return fmt.Sprintf("%s to %s over %s", rateText(r.from), rateText(r.to), lengthText(r.d))
}

func (b bursts) String() string {
	return fmt.Sprintf("bursts of %d every %s for %s", b.size, lengthText(b.every), lengthText(b.d))
}

func (w waves) String() string {
	return fmt.Sprintf("waves of %s to %s every %s for %s", rateText(w.low), rateText(w.high), lengthText(w.period), lengthText(w.d))
}

func (s steps) String() string {
	names := make([]string, len(s.rates))
	for i, rate := range s.rates {
		names[i] = rateText(rate)
	}
	return fmt.Sprintf("steps of %s, %s each", strings.Join(names, ", "), lengthText(s.each))
}

// andThen stands between the parts of a sequence.
const andThen = ", then "

func (s sequence) String() string {
	names := make([]string, len(s.parts))
	for i, p := range s.parts {
		names[i] = p.String()
	}
	return strings.Join(names, andThen)
}
