package harness

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/load"
)

// Preflight is one request to the target when it is ready and before there is load:
// whether it answers as the scenario takes for granted. Where it does not, nothing that
// the scenario could see would mean anything, and it is not exercised.
type Preflight struct {
	// Name is what is asked, for people.
	Name string
	// To is the process that is asked. Defaults to the entry.
	To       string
	Template load.Template
	// Judge says what of the answer is not as expected, nothing if all is. It is called
	// from several goroutines.
	Judge func(load.Answer) string
	// Seen says what came of the question elsewhere, at a dependency for example, that is not
	// as expected, nothing if all is. It is called once, after answers as expected, and waits
	// for as long as it takes. Optional.
	Seen func(context.Context, State) string
	// Then is what is asked after an answer as expected, with what it told. Optional.
	Then func(load.Answer) []Preflight
}

// stream asks it once.
func (p Preflight) stream(n int) load.Stream {
	return load.Stream{
		Name: fmt.Sprintf("preflight-%d", n+1), To: p.To, Template: &p.Template,
		Profile: load.Constant(1, time.Second), MaxLag: load.DefaultTimeout, // a machine that is busy is no answer
	}
}

// preflight asks the target what the scenario takes for granted.
func (l *live) preflight(ctx context.Context, config load.Config) error {
	for all := l.scenario.Preflight; len(all) > 0; {
		next, err := askFirst(ctx, config, all)
		if err != nil {
			return err
		}
		for _, p := range all {
			if p.Seen == nil {
				continue
			}
			what := p.Seen(ctx, l.state())
			if err := ctx.Err(); err != nil {
				return err
			}
			if what != "" {
				return otherwise(fmt.Errorf("%s: %s", p.Name, what))
			}
		}
		all = next
	}
	return nil
}

// askFirst asks at once, and returns what is to be asked after the answers.
func askFirst(ctx context.Context, config load.Config, all []Preflight) (next []Preflight, err error) {
	streams := make([]load.Stream, len(all))
	byName := map[string]int{}
	for i, p := range all {
		streams[i] = p.stream(i)
		byName[streams[i].Name] = i
	}
	var mu sync.Mutex // guards wrong and next
	wrong := make([]error, len(streams))
	for i, p := range all {
		wrong[i] = fmt.Errorf("%s had no answer", p.Name)
	}
	config.Logins, config.Phases, config.FirstFault = nil, nil, 0
	config.Answers = func(x load.Exchange, _ load.Request, a load.Answer) {
		i := byName[x.Stream]
		var found error
		if what := all[i].Judge(a); what != "" {
			found = fmt.Errorf("%s: %s", all[i].Name, what)
		}
		mu.Lock()
		defer mu.Unlock()
		wrong[i] = found
		if found == nil && all[i].Then != nil {
			next = append(next, all[i].Then(a)...)
		}
	}
	attack, err := load.Start(ctx, config, streams...)
	if err != nil {
		return nil, fmt.Errorf("ask the target before the load: %w", err)
	}
	attack.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, otherwise(err)
	}
	return next, nil
}

// otherwise is the error of a target that is not what the scenario takes for granted.
func otherwise(err error) error {
	return &unmetError{fmt.Errorf("the target does not answer as it was told to: %w", err)}
}

// validatePreflight reports questions that cannot be asked.
func (s Scenario) validatePreflight(p *problems) {
	for i, one := range s.Preflight {
		if one.Name == "" || one.Judge == nil {
			p.say("a preflight has no name or judges nothing")
		}
		p.note(one.stream(i).Validate())
	}
}
