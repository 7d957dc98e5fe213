package reports

import (
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reports/chart"
)

const mostLogLines = 200

// section is everything about one scenario.
type section struct {
	ID, Name, Proves string
	Verdict          badge
	Reason           string
	Protections      string
	Without          string
	Started, Took    string
	Compressed       []compressedRow
	Open, Passed     []checkRow // checks that need a reader, and those that passed
	Evidence         []checkRow
	EvidenceHeld     string
	Phases           []phaseTable
	Peaks            *phaseTable
	Charts           *chart.Drawing
	Distributions    []distribution
	Failures         []failureRow
	Faults           []faultRow
	Ledger           []pair
	Attempts         []pair
	Ends             []endRow
	Log              []string
	LogCut           string
	Settings, World  []pair
	Repeat           string
	LeftOut          string
}

type compressedRow struct{ Name, Real, Used, Factor, Because string }

type checkRow struct {
	Verdict                   badge
	Name, Got, Limit, Samples string
	Reason, Why, Guards, Seen string
	Decisive                  bool
	Bar                       *bar
}

type failureRow struct{ Stream, Class, N, Share string }

type faultRow struct {
	ID, Name, Window, Fired, Missed, Declared, Measured, Undone, Error string
	Bad                                                                bool
}

type endRow struct {
	From, To, How, Evidence, Peak, Limit string
	Bad                                  bool
}

// newSection draws at most about so many points of each series.
func newSection(s result.Scenario, id string, points int, proven bool) section {
	v, _ := verdict.ShownScenario(s)
	sec := section{
		ID: id, Name: s.Name, Proves: s.Claim, Verdict: badgeOf(v), Reason: reasonOf(s),
		Protections: strings.Join(s.Protections, ", "), Without: strings.Join(s.Without, ", "),
		Started: moment(s.Started), Took: duration(s.DurationS),
		Phases: phaseTables(s), Peaks: peaks(s), Distributions: distributions(s),
		Failures: failures(s), Faults: faults(s), Ends: ends(s),
		Settings: pairs(s.Settings), World: pairs(s.World), Repeat: s.Repeat,
	}
	decisive := verdict.Decisive(s.Checks, s.Evidence)
	for i, c := range s.Checks {
		row := newCheckRow(c, proven)
		row.Decisive = decisive == &s.Checks[i]
		if c.Verdict == result.Pass {
			sec.Passed = append(sec.Passed, row)
		} else {
			sec.Open = append(sec.Open, row)
		}
	}
	held := 0
	for i, c := range s.Evidence {
		row := newCheckRow(c, false)
		row.Decisive = decisive == &s.Evidence[i]
		sec.Evidence = append(sec.Evidence, row)
		if c.Verdict == result.Pass {
			held++
		}
	}
	sec.EvidenceHeld = count(int64(held)) + " of " + count(int64(len(s.Evidence))) + " held"
	if drawing, ok := charts(s, id, points); ok {
		sec.Charts = &drawing
	}
	if n := len(s.Series) - mostSeries; n > 0 {
		sec.LeftOut = plural(n, "more series is", "more series are") + " in run.json and not drawn."
	}
	for _, c := range s.Compressed {
		sec.Compressed = append(sec.Compressed, compressedRow{
			Name: c.Name, Real: duration(c.RealS), Used: duration(c.UsedS),
			Factor: result.Format(c.FactorBy, result.UnitFraction), Because: c.Because,
		})
	}
	sec.Ledger, sec.Attempts = ledger(s.Ledger)
	sec.Log, sec.LogCut = lastLines(s.Log)
	return sec
}

func newCheckRow(c result.Check, proven bool) checkRow {
	r := checkRow{
		Verdict: badgeOf(c.Verdict), Name: verdict.Subject(c), Got: measured(c), Limit: verdict.LimitText(c), Samples: count(c.Samples),
		Reason: news(c), Why: c.Why, Guards: strings.Join(c.Protections, ", "), Bar: barOf(c),
	}
	if proven {
		r.Seen = seen(c)
	}
	return r
}

// news is a check's reason, unless that only repeats the row in a sentence.
func news(c result.Check) string {
	same := func(s string) string { return strings.ReplaceAll(s, nbsp, " ") }
	if c.Op != string(verdict.FallsTo) && same(c.Reason) == same(verdict.Finding(c)) { // what it falls to is not in the row
		return ""
	}
	return c.Reason
}

// failures lists what went wrong by stream and class, most frequent first.
func failures(s result.Scenario) []failureRow {
	var rows []failureRow
	for _, stream := range s.Streams {
		for _, class := range byCount(stream.Errors) {
			name := class
			if class == shedByTarget {
				name += " (refused in order: no failure)"
			}
			rows = append(rows, failureRow{
				Stream: stream.Name, Class: name, N: count(stream.Errors[class]), Share: ratio(stream.Errors[class], stream.Sent),
			})
		}
		for _, lost := range []struct {
			class string
			n     int64
		}{{"not sent: the generator was late", stream.Late}, {"not sent: too many in flight", stream.Shed}, {"not sent: the run was stopped", stream.Unsent}} {
			if lost.n > 0 {
				rows = append(rows, failureRow{Stream: stream.Name, Class: lost.class, N: count(lost.n), Share: ratio(lost.n, stream.Planned) + " of planned"})
			}
		}
	}
	return rows
}

func faults(s result.Scenario) []faultRow {
	var rows []faultRow
	for _, f := range s.Faults {
		r := faultRow{
			ID: f.ID, Name: faultName(f), Window: at(f.StartS) + " – no end", Fired: count(f.Fired), Missed: count(f.Missed),
			Declared: f.Declared, Measured: f.Measured, Error: f.Error, Undone: "not looked at",
		}
		if f.EndS != nil {
			r.Window = at(f.StartS) + " – " + at(*f.EndS)
		}
		if f.Undone != nil {
			r.Undone = map[bool]string{true: "yes, read back", false: "NO"}[*f.Undone]
		}
		r.Bad = f.Fired == 0 || f.Undone == nil || !*f.Undone || f.Error != ""
		rows = append(rows, r)
	}
	return rows
}

func ends(s result.Scenario) []endRow {
	var rows []endRow
	for _, e := range s.Ends {
		r := endRow{From: at(e.StartS), To: "–", How: e.String(), Evidence: e.OOMEvidence, Peak: notMeasured, Limit: "none", Bad: !e.Expected && e.EndS != nil}
		if e.EndS != nil {
			r.To = at(*e.EndS)
		}
		if e.PeakRSSBytes != nil {
			r.Peak = result.Bytes(float64(*e.PeakRSSBytes))
		}
		if e.LimitBytes != nil {
			r.Limit = result.Bytes(float64(*e.LimitBytes))
		}
		rows = append(rows, r)
	}
	return rows
}

// ledger lists the account of work and how many attempts tasks took.
func ledger(l *result.Ledger) (account, attempts []pair) {
	if l == nil {
		return nil, nil
	}
	account = []pair{
		{"accepted", count(l.Accepted)}, {"delivered", count(l.Delivered)}, {"failed, permanent", count(l.FailedPermanent)},
		{"failed, attempts exhausted", count(l.FailedExhausted)}, {"lost", count(l.Lost)}, {"duplicated", count(l.Duplicated)},
	}
	tasks, tries := int64(0), int64(0)
	for _, n := range byNumber(l.Attempts) {
		attempts = append(attempts, pair{n, count(l.Attempts[n])})
		if each, err := strconv.ParseInt(n, 10, 64); err == nil && each >= 0 && each < 1e6 {
			tasks, tries = tasks+l.Attempts[n], tries+each*l.Attempts[n]
		}
	}
	if tasks > 0 {
		account = append(account, pair{"attempts per task (amplification)", result.Format(float64(tries)/float64(tasks), result.UnitFraction)})
	}
	return account, attempts
}

// lastLines keeps the end of a log, which is where a death is explained.
func lastLines(log []string) (lines []string, cut string) {
	if n := len(log) - mostLogLines; n > 0 {
		return log[n:], plural(n, "earlier line is", "earlier lines are") + " in run.json."
	}
	return log, ""
}
