package replay

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"

	"holdfast.dev/holdfast/alerts/rulefile"
	"holdfast.dev/holdfast/harness/scrapes"
)

// player evaluates groups while pages come in.
type player struct {
	store  *store
	config Config
	engine *promql.Engine
	groups []*rules.Group
	due    []time.Time // when each group is next evaluated
	out    *Replay
	course map[string]*Timeline
	order  []string // of the file
}

func newPlayer(ctx context.Context, f *rulefile.File, s *store, c Config) *player {
	p := &player{store: s, config: c, out: &Replay{Answers: map[string]int{}, Errors: map[string]string{}}, course: map[string]*Timeline{}}
	p.engine = promql.NewEngine(promql.EngineOpts{
		MaxSamples: 50_000_000, Timeout: time.Minute, EnableAtModifier: true, EnableNegativeOffset: true, Parser: rulefile.Parser(),
		NoStepSubqueryIntervalFn: func(int64) int64 { return c.Interval.Milliseconds() },
	})
	opts := &rules.ManagerOptions{
		QueryFunc: rules.EngineQueryFunc(p.engine, s.db), AppendableV2: s.db, Queryable: s.db, Context: ctx,
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {}, Logger: slog.New(slog.DiscardHandler), Parser: rulefile.Parser(),
	}
	opts.Metrics = rules.NewGroupMetrics(nil)
	for _, g := range f.Groups {
		interval := g.Interval
		if interval <= 0 {
			interval = c.Interval
		}
		var all []rules.Rule
		for _, r := range g.Rules {
			all = append(all, ruleOf(r))
		}
		p.groups = append(p.groups, rules.NewGroup(rules.GroupOptions{Name: g.Name, File: f.Name, Interval: interval, Rules: all, Opts: opts}))
	}
	p.order = f.Names()
	for _, name := range p.order {
		p.course[name] = &Timeline{Alert: name}
	}
	return p
}

func ruleOf(r rulefile.Rule) rules.Rule {
	if r.Alert == "" {
		return rules.NewRecordingRule(r.Record, r.Expr, labels.FromMap(r.Labels))
	}
	// Restored: that ALERTS is written from the first evaluation on, for rules on it.
	return rules.NewAlertingRule(r.Alert, r.Expr, r.For, r.KeepFiringFor, labels.FromMap(r.Labels), labels.FromMap(r.Annotations), labels.EmptyLabels(), "", true, slog.New(slog.DiscardHandler))
}

func (p *player) play(ctx context.Context, pages []scrapes.Page) (*Replay, error) {
	first := p.config.Clock.moment(pages[0].AtS)
	last := p.config.Clock.moment(pages[len(pages)-1].AtS)
	p.out.From, p.out.To = p.since(first), p.since(last)
	for range p.groups {
		p.due = append(p.due, first)
	}
	asked := first
	for _, page := range pages {
		at := p.config.Clock.moment(page.AtS)
		if err := p.evaluateBefore(ctx, at); err != nil {
			return nil, err
		}
		for ; len(p.config.Queries) > 0 && asked.Before(at); asked = asked.Add(p.config.Interval) {
			p.ask(ctx, asked)
		}
		if err := p.store.scrape(ctx, page); err != nil {
			return nil, err
		}
	}
	if err := p.evaluateBefore(ctx, last.Add(time.Millisecond)); err != nil {
		return nil, err
	}
	p.ask(ctx, last)
	for _, name := range p.order {
		p.out.Timelines = append(p.out.Timelines, *p.course[name])
	}
	return p.out, nil
}

// since is a moment of the rules' clock as a time since the recording's zero.
func (p *player) since(at time.Time) time.Duration { return at.Sub(p.config.Clock.zero()) }

// evaluateBefore evaluates each group at all its moments before that one, in the order
// of time.
func (p *player) evaluateBefore(ctx context.Context, end time.Time) error {
	for {
		next := end
		for _, d := range p.due {
			if d.Before(next) {
				next = d
			}
		}
		if !next.Before(end) {
			return nil
		}
		for i, g := range p.groups {
			if p.due[i].Equal(next) {
				g.Eval(ctx, next)
				p.due[i] = next.Add(g.Interval())
				p.note(g)
			}
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		p.look(next)
	}
}

// note keeps why rules could not be evaluated.
func (p *player) note(g *rules.Group) {
	for _, r := range g.Rules() {
		if err := r.LastError(); err != nil {
			p.out.Errors[r.Name()] = err.Error()
		}
	}
}

// look notes the states that are others than before.
func (p *player) look(at time.Time) {
	now := map[string]State{}
	for _, g := range p.groups {
		for _, r := range g.AlertingRules() {
			now[r.Name()] = max(now[r.Name()], p.stateOf(r))
		}
	}
	for name, t := range p.course {
		was := Inactive
		if n := len(t.Changes); n > 0 {
			was = t.Changes[n-1].State
		}
		if is := now[name]; is != was {
			t.Changes = append(t.Changes, Change{At: p.since(at), State: is})
		}
	}
}

func (p *player) stateOf(r *rules.AlertingRule) State {
	worst := Inactive
	for _, a := range r.ActiveAlerts() {
		is := Inactive
		switch a.State {
		case rules.StatePending:
			is = Pending
		case rules.StateFiring:
			is = Firing
		}
		if t := p.course[r.Name()]; is > Inactive && (t.Labels == nil || is > worst) {
			t.Labels = a.Labels.Map()
			delete(t.Labels, model.AlertNameLabel)
		}
		worst = max(worst, is)
	}
	return worst
}

// ask asks the further queries.
func (p *player) ask(ctx context.Context, at time.Time) {
	for _, text := range p.config.Queries {
		n, err := p.count(ctx, text, at)
		if err != nil {
			p.out.Errors[text] = err.Error()
			continue
		}
		p.out.Answers[text] = max(p.out.Answers[text], n)
	}
}

func (p *player) count(ctx context.Context, text string, at time.Time) (int, error) {
	q, err := p.engine.NewInstantQuery(ctx, p.store.db, nil, text, at)
	if err != nil {
		return 0, err
	}
	defer q.Close()
	r := q.Exec(ctx)
	switch v := r.Value.(type) {
	case promql.Vector:
		return len(v), r.Err
	case promql.Matrix:
		return len(v), r.Err
	case promql.Scalar:
		return 1, r.Err
	}
	return 0, r.Err
}
