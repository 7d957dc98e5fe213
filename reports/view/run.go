package view

import (
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reports/visible"
)

// Run is all that is shown of a run: words and coordinates, nothing left to
// compute.
type Run struct {
	Title       string
	Verdict     Badge
	Sentence    string // why
	Advice      string // what to do, where nothing was shown
	Without     string // what was taken away, as a part of the verdict
	Nearest     string // which check came nearest to its limit, where all passed
	Answer      *Answer
	Lacking     string // what it lacks, if it did not come to its end
	Complete    bool
	Tally       []string
	Facts       []Pair
	ID, Profile string
	Seed        string
	Started     time.Time
	DurationS   float64
	Command     string
	Tiles       []Tile
	Rows        []Row      // of the scenarios, worst first
	Scenarios   []Scenario // worst first
	Reevaluated *Reevaluation
	Gains       []Gain
	Memories    []Memory // of gains, in a drawn view
	Curves      []Curve
	Proof       *Proof
	Alerts      *Alerts   // nil: the run is not about alerts
	Coverage    *Coverage // nil: nothing is known of it
	Unproven    string    // how many checks were never seen to fail
	Target      string
	Database    string
	Setting     []Pair // the environment
	Words       []Word // that the page says
	Index       []Term // of the scenarios: those that need a reader, and the others where they are not too many
	// VerdictWord and DecisiveWord are the IDs of those words.
	VerdictWord, DecisiveWord string
}

// Of derives the view of a run, without its pictures.
func Of(run *result.Run) Run { return of(visible.Copy(run)) }

// Drawn derives the view of a run with its pictures.
func Drawn(run *result.Run) Run {
	v := drawn(run, Now{})
	for i := range v.Scenarios {
		v.Scenarios[i].Packed = len(v.Scenarios) > mostBuilt && !v.Scenarios[i].Unfolded
	}
	return v
}

// mostBuilt is how many scenarios a browser builds in no time: 30 take a fifth of a second.
const mostBuilt = 30

func drawn(run *result.Run, now Now) Run {
	safe := visible.Copy(run)
	v := of(safe)
	room := roomOf(safe)
	for i := range v.Scenarios {
		s := safe.Scenarios[v.Scenarios[i].Position]
		v.Scenarios[i].draw(s, room, now.bands(s.Name))
		v.Rows[i].Spark = spark(s)
	}
	for i, c := range safe.Curves {
		v.Curves[i].draw(c)
	}
	if v.Answer != nil {
		v.Answer.draw(safe.Scenarios[v.Scenarios[0].Position], room.points)
	}
	v.Memories = memories(safe.Gains)
	return v
}

// of derives the view of a run that was made visible.
func of(run *result.Run) Run {
	whole, why := verdict.ShownRun(run)
	scenarios := judgedAll(run)
	v := Run{
		Title: whole.Label() + " – Holdfast run " + run.ID, Verdict: badgeOf(whole), Lacking: lacking(run), Complete: run.Complete,
		Advice: Advice(run), Sentence: sentence(run, whole, why, scenarios), Tally: tally(scenarios), Facts: facts(run),
		ID: run.ID, Profile: run.Profile, Seed: strconv.FormatUint(run.Seed, 10), Started: run.Started, DurationS: run.DurationS, Command: run.Command,
		Tiles: tiles(run), Reevaluated: newReevaluation(run.Reevaluated), Gains: gains(run.Gains), Proof: newProof(run.Detections), Alerts: newAlerts(run.Alerts), Coverage: newCoverage(run.Coverage),
		Target: run.Environment.Target, Database: run.Environment.Database, Setting: setting(run.Environment),
	}
	if v.Without = asItShould(whole, scenarios); v.Without != "" {
		v.Title = whole.Label() + ", " + v.Without + " – Holdfast run " + run.ID
	}
	if whole == result.Pass {
		v.Nearest = nearest(scenarios)
	}
	if v.Answer = answer(scenarios); v.Answer != nil && strings.HasPrefix(v.Sentence, v.Answer.Scenario+": ") {
		v.Answer.Check = "" // it has been said
	}
	proven := hasProvenChecks(run)
	if proven {
		v.Unproven = unprovenText(run)
	}
	for n, s := range scenarios {
		id := "s" + strconv.Itoa(n+1)
		v.Rows = append(v.Rows, newRow(s, id))
		v.Scenarios = append(v.Scenarios, newScenario(s, id, proven))
	}
	for _, c := range run.Curves {
		v.Curves = append(v.Curves, newCurve(c))
	}
	newGlossary(run).link(&v)
	v.Index = index(v.Scenarios)
	return v
}

// mostIndexed is how many scenarios stand in the index at the side.
const mostIndexed = 60

// index names the scenarios, the worst first, with their marks.
func index(all []Scenario) (list []Term) {
	for _, s := range all[:min(len(all), mostIndexed)] {
		list = append(list, Term{s.Verdict.Mark + nbsp + s.Name, s.ID})
	}
	return list
}

// sentence is the reason for the run's verdict.
func sentence(run *result.Run, v result.Verdict, why string, scenarios []judged) string {
	switch {
	case why != "":
		return why
	case run.Reason != "":
		return run.Reason
	case v == result.Pass && len(run.Gains) > 0:
		return "Every gain that was promised was measured, and holds."
	case len(scenarios) == 0:
		return "No scenario was run: nothing was shown."
	}
	for _, s := range scenarios {
		if s.reason != "" {
			return s.Name + ": " + s.reason
		}
	}
	return "The result gives no reason."
}

// lacking says in one sentence what a run lacks, if it did not come to its end.
func lacking(run *result.Run) string {
	var said []string
	if run.Interrupted != "" {
		said = append(said, "The run was ended early by a signal ("+run.Interrupted+").")
	}
	if !run.Complete {
		said = append(said, "This result is partial: the run did not reach its end. What follows was written before it stopped; what is missing was not measured.")
	}
	return strings.Join(said, " ")
}

// tally counts scenarios by verdict, worst first: "1 fail, 11 pass".
func tally(scenarios []judged) []string {
	counts := map[result.Verdict]int{}
	for _, s := range scenarios {
		counts[s.badge.Is]++
	}
	var parts []string
	for _, v := range append(result.Verdicts(), "") {
		if n := counts[v]; n > 0 {
			parts = append(parts, count(int64(n))+nbsp+strings.ToLower(v.Label()))
		}
	}
	return parts
}
