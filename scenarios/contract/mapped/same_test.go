package mapped_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/scenarios"
)

// side is one of the two services, with the scenarios over it.
type side struct {
	config      func(t *testing.T) harness.Config
	scenarios   []harness.Scenario
	protections []harness.Protection
}

// sameSize is of how many projects the data of both is, and largeSize where a search
// without its limit must need more memory than it may.
const sameSize, largeSize = 2000, 6000

// ofReference is our own service, as the catalogue has it.
func ofReference(t *testing.T, projects int) side {
	p, err := scenarios.ProfileByName("smoke")
	require.NoError(t, err)
	p.Projects = projects
	self, err := os.Executable()
	require.NoError(t, err)
	return side{
		config: func(t *testing.T) harness.Config {
			return configOf(t, harness.Launch{Program: self, Args: []string{asReference}})
		},
		scenarios: scenarios.Catalogue(p), protections: scenarios.Protections(),
	}
}

// ofShaped is the service of another shape, by its file.
func ofShaped(s *manifest.Service, all []harness.Scenario) side {
	return side{config: func(t *testing.T) harness.Config { return config(t, s) }, scenarios: all, protections: s.Protections}
}

// tried are the results of some scenarios, by name.
func (s side) tried(t *testing.T, without string, names []string) map[string]result.Scenario {
	t.Helper()
	cfg := s.config(t)
	cfg.SideBySide, cfg.Retries = 2, 2
	if without != "" {
		i := slices.IndexFunc(s.protections, func(p harness.Protection) bool { return p.Name == without })
		require.GreaterOrEqual(t, i, 0, without)
		cfg.Without = s.protections[i : i+1]
	}
	var some []harness.Scenario
	for _, sc := range s.scenarios {
		if slices.Contains(names, sc.Name) {
			some = append(some, sc)
		}
	}
	require.Len(t, some, len(names))
	run, err := harness.Run(t.Context(), cfg, some)
	require.NoError(t, err)
	all := map[string]result.Scenario{}
	for _, sc := range run.Scenarios {
		all[sc.Name] = sc
	}
	return all
}

// called are the places of both services by one name.
var called = strings.NewReplacer("sick_api.", "there.", "oracle_api.", "here.", "mail_api.", "mail.send.", "others.", "there.", "sources.", "here.", "target.", "web.")

// verdicts are those of a result's checks, by what each is about. What is found of each task
// rests on all that is known of ours, and is left out. Without a protection it is those that
// watch it: what else it brings about, as that some are answered too late, is the machine's.
func verdicts(sc result.Scenario, without string) map[string]result.Verdict {
	all := map[string]result.Verdict{}
	for _, c := range sc.Checks {
		if !strings.HasPrefix(c.Metric, "standing.task-") && (without == "" || slices.Contains(c.Protections, without)) {
			all[called.Replace(c.Key())] = c.Verdict
		}
	}
	return all
}

// undecided reports a verdict that a machine which is busy may come to, whatever it is on
// another.
func undecided(v result.Verdict) bool { return v == result.Inconclusive || v == result.NotExercised }

// The catalogue comes to the same on a service of another shape that does what ours does as
// on ours, check by check: whole, and without a protection.
func TestVerdictsAreThoseOfTheReference(t *testing.T) {
	search := load(t, withImpact)
	tasks := loadTasks(t, nil)
	large := load(t, func(text string) string {
		return strings.Replace(withImpact(text), fmt.Sprint("products: ", sameSize), fmt.Sprint("products: ", largeSize), 1)
	})
	reference, searching, mailing := ofReference(t, sameSize), ofShaped(search, impacts(t, search)), ofShaped(tasks, tasksOf(t, tasks))
	decided, checks := map[result.Verdict]int{}, 0 // a machine may be too busy for some of it, and not for all
	for _, row := range []struct {
		without      string
		ours, shaped side
		names        []string
	}{
		{"", reference, searching, []string{"search/popular-term", "search/every-class", "search/locked-table",
			"oracle/hundred-active", "oracle/one-hangs", "oracle/refusals", "oracle/malformed-answers", "oracle/panicking-adapter", "oracle/left-alone", "oracle/redirected"}},
		{"", reference, mailing, []string{"task/poison", "task/api-down", "task/reply-lost", "task/killed"}},
		{"search.sql-limit", ofReference(t, largeSize), ofShaped(large, impacts(t, large)), []string{"search/popular-term"}},
		{"oracle.cap", reference, searching, []string{"oracle/hundred-active"}},
		{"oracle.redirect-limit", reference, searching, []string{"oracle/redirected"}},
		{"task.max-retries", reference, mailing, []string{"task/poison"}},
		{"task.idempotency-key", reference, mailing, []string{"task/reply-lost"}},
	} {
		t.Run("without "+cmp.Or(row.without, "nothing")+" "+strings.Split(row.names[0], "/")[0], func(t *testing.T) {
			ours, theirs := row.ours.tried(t, row.without, row.names), row.shaped.tried(t, row.without, row.names)
			compared := 0
			for _, name := range row.names {
				compared += requireSame(t, row.without, ours[name], theirs[name])
				if got := theirs[name]; !undecided(got.Verdict) {
					want := result.Pass
					if row.without != "" {
						want = result.Fail
					}
					require.Equal(t, want, got.Verdict, "%s: %s", name, got.Reason)
					decided[want]++
				}
			}
			t.Logf("%d checks of %v came to the same", compared, row.names)
			checks += compared
		})
	}
	require.Positive(t, decided[result.Pass], "no whole service was decided")
	require.Positive(t, decided[result.Fail], "none without a protection was decided")
	require.Positive(t, checks, "no check was decided on both")
}

// requireSame holds the verdicts of two results against each other, and returns how many
// there are of both that are decided.
func requireSame(t *testing.T, without string, ours, theirs result.Scenario) (compared int) {
	t.Helper()
	for about, want := range verdicts(ours, without) {
		got, judged := verdicts(theirs, without)[about]
		if !judged || undecided(want) || undecided(got) {
			continue
		}
		compared++
		require.Equal(t, want, got, "%s: %s", ours.Name, about)
	}
	if !undecided(ours.Verdict) && !undecided(theirs.Verdict) {
		require.Equal(t, ours.Verdict, theirs.Verdict, "%s: %s, and %s", ours.Name, ours.Reason, theirs.Reason)
	}
	return compared
}
