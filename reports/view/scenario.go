package view

import (
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reports/chart"
)

// Scenario is everything about one scenario.
type Scenario struct {
	Position        int // in the run, from 0
	ID, Name, Claim string
	Verdict         Badge
	Reason          string
	Unfolded        bool   // it did not pass
	Packed          bool   // in a page of hundreds, and folded: it is built when it is unfolded
	InShort         string // where it passed, by what margin
	NotCarriedOut   bool   // what came of it is not its checks' doing
	Error           string // why, or what else went wrong
	Tried           string // which try it is, and what came of those before it
	Slower          string // at which pace, if not at the planned one
	Protections     []string
	ProtectionsText string
	Proves          []Term // the protections
	Without         []string
	WithoutText     string
	Begun           time.Time
	DurationS       float64
	Started, Took   string
	Compressed      []Compressed
	Checks          []Check
	// Open, Passed and Idle are, of the checks, those that need a reader, those that
	// passed, and standing checks that had nothing to look at.
	Open, Passed, Idle []Check
	Evidence           []Check
	EvidenceHeld       string
	Phases             []PhaseTable
	Peaks              *PhaseTable
	Alerts             []AlertCourse
	Failures           []Failure
	Fleet              *Fleet // nil: one process sent the load
	Faults             []Fault
	Ledger             []Pair
	Attempts           []Pair
	Webhooks           []Webhooks
	Ends               []End
	Log                []string
	LogCut             string
	Settings, World    []Pair
	Repeat             string
	LeftOut            string
	// Charts and Distributions are in a drawn view alone.
	Charts        *chart.Drawing
	Distributions []Distribution
}

// Compressed is a time that is shorter here than in production.
type Compressed struct{ Name, Real, Used, Factor, Because string }

// newScenario tells a scenario, without its pictures.
func newScenario(s judged, id string, proven bool) Scenario {
	v := Scenario{
		Position: s.position, ID: id, Name: s.Name, Claim: s.Claim, Verdict: s.badge, Reason: s.reason, NotCarriedOut: !s.carriedOut(), Error: s.Error,
		Protections: s.Protections, ProtectionsText: strings.Join(s.Protections, ", "), Without: s.Without, WithoutText: strings.Join(s.Without, ", "),
		Begun: s.Started, DurationS: s.DurationS, Started: moment(s.Started), Took: duration(s.DurationS),
		Checks: s.checks(s.Scenario.Checks, proven), Evidence: s.checks(s.Scenario.Evidence, false),
		Phases: phaseTables(s.Scenario), Peaks: peaks(s.Scenario), Failures: failures(s.Scenario), Fleet: fleet(s.Scenario), Faults: faults(s.Scenario), Ends: ends(s.Scenario), Webhooks: webhooks(s.Scenario),
		Alerts: alertCourses(s.Scenario),
		Tried:  Tried(s.Tries), Slower: slower(s.Pace), Settings: pairs(s.Settings), World: pairs(s.World), Repeat: s.Repeat,
	}
	for _, c := range v.Checks {
		switch {
		case c.Idle:
			v.Idle = append(v.Idle, c)
		case c.Verdict.Is == result.Pass:
			v.Passed = append(v.Passed, c)
		default:
			v.Open = append(v.Open, c)
		}
	}
	held := 0
	for _, c := range v.Evidence {
		if c.Verdict.Is == result.Pass {
			held++
		}
	}
	v.EvidenceHeld = count(int64(held)) + " of " + count(int64(len(v.Evidence))) + " held"
	if n := len(s.Series) - mostSeries; n > 0 {
		v.LeftOut = Plural(n, "more series is", "more series are") + " in run.json and not drawn."
	}
	for _, c := range s.Compressed {
		v.Compressed = append(v.Compressed, Compressed{
			Name: c.Name, Real: duration(c.RealS), Used: duration(c.UsedS),
			Factor: result.Format(c.FactorBy, result.UnitFraction), Because: c.Because,
		})
	}
	if v.Unfolded = s.badge.Is != result.Pass; !v.Unfolded && s.decisive != nil {
		v.InShort = inShort(*s.decisive)
	}
	v.Ledger, v.Attempts = ledger(s.Ledger)
	v.Log, v.LogCut = lastLines(s.Log)
	return v
}

// draw adds the pictures, with as much as there is room for. on are faults that have no
// receipt yet.
func (v *Scenario) draw(s result.Scenario, room room, on []chart.Band) {
	v.Distributions = distributions(s)
	if drawing, ok := charts(s, v.ID, room, on); ok {
		v.Charts = &drawing
	}
}

// inShort is a check with its limit, and how much of that it used.
func inShort(c result.Check) string {
	text := verdict.Subject(c) + " " + measured(c) + ", limit " + verdict.LimitText(c)
	if used, ok := verdict.LimitUsed(c); ok {
		text += " (" + usedText(used) + ")"
	}
	return text
}

const mostLogLines = 200

// lastLines keeps the end of a log, which is where a death is explained.
func lastLines(log []string) (lines []string, cut string) {
	if n := len(log) - mostLogLines; n > 0 {
		return log[n:], Plural(n, "earlier line is", "earlier lines are") + " in run.json."
	}
	return log, ""
}
