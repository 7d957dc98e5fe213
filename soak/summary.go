package soak

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// Summary is what the records of a soak come to.
type Summary struct {
	Runs       int
	Incomplete []string // runs that did not reach their end, and why
	// Calm and Disturbed count verdicts of scenarios, by whether a disturbance was
	// really there while they ran.
	Calm, Disturbed map[result.Verdict]int
	// Repeated is how many scenarios did not pass in company and were run alone, by
	// what they came to there.
	Repeated map[result.Verdict]int
	// Others are the scenarios that did not pass.
	Others []Other
	// Disturbances counts those that took place, by kind; Missed are those that
	// were drawn and did not, with the reason.
	Disturbances map[Kind]int
	Missed       []string
	// Took is how long each service's scenarios took, in the median undisturbed run.
	Took map[string]time.Duration
}

// Other is a scenario that did not pass.
type Other struct {
	Run int
	Seen
	Met []Happened
	// Named: its reason names a disturbance that was really there. Below: the
	// reason does not, but that of another check does.
	Named, Below bool
}

// Summarise holds the records against each other.
func Summarise(records []Record) Summary {
	s := Summary{Runs: len(records), Took: took(records), Calm: map[result.Verdict]int{}, Disturbed: map[result.Verdict]int{}, Repeated: map[result.Verdict]int{}, Disturbances: map[Kind]int{}}
	for _, r := range records {
		if r.Error != "" {
			s.Incomplete = append(s.Incomplete, fmt.Sprintf("run %d: %s", r.Run, r.Error))
		}
		for _, h := range r.Happened {
			if h.Error != "" {
				s.Missed = append(s.Missed, fmt.Sprintf("run %d: %s: %s", r.Run, h, h.Error))
			} else {
				s.Disturbances[h.Kind]++
			}
		}
		for _, seen := range r.Scenarios {
			s.count(r, seen)
		}
	}
	return s
}

func (s *Summary) count(r Record, seen Seen) {
	met := r.Met(seen)
	if len(met) == 0 {
		s.Calm[seen.Verdict]++
	} else {
		s.Disturbed[seen.Verdict]++
	}
	if len(seen.Tries) > 0 {
		s.Repeated[seen.Verdict]++
	}
	if seen.Verdict == result.Pass {
		return
	}
	o := Other{Run: r.Run, Seen: seen, Met: met}
	for _, h := range met {
		o.Named = o.Named || h.Kind.Names(seen.Reason)
		o.Below = o.Below || slices.ContainsFunc(seen.Failed, h.Kind.Names)
	}
	s.Others = append(s.Others, o)
}

// Fails is how many scenarios failed: of an intact service each is a false alarm.
func (s Summary) Fails() int { return s.Calm[result.Fail] + s.Disturbed[result.Fail] }

// CalmPassed is the share of the undisturbed scenarios that passed; 1 of none.
func (s Summary) CalmPassed() float64 {
	return share(s.Calm[result.Pass], total(s.Calm))
}

func total(counts map[result.Verdict]int) (all int) {
	for _, n := range counts {
		all += n
	}
	return all
}

// NamedShare is the share of the inconclusive scenarios that met a disturbance and
// whose reason names it; 1 of none.
func (s Summary) NamedShare() float64 {
	named, all := 0, 0
	for _, o := range s.Others {
		if o.Verdict != result.Inconclusive || len(o.Met) == 0 {
			continue
		}
		all++
		if o.Named {
			named++
		}
	}
	return share(named, all)
}

func share(part, all int) float64 {
	if all == 0 {
		return 1
	}
	return float64(part) / float64(all)
}

// What a soak must show.
const (
	leastCalmPassed = 0.99
	leastNamed      = 0.9
)

// Holds reports whether the soak shows what it must: nothing failed, what was left
// alone passed, and what is inconclusive says why.
func (s Summary) Holds() bool {
	return s.Runs > 0 && len(s.Incomplete) == 0 && s.Fails() == 0 && s.CalmPassed() >= leastCalmPassed && s.NamedShare() >= leastNamed
}

// Markdown writes the summary for people.
func (s Summary) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d runs.\n\n| | without disturbance | disturbed | in all |\n|---|---|---|---|\n", s.Runs)
	for _, v := range []result.Verdict{result.Pass, result.Fail, result.Inconclusive, result.NotExercised} {
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", v, s.Calm[v], s.Disturbed[v], s.Calm[v]+s.Disturbed[v])
	}
	fmt.Fprintf(&b, "\nWithout disturbance %.1f %% pass (at least %.0f %%). Of the inconclusive ones that were disturbed %.0f %% name what was there (at least %.0f %%).\n",
		100*s.CalmPassed(), 100*leastCalmPassed, 100*s.NamedShare(), 100*leastNamed)
	if repeated := total(s.Repeated); repeated > 0 {
		fmt.Fprintf(&b, "\n%d of %d did not pass in company of others and were run alone: %d passed there, %d failed, %d showed nothing.\n", repeated, total(s.Calm)+total(s.Disturbed),
			s.Repeated[result.Pass], s.Repeated[result.Fail], s.Repeated[result.Inconclusive]+s.Repeated[result.NotExercised])
	}
	var kinds []string
	for _, k := range Kinds() {
		kinds = append(kinds, fmt.Sprintf("%s %d", k, s.Disturbances[k]))
	}
	fmt.Fprintf(&b, "\nDisturbances that took place: %s.\n", strings.Join(kinds, ", "))
	if text := tookText(s.Took); text != "" {
		b.WriteString("\n" + text)
	}
	for _, line := range slices.Concat(s.Incomplete, s.Missed) {
		fmt.Fprintf(&b, "\n- %s\n", line)
	}
	s.list(&b, result.Fail, "Failed: false alarms")
	s.list(&b, result.Inconclusive, "Inconclusive")
	s.list(&b, result.NotExercised, "Not exercised")
	_, err := io.WriteString(w, b.String())
	return err
}

// list writes the scenarios with a verdict, if there are any.
func (s Summary) list(b *strings.Builder, v result.Verdict, title string) {
	begun := false
	for _, o := range s.Others {
		if o.Verdict != v {
			continue
		}
		if !begun {
			fmt.Fprintf(b, "\n### %s\n\n| run | scenario | reason | what was there | named |\n|---|---|---|---|---|\n", title)
			begun = true
		}
		var met []string
		for _, h := range o.Met {
			met = append(met, fmt.Sprintf("%s, from %.1f s of the scenario", h, (h.From-o.From).Seconds()))
		}
		fmt.Fprintf(b, "| %d | %s | %s | %s | %s |\n", o.Run, o.Name, cell(o.Reason), strings.Join(met, "; "), o.named())
	}
}

func (o Other) named() string {
	switch {
	case o.Named:
		return "yes"
	case o.Below:
		return "by another check"
	case len(o.Met) == 0:
		return "nothing was there"
	default:
		return "no"
	}
}

// cell is a text as a cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text)
}
