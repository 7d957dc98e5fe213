package search

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// service is a search as one scenario knows it: it takes note of what the scenario
// sets, and of what it needs to know and nobody told.
type service struct {
	contract.Search
	draft contract.Draft
}

// key is where a search is told.
const key = "contracts.search."

// needs takes note of something that nobody told.
func (s *service) needs(what, example string) {
	s.draft.Needs(contract.Untold{Key: key + what, Example: example})
}

// term is one of a role.
func (s *service) term(role contract.Role) contract.Term {
	t, ok := s.Term(role)
	if !ok {
		s.needs("terms."+string(role), "{ term: project, matches: 10000 }")
	}
	return t
}

// many are texts that find what a term of a role does.
func (s *service) many(role contract.Role) contract.Draw { return contract.Around(s.term(role)) }

// database is needed by what befalls it.
func (s *service) database() {
	if s.World().Data.Build == nil {
		s.draft.Needs(contract.Untold{Key: "dependencies.db", Example: "{ postgres: {} }"})
	}
}

// refusal is needed where an orderly one is no failure.
func (s *service) refusal() {
	if !s.Refuses {
		s.needs("refused", "{ status: 503, headers: { Retry-After: present } }")
	}
}

// settable reports whether all of these can be set.
func (s *service) settable(all ...contract.Setting) bool {
	return !slices.ContainsFunc(all, func(one contract.Setting) bool { return !s.Settings[one].Settable() })
}

// reads are the tables that a search reads, by what they hold.
func (s *service) reads() []contract.Tables {
	s.database()
	if len(s.Reads) == 0 {
		s.needs("reads", "{ items: [items] }")
		return []contract.Tables{{}}
	}
	return s.Reads
}

// give sets something that would be in the scenario's way.
func (s *service) give(setting contract.Setting, value string) {
	s.draft.Give(setting, s.Settings[setting], value)
}

// number sets a number that the scenario is about.
func (s *service) number(setting contract.Setting, value int) {
	s.draft.Number(key+"settings."+string(setting), s.Settings[setting], value)
}

// bound sets a time that the scenario is about, and returns what it is.
func (s *service) bound(setting contract.Setting, want time.Duration) time.Duration {
	return s.draft.Bound(key+"settings."+string(setting), s.Settings[setting], want)
}

// compressed says how much shorter a time is here than where nobody sets it.
func (s *service) compressed(name string, setting contract.Setting, used time.Duration) []result.Compressed {
	if is := s.Settings[setting].Is; is > used {
		return []result.Compressed{profile.Compressed(name, is, used)}
	}
	return nil
}

// in completes a scenario of the service; one of which something was not told cannot be
// run.
func (s *service) in(sc harness.Scenario) harness.Scenario {
	sc.World = s.World()
	if s.News != nil {
		sc.World.News = s.News()
	}
	sc, ok := s.draft.Of(sc)
	if !ok {
		return sc
	}
	return s.In(sc)
}

// because is why a check on answers holds, with by what they are judged where that is
// less than the one right answer.
func (s *service) because(why string) string {
	if s.Judged == "" {
		return why
	}
	return why + "; judged by " + s.Judged
}

// inTurn is the stream of one term among several that together make a steady rate: each
// begins one turn after the other, for streams of the same rate that begin at once would
// be bursts.
func (s *service) inTurn(t contract.Term, i, of int, total float64, line harness.Timeline) load.Stream {
	startAt := time.Duration(float64(i) / total * float64(time.Second))
	stream := s.Served(t.Name, load.Constant(total/float64(of), line.Total()-startAt), contract.Only(t))
	stream.StartAt = startAt
	return stream
}

// peak is the metric of the most memory that the program used.
func (s *service) peak() string { return s.Program + ".rss_peak.max" }

// all counts what there is to be found, in words.
func (s *service) all() string { return strconv.Itoa(s.Items) + " " + s.Kind }

// inOrder is an order in a sentence, with a comma behind it.
func (s *service) inOrder() string {
	if s.Order == "" {
		return ""
	}
	return " " + s.Order + ","
}

// classes are the names of the terms, in a sentence.
func (s *service) classes() string {
	names := make([]string, len(s.Terms))
	for i, t := range s.Terms {
		names[i] = t.Name
	}
	return strings.Join(names, ", ")
}

// inTime and inMemory say where a limit comes from.
func (s *service) inTime() string {
	if s.Time == sourceTime {
		return "the source claims 0.5 to 1 s"
	}
	return "the service's own limit"
}

func (s *service) inMemory() string {
	if s.Memory == profile.MaxMemory {
		return sourceSays + ": memory < 100 MB"
	}
	return "the service's own limit"
}

// seconds is a time in a sentence.
func seconds(d time.Duration) string { return fmt.Sprintf("%g s", d.Seconds()) }
