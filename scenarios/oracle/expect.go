package oracle

import (
	"cmp"
	"maps"
	"slices"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
)

// fails are oracles, each with the classes of error that it may be.
type fails map[string][]contract.ImpactClass

// anyOf stands for each oracle of a project, where nobody told which are asked.
const anyOf = ""

// whole expects the whole answer about a project: it tells how many oracles are active
// and that it was cut, and each of those to be asked is ok, with that oracle's data on
// that project. Those in mayFail may instead be an error of one of the classes that are
// named for it. An answer in which others did not come in time is no wrong one, but a
// late one; of one with a word that nobody told what it means nothing can be said.
func (s *service) whole(p contract.Project, mayFail fails) load.Expectation {
	const name = "answers"
	wrong, late := load.ClassCheck(name), load.ClassLate(name)
	s.mayFail[p.ID] = mayFail
	answers := load.Expectation{Name: name, Checks: append([]string{wrong, late}, s.unread()...), Judge: func(a load.Answer) (class string) {
		got, read := s.Read(a)
		if !read || !s.counts(p, got) {
			return wrong
		}
		for _, oracle := range s.told(p, got) {
			switch r := got.Results[oracle]; {
			case s.fits(mayFail, oracle, r):
			case s.outOfTime(r):
				class = cmp.Or(class, late)
			case r.Unmapped != "" && r.Sound:
				class = unreadable
			default:
				return wrong
			}
		}
		return class
	}}
	return load.All(s.OK, answers)
}

// fits reports whether a result is as it has to be, or an error as it may be.
func (s *service) fits(mayFail fails, oracle string, r contract.ImpactResult) bool {
	return r.OK && r.Sound || s.failed(r, mayFail[oracle]...) || s.failed(r, mayFail[anyOf]...)
}

// counts reports whether an answer has as many oracles as it must, and says so as far as
// it says anything.
func (s *service) counts(p contract.Project, got contract.ImpactAnswer) bool {
	n := s.asked(p)
	return len(got.Results) == n && (!s.Tells.Active || got.Active == p.Active) && (!s.Tells.Queried || got.Queried == n) &&
		(!s.Tells.Truncated || got.Truncated == (p.Active > n))
}

// told are the oracles that an answer has to tell of.
func (s *service) told(p contract.Project, got contract.ImpactAnswer) []string {
	if len(p.Asked) > 0 {
		return p.Asked
	}
	return slices.Sorted(maps.Keys(got.Results))
}

// outOfTime reports whether a result says that its oracle was not heard in time, or is
// spared because that happened before. An error without a class may say so, where nobody
// told how that is said.
func (s *service) outOfTime(r contract.ImpactResult) bool {
	return s.failed(r, contract.TimedOut) || r.Spared != "" && s.failed(r, contract.Connection)
}

// failed reports whether a result is an error of one of these classes, as an error has
// to be. One without a class may be of any of which nobody told how it is told.
func (s *service) failed(r contract.ImpactResult, classes ...contract.ImpactClass) bool {
	if !r.Failed || !r.Sound || len(classes) == 0 {
		return false
	}
	if r.Class != "" {
		return slices.Contains(classes, r.Class)
	}
	return slices.ContainsFunc(classes, func(c contract.ImpactClass) bool { return !slices.Contains(s.Tells.Classes, c) })
}

// answering checks an answer that can be read.
func (s *service) answering(name string, right func(contract.ImpactAnswer) bool) load.Expectation {
	return load.Check(name, func(a load.Answer) bool {
		got, read := s.Read(a)
		return read && right(got)
	})
}

// failing expects that those in must fail, each with one of its classes, and of
// the others none but those in may.
func (s *service) failing(p contract.Project, must, may fails) load.Expectation {
	either := maps.Clone(must)
	maps.Copy(either, may)
	return load.All(s.whole(p, either), s.answering("failures", func(got contract.ImpactAnswer) bool {
		for name := range must {
			if !got.Results[name].Failed {
				return false
			}
		}
		return true
	}))
}

// all gives the same classes to each oracle of a project that is asked.
func (s *service) all(p contract.Project, classes ...contract.ImpactClass) fails {
	if len(p.Asked) == 0 {
		return fails{anyOf: classes}
	}
	return each(p.Asked, classes...)
}

// each gives the same classes to several oracles.
func each(oracles []string, classes ...contract.ImpactClass) fails {
	m := fails{}
	for _, name := range oracles {
		m[name] = classes
	}
	return m
}

// impacts asks about one project at a steady rate.
func (s *service) impacts(name string, p contract.Project, rate float64, t harness.Timeline, expect load.Expectation) load.Stream {
	if s.Tells.Project {
		expect = load.All(expect, s.answering("project", func(got contract.ImpactAnswer) bool { return got.Project == p.ID }))
	}
	stream := s.Ask(p.ID)
	s.asksAbout[name] = p.ID
	stream.Name, stream.Profile, stream.Expect = name, load.Throughout(rate).Over(t.Phases()), expect
	return stream
}
