package fault

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Starve leaves a process and all that it has started so much of the processors, all
// together: what they would use beyond that, they wait for.
type Starve struct {
	// CPUs is how many processors' time they have, for example 0.2. At least
	// [LeastCPUs].
	CPUs float64
}

// LeastCPUs is the least that a process can be left: a hundredth of a processor.
const LeastCPUs = 0.01

// mostCPUs is the most that a text may name.
const mostCPUs = 4096

// Name implements [Kind].
func (Starve) Name() string { return "starve" }

// String implements [Kind].
func (s Starve) String() string {
	unit := "cpus"
	if s.CPUs == 1 {
		unit = "cpu"
	}
	return text("starve", strconv.FormatFloat(s.CPUs, 'g', -1, 64), unit)
}

// Validate refuses less than a hundredth of a processor, and what is no number of them.
func (s Starve) Validate() error {
	if !(s.CPUs >= LeastCPUs && s.CPUs <= mostCPUs) { // also what is no number
		return fmt.Errorf("starve: from %v to %d processors can be left, not %v", LeastCPUs, mostCPUs, s.CPUs)
	}
	return nil
}

// parseStarve reads a number of processors or a share of one.
func parseStarve(w *words) Kind {
	word := w.next("a share of a processor such as 20%, or 0.2 cpus,")
	if word == "" {
		return Starve{CPUs: 1}
	}
	digits, percent := strings.CutSuffix(word, "%")
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		w.fail("starve is followed by a share of a processor such as 20%%, or 0.2 cpus, not %q", word)
		return Starve{CPUs: 1}
	}
	if percent {
		return Starve{CPUs: n / 100}
	}
	if !w.flag("cpus") && !w.flag("cpu") {
		w.fail("%s is a number of what? It is written 20%%, or 0.2 cpus", word)
	}
	return Starve{CPUs: n}
}

// Squeeze leaves a process and all that it has started so much memory, all together.
// The kernel takes back what it can and kills, for want of memory, who needs more.
type Squeeze struct {
	Bytes Size
}

// Name implements [Kind].
func (Squeeze) Name() string { return "squeeze" }

// String implements [Kind].
func (s Squeeze) String() string { return text("squeeze", s.Bytes.String()) }

// Validate refuses no memory at all.
func (s Squeeze) Validate() error {
	if s.Bytes <= 0 || s.Bytes > maxSize {
		return errors.New("squeeze: it is to more than nothing and to no more than 1024GiB")
	}
	return nil
}

func parseSqueeze(w *words) Kind { return Squeeze{Bytes: w.nextSize("BYTES")} }
