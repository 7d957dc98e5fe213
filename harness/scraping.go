package harness

import (
	"context"
	"fmt"

	"holdfast.dev/holdfast/harness/scrapes"
	"holdfast.dev/holdfast/redact"
)

// recordScrapes begins to keep whole metrics pages of the programs that load goes to,
// where that is wanted and they are ours.
func (l *live) recordScrapes(ctx context.Context, undo *cleanups) {
	every := l.session.cfg.RecordScrapes
	if every <= 0 || l.session.cfg.Out == "" || l.notOurs {
		return
	}
	pages := map[string]string{}
	for _, i := range l.entry {
		pages[i.place] = i.URL() + "/metrics"
	}
	var secrets []string
	for _, s := range declared(l.session.cfg.Target.Values) {
		secrets = append(secrets, s.Text)
	}
	l.scrapes = scrapes.Start(context.WithoutCancel(ctx), scrapes.Config{
		Head:    scrapes.Head{Scenario: l.scenario.Name, Started: l.start, EveryS: every.Seconds()},
		Targets: pages, Hide: redact.Know(secrets...).Text,
	})
	undo.add("stop keeping metrics pages", func(context.Context) error { l.scrapes.Stop(); return nil })
}

// keepScrapes writes the pages that were read. That it cannot is said and costs the
// experiment nothing.
func (l *live) keepScrapes() {
	if l.scrapes == nil {
		return
	}
	rec := l.scrapes.Stop()
	if rec.Torn != "" {
		l.session.say(fmt.Sprintf("%s: the recorded scrapes are not whole: %s", l.scenario.Name, rec.Torn))
	}
	if err := scrapes.Save(l.session.cfg.Out, rec); err != nil {
		l.session.say(err.Error())
	}
}
