package mapped

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/scenarios/contract"
)

// preflight asks for each term once: whether an answer has the parts that are mapped.
func (s Search) preflight() []harness.Preflight {
	var all []harness.Preflight
	for _, t := range s.Terms {
		all = append(all, harness.Preflight{
			Name: "contracts.search, a search for " + t.Name, To: s.To, Template: s.asking(t.Text),
			Judge: func(a load.Answer) string { return s.answers(t, a) },
		})
	}
	return all
}

// answers says what of an answer is not as it is mapped. How many results there are is
// left to the scenarios, but for a term that finds nothing at all.
func (s Search) answers(t Term, a load.Answer) string {
	if s.page(a) != "" {
		return fmt.Sprintf("status %d is none of a page: %s", a.Status, short(string(a.Body)))
	}
	ids, _, wrong := s.shape(a.Body)
	if wrong == "" && t.Matches > 0 && len(ids) == 0 {
		return fmt.Sprintf("terms.%s is told to match %d, and nothing was found: is {%s} where the service looks for it?", t.Name, t.Matches, TermName)
	}
	return wrong
}

// asking is the request for a text.
func (s Search) asking(text string) load.Template {
	asked := s.Request
	asked.Vars = map[string]load.Var{TermName: {Words: []string{text}}}
	return asked
}

// in is a scenario whose searches are judged so: the target is asked first whether it is
// the one that was mapped, and each search has the same answer every time.
func (s Search) in(sc harness.Scenario) harness.Scenario {
	sc.Parts = s.Parts
	sc.Preflight = append(slices.Clone(sc.Preflight), s.preflight()...)
	sc.Watches = append(slices.Clone(sc.Watches), s.watch(sc.Load))
	sc.World = sc.World.With(contract.JudgedBy, s.judged())
	return protected(sc, s.Protections)
}

// watch shows what was answered wrongly, and holds the answers to one text against each
// other.
func (s Search) watch(streams []load.Stream) standing.Check {
	terms := map[string]Term{}
	for _, stream := range streams {
		if t := stream.Template; t != nil && len(t.Vars[TermName].Words) == 1 {
			terms[stream.Name] = s.ofText(t.Vars[TermName].Words[0])
		}
	}
	return standing.Check{
		Name: "search as mapped", About: "Each search finds as many as were told, each once, and the same each time.",
		Begin: func(_ context.Context, scene standing.Scene) (standing.Watch, error) {
			w := &watch{search: s, base: scene.Target, terms: terms, first: map[string]string{}}
			w.finding.Streams = slices.Sorted(maps.Keys(terms))
			return standing.Watch{Answered: w.answered, Ended: w.ended}, nil
		},
	}
}

func (s Search) ofText(text string) Term {
	i := slices.IndexFunc(s.Terms, func(t Term) bool { return t.Text == text })
	if i < 0 {
		return Term{Name: text, Text: text}
	}
	return s.Terms[i]
}

// watch is one experiment's.
type watch struct {
	search Search
	base   string
	terms  map[string]Term // by stream

	mu      sync.Mutex // guards the rest
	first   map[string]string
	finding standing.Finding
}

// answered looks at an answer to a search.
func (w *watch) answered(a standing.Answer) {
	term, ours := w.terms[a.Stream]
	if !ours {
		return
	}
	class := w.search.judge(term, a.Answer)
	if class == load.ClassShedByTarget {
		return
	}
	what := w.search.otherwise(term, a.Answer)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.finding.Looked++
	if what == "" {
		what = w.another(term, a.Answer)
	}
	if what != "" {
		w.finding.Add(standing.Example{At: a.Due, What: term.Name + ": " + what, Repeat: standing.Curl(w.base, a.Request.Shown())})
	}
}

// otherwise says what of an answer is not the right one.
func (s Search) otherwise(t Term, a load.Answer) string {
	if s.page(a) != "" {
		return fmt.Sprintf("expected %d %s, got status %d: %s", min(t.Matches, s.Limit), s.Kind, a.Status, short(string(a.Body)))
	}
	_, wrong := s.read(t, a.Body)
	return wrong
}

// another says that a page has other results than the first one for the same term.
func (w *watch) another(t Term, a load.Answer) string {
	ids, _, _ := w.search.shape(a.Body)
	page := strings.Join(ids, " ")
	first, known := w.first[t.Name]
	if !known {
		w.first[t.Name] = page
	}
	if !known || first == page {
		return ""
	}
	return fmt.Sprintf("the same search found other %s, or in another order, than before", w.search.Kind)
}

// ended is what was found.
func (w *watch) ended(standing.Ended) standing.Finding {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.finding.Looked == 0 {
		w.finding.Unseen = "no search was answered with a page"
	}
	return w.finding
}
