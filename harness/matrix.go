package harness

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// matrix is a proof while it goes on.
type matrix struct {
	Proof
	session *Session
	file    *resultFile // of the proof: the control, and the matrix
	rows    []*row      // the first is the intact target

	start time.Time
	extra int // how many cells are tried once more

	mu           sync.Mutex // held for all below, and for what became of the cells
	begun, ended int        // cells, one that is tried once more twice
}

// row is one variant of the target and the scenarios that it is held against.
type row struct {
	variant Variant
	file    *resultFile // of the row; the proof's own for the intact target
	cells   []*cell
}

// intact reports whether the row's target lacks nothing: it is the control.
func (r *row) intact() bool { return len(r.variant.Without) == 0 }

// lacks names what the row's target lacks; nothing where it is intact.
func (r *row) lacks() string {
	if r.intact() {
		return ""
	}
	return r.variant.Without[0].Name
}

// cell is one scenario held against one target. Once it is settled, found is what
// came of it.
type cell struct {
	row      *row
	scenario Scenario
	out      *result.Scenario // nil: it was not run
	found    result.Detection
	company  bool // another was there meanwhile
}

func (c *cell) settled() bool { return c.found.Outcome != "" }

func newMatrix(s *Session, p Proof) (*matrix, error) {
	file, err := s.newFile(Variant{}, s.cfg.Out, s.cfg.Repeat(""))
	if err != nil {
		return nil, err
	}
	m := &matrix{Proof: p, session: s, file: file, start: time.Now()}
	m.rows = append(m.rows, newRow(Variant{}, file, p.Scenarios))
	for _, without := range p.Protections {
		v := Variant{Without: []Protection{without}}
		against := p.Scenarios
		if !p.Full {
			against = slices.DeleteFunc(slices.Clone(against), func(s Scenario) bool { return !slices.Contains(s.Protections, without.Name) })
		}
		file, err := s.newFile(v, below(s.cfg.Out, "without", without.Name), v.repeat(s.cfg, allNames(against)))
		if err != nil {
			return nil, err
		}
		m.rows = append(m.rows, newRow(v, file, against))
	}
	return m, nil
}

// below is a directory below another; nowhere below nowhere.
func below(dir string, parts ...string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(append([]string{dir}, parts...)...)
}

// allNames are the names of scenarios with spaces between them.
func allNames(scenarios []Scenario) string {
	all := make([]string, len(scenarios))
	for i, s := range scenarios {
		all[i] = s.Name
	}
	return strings.Join(all, " ")
}

func newRow(v Variant, file *resultFile, against []Scenario) *row {
	r := &row{variant: v, file: file}
	for _, s := range against {
		r.cells = append(r.cells, &cell{row: r, scenario: s})
	}
	return r
}

func (m *matrix) control() []*cell { return m.rows[0].cells }

func (m *matrix) mutants() (cells []*cell) {
	for _, r := range m.rows[1:] {
		cells = append(cells, r.cells...)
	}
	return cells
}

// carryOut runs the cells, as many side by side as may be, and what must be tried
// once more alone.
func (m *matrix) carryOut(ctx context.Context, cells []*cell) {
	against := make([]Scenario, len(cells))
	for i, c := range cells {
		against[i] = c.scenario
	}
	m.session.orderOf(against).carryOut(m.session.newAdmission(), func(i int, company bool) bool {
		m.run(ctx, cells[i], "", company)
		return cells[i].company && cells[i].doubtful()
	})
	var again []*cell
	for _, c := range cells {
		if c.doubtful() {
			again = append(again, c)
		}
	}
	m.extra += len(again)
	for _, c := range again {
		m.run(ctx, c, ", once more", false)
	}
}

// doubtful says whether what came of a cell must be seen once more: the machine may
// have kept it from showing anything, and so may company. What fails there fails by
// what no company can cause: a false alarm stays one. That a mutant got away is no
// failure of a check, and may be company's doing.
func (c *cell) doubtful() bool {
	switch {
	case c.out == nil:
		return false
	case c.found.Verdict == result.Inconclusive:
		return true
	case c.row.intact():
		return c.company && c.found.Verdict == result.NotExercised
	}
	return c.company && (c.found.Verdict != result.Pass || c.found.Outcome == result.OutcomeNotExercised)
}

// run settles a cell, unless ctx is over.
func (m *matrix) run(ctx context.Context, c *cell, again string, company bool) {
	if ctx.Err() != nil {
		return
	}
	started := m.begin(c, again)
	if control := m.controlOf(c); control != result.Pass {
		m.settle(c, nil, result.Detection{Outcome: result.OutcomeNoControl, Verdict: result.Inconclusive,
			Reason: "the intact target did not pass either: " + string(control)})
		return
	}
	started.Company = company
	var out result.Scenario
	out, c.company = m.session.showBeside(ctx, c.row.variant, c.scenario, started, func(result.Scenario) {})
	m.settle(c, &out, c.judge(&out))
}

// controlOf is the verdict on the intact target in a mutant's scenario.
func (m *matrix) controlOf(c *cell) result.Verdict {
	if c.row.intact() {
		return result.Pass // it is the control itself
	}
	i := slices.IndexFunc(m.control(), func(control *cell) bool { return control.scenario.Name == c.scenario.Name })
	return m.control()[i].found.Verdict
}

// judge says what came of a cell.
func (c *cell) judge(out *result.Scenario) result.Detection {
	if c.row.intact() {
		d := result.Detection{Outcome: result.OutcomeIntact, Verdict: out.Verdict, Reason: out.Reason}
		if out.Verdict == result.Fail {
			d.Outcome = result.OutcomeFalseAlarm
		}
		return d
	}
	d := judge(c.row.variant.Without[0], c.scenario, out)
	if !slices.Contains(c.scenario.Protections, c.row.lacks()) { // what else notices is worth knowing, and nothing that must be
		d.Verdict = result.Pass
	}
	return d
}

// settle enters what came of a cell, and writes it down.
func (m *matrix) settle(c *cell, out *result.Scenario, found result.Detection) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found.Expected = c.scenario.Name
	found.Without = c.row.lacks()
	c.out, c.found = out, found
	m.ended++
	if !c.row.intact() {
		c.row.file.update(func(run *result.Run) { run.Scenarios = c.row.outcomes() })
	}
	m.file.update(func(run *result.Run) { run.Scenarios, run.Detections = m.rows[0].outcomes(), m.detections() })
}

// outcomes are the scenarios of a row that were run, in the order of its cells.
func (r *row) outcomes() []result.Scenario {
	all := []result.Scenario{}
	for _, c := range r.cells {
		if c.out != nil {
			all = append(all, *c.out)
		}
	}
	return all
}

// detections is the matrix as far as it is known, row by row.
func (m *matrix) detections() (all []result.Detection) {
	for _, r := range m.rows {
		for _, c := range r.cells {
			if c.settled() {
				all = append(all, c.found)
			}
		}
		if r.unguarded() {
			all = append(all, m.unwatched(r.lacks()))
		}
	}
	return all
}

// unwatched is what is found of a protection that no scenario of the proof claims: nobody
// watches it, or who does lacks something.
func (m *matrix) unwatched(protection string) result.Detection {
	d := result.Detection{Without: protection, Outcome: result.OutcomeUnguarded, Verdict: result.Fail, Reason: "no scenario claims " + protection}
	i := slices.IndexFunc(m.Untold, func(s Scenario) bool { return slices.Contains(s.Protections, protection) })
	if i < 0 {
		return d
	}
	s := m.Untold[i]
	d.Expected, d.Outcome, d.Verdict = s.Name, result.OutcomeNotExercised, result.NotExercised
	d.Reason = s.Name + " does, and needs: " + strings.Join(s.Lacks, "; ")
	return d
}

// unguarded reports whether no scenario claims what the row's target lacks.
func (r *row) unguarded() bool {
	return !r.intact() && !slices.ContainsFunc(r.cells, func(c *cell) bool { return slices.Contains(c.scenario.Protections, r.lacks()) })
}

// begin is the event with which a cell begins: which it is, and about how long
// all that are left will take, by those before.
func (m *matrix) begin(c *cell, again string) Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.begun++
	text := c.row.variant.String() + again
	all := len(m.control()) + len(m.mutants()) + m.extra
	const enough = 5 // to tell by
	if m.ended >= enough {
		each := time.Since(m.start) / time.Duration(m.ended)
		text += ", about " + (each * time.Duration(all-m.ended)).Round(time.Second).String() + " left"
	}
	return Event{Text: text, N: m.begun, All: all}
}

// finish gives each result its verdict and returns that of the proof.
func (m *matrix) finish(cause error) (*result.Run, error) {
	m.file.update(func(run *result.Run) { run.Detections = m.detections() })
	for _, r := range m.rows[1:] {
		_, err := r.file.finish(cause)
		m.session.note(err)
	}
	return m.file.finish(cause)
}
