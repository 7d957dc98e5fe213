package mapped

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness"
)

const (
	// probed is to whom the mail of the task is that asks whether the service is as mapped.
	probed = "holdfast-probe@tasks.example"
	// probeWait is for how long that mail may be under way: whoever does tasks may have only
	// just begun, or look for them now and then.
	probeWait = 10 * time.Second
	probeLook = 20 * time.Millisecond
)

// mailed waits for the mail of the probe, and says under which other key it came: by it alone
// a mail is matched with its task. That none came at all is the service's own, and for the
// scenarios to find.
func (t Tasks) mailed(ctx context.Context, o harness.State) string {
	j, ok := adapter.JournalOf(o, t.Far)
	if !ok {
		return ""
	}
	until := time.After(probeWait)
	for j.Count(journal.Filter{Group: t.group(), Key: probed}) == 0 {
		select {
		case <-ctx.Done():
			return ""
		case <-until:
			return t.astray(j)
		case <-time.After(probeLook):
		}
	}
	return ""
}

// astray says where the mail of the probe came instead.
func (t Tasks) astray(j *journal.Journal) string {
	name, route, _ := strings.Cut(t.Far, ".")
	key := fmt.Sprintf("dependencies.%s.http.routes.%s.key", name, route)
	if t.SMTP {
		key = fmt.Sprintf("dependencies.%s.smtp.key", name)
	}
	for e := range j.Entries(journal.Filter{Group: t.group()}) {
		return fmt.Sprintf("%s should be whom the mail is to, %s, and mail came there under the key %q", key, probed, short(e.Key))
	}
	for e := range j.Entries(journal.Filter{Key: probed}) {
		return fmt.Sprintf("contracts.tasks.mail is mapped to %s.%s, and the mail came to %s.%s", name, route, name, e.Group)
	}
	return ""
}

// called says of the calls for a project under which other keys they came than the names of
// its APIs: by them alone faults choose whom they are laid on, and it is counted who was
// asked. That none came is the service's own, which may know the answers.
func (m Impact) called(p Project) func(context.Context, harness.State) string {
	place := m.Here
	if p.There {
		place = m.There
	}
	return func(_ context.Context, o harness.State) string {
		j, ok := adapter.JournalOf(o, place)
		if !ok {
			return ""
		}
		routes, unkeyed := map[string]string{}, ""
		for e := range j.Entries(journal.Filter{}) {
			if e.Odd {
				unkeyed = e.Key
			} else {
				routes[e.Key] = e.Group
			}
		}
		if len(routes) == 0 && unkeyed != "" {
			return fmt.Sprintf("no route of dependencies.%s has the call %s with a key of its own, which should be the name of the API", place, short(unkeyed))
		}
		return m.misnamed(p, place, routes)
	}
}

// misnamed says what is wrong with the keys that calls for a project came under, each with
// its route.
func (m Impact) misnamed(p Project, place string, routes map[string]string) string {
	keys := slices.Sorted(maps.Keys(routes))
	at := func(key string) string { return fmt.Sprintf("dependencies.%s.http.routes.%s.key", place, routes[key]) }
	names := m.names(p.Active)
	for _, key := range keys {
		if len(names) > 0 && !slices.Contains(names, key) {
			return fmt.Sprintf("%s should be the name of the API that is called, such as %s, and a call came under the key %q", at(key), names[0], short(key))
		}
	}
	if n := len(keys); n > 0 && n < p.Active && p.Active <= m.AtMost {
		return fmt.Sprintf("%s should be the name of the API that is called, one of %d, and the calls came under %d: %s", at(keys[0]), p.Active, n, short(strings.Join(keys, ", ")))
	}
	return ""
}
