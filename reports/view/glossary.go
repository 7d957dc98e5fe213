package view

import (
	"slices"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/result"
)

// Word is a word of the page with what it means; ID is where that stands.
type Word struct{ ID, Term, Means string }

// Term is a text that may be explained: Word is the ID of its [Word], or empty.
type Term struct{ Text, Word string }

// mostWords bounds what is explained of names that a run brings along.
const mostWords = 200

// glossary are the words of a run's page, by how they are found.
type glossary struct {
	list []Word
	ids  map[string]string
}

// newGlossary explains what every page says, and of the run its faults and protections.
func newGlossary(run *result.Run) *glossary {
	g := &glossary{ids: map[string]string{}}
	for _, v := range result.Verdicts() {
		g.add(string(v), strings.ToLower(v.Label()), v.About())
	}
	for _, w := range commonWords() {
		g.add(w.Term, w.Term, w.Means)
	}
	rows := fault.Catalogue()
	for _, s := range run.Scenarios {
		for _, f := range s.Faults {
			name, _, _ := strings.Cut(f.Kind, " ")
			if i := slices.IndexFunc(rows, func(r fault.Row) bool { return r.Name == name }); i >= 0 {
				v := rows[i].Variants[0]
				g.add("fault "+name, name, "A fault: "+v.Does+". Stands for "+v.Models+".")
			}
		}
		for _, sw := range s.Switches {
			if sw.About != "" {
				g.add("protection "+sw.Protection, sw.Protection, "A protection: "+sw.About+".")
			}
		}
	}
	return g
}

func (g *glossary) add(key, term, means string) {
	if _, known := g.ids[key]; known || len(g.list) == mostWords {
		return
	}
	id := "w" + strconv.Itoa(len(g.list)+1)
	g.ids[key] = id
	g.list = append(g.list, Word{id, term, means})
}

// idOf is where a term is explained; empty where it is not.
func idOf(words []Word, term string) string {
	if i := slices.IndexFunc(words, func(w Word) bool { return w.Term == term }); i >= 0 {
		return words[i].ID
	}
	return ""
}

// link leads from the terms of a view to their words.
func (g *glossary) link(v *Run) {
	v.Words = g.list
	v.VerdictWord, v.DecisiveWord = g.ids[string(v.Verdict.Is)], g.ids["decisive check"]
	v.Verdict.Means = v.VerdictWord
	for i := range v.Rows {
		v.Rows[i].Verdict.Means = g.ids[string(v.Rows[i].Verdict.Is)]
	}
	for i := range v.Tiles {
		v.Tiles[i].Word = g.ids[strings.ToLower(v.Tiles[i].Name)]
	}
	if v.Answer != nil {
		for i := range v.Answer.Look {
			v.Answer.Look[i].Word = g.ids["protection "+v.Answer.Look[i].Protection]
		}
	}
	for i := range v.Scenarios {
		s := &v.Scenarios[i]
		for _, p := range s.Protections {
			s.Proves = append(s.Proves, Term{p, g.ids["protection "+p]})
		}
		for j := range s.Faults {
			name, _, _ := strings.Cut(s.Faults[j].Name, " ")
			s.Faults[j].Word = g.ids["fault "+name]
		}
		for _, list := range [][]Check{s.Open, s.Passed, s.Idle, s.Evidence} {
			for j := range list {
				list[j].Word, list[j].Verdict.Means = g.ids[list[j].term], g.ids[string(list[j].Verdict.Is)]
			}
		}
	}
	if len(v.Scenarios) > 0 {
		for _, t := range v.Scenarios[0].Phases {
			for j := range t.Columns {
				t.Columns[j].Word = g.ids[t.Columns[j].Name]
			}
		}
	}
}

// termOf is the word that says what a metric measures; empty where none says just that.
func termOf(metric string, streams []result.Stream) string {
	for _, stream := range streams {
		if of, ok := strings.CutPrefix(metric, stream.Name+"."); ok {
			if term := termOfStream(of); term != "" {
				return term
			}
		}
	}
	name := withoutStatistic(metric)
	i := strings.LastIndex(name, ".")
	switch of := name[:max(i, 0)]; name[i+1:] {
	case "rss", "rss_peak":
		if of == "harness" {
			return "" // it is no part of the service
		}
		return "memory"
	case "in_flight", "most_in_flight":
		return "in flight"
	case "unexpected_ends":
		return "unexpected end"
	default:
		return ""
	}
}

// termOfStream is the word of what is measured of a stream of requests.
func termOfStream(of string) string {
	switch what, _, _ := strings.Cut(of, "."); what {
	case "latency":
		return "latency"
	case "send_lag":
		return "send lag"
	}
	switch withoutStatistic(of) {
	case "delivered":
		return "load delivered"
	case "refused", "refused_ratio", "errors.shed_by_target", "rate.shed_by_target":
		return "refused in order"
	case "failed":
		return "failed"
	case "in_flight":
		return "in flight"
	default:
		return ""
	}
}

// withoutStatistic is the name of the series that a metric is read from.
func withoutStatistic(metric string) string {
	if i := strings.LastIndex(metric, "."); i >= 0 && slices.Contains([]string{"max", "min", "mean", "last"}, metric[i+1:]) {
		return metric[:i]
	}
	return metric
}

// commonWords are said of any service.
func commonWords() []Word {
	return []Word{
		{Term: "decisive check", Means: "The check that the verdict of a scenario rests on: of those with the worst verdict the one that explains the others, else the primary one, else the nearest to its limit."},
		{Term: "latency", Means: "How long an answer took, counted from the moment at which its request was due: who sends late hides nothing. p99 is what 99 of 100 requests did not exceed."},
		{Term: "failed", Means: "Requests with no answer, or one that is not expected. Refusals in order are counted apart."},
		{Term: "refused in order", Means: "Answers by which the service refuses and says so, as 503 with Retry-After where the scenario expects that: shed load, no failure."},
		{Term: "send lag", Means: "How much later than due the load generator sent a request. Its own doing: where it is long, a missed limit on time proves nothing."},
		{Term: "not sent (too late)", Means: "Requests that the load generator could not send in time, and left out. Its own doing: of too many the experiment shows nothing."},
		{Term: "not sent (shed)", Means: "Requests that the load generator gave up, for too many were open. Its own doing."},
		{Term: "memory", Means: "What the processes of the service hold of the machine's memory."},
		{Term: "in flight", Means: "Requests or calls that were begun and have not ended yet."},
		{Term: "unexpected end", Means: "The service ended, or was killed, and nobody had asked for that."},
		{Term: result.WarmUp, Means: "The phase before all others: nothing in it is judged."},
		{Term: result.Baseline, Means: "The phase without a fault, with which the others are compared."},
		{Term: result.Inject, Means: "The phase in which the fault is on."},
		{Term: result.Heal, Means: "The phase after the fault: does the service come back by itself?"},
		{Term: result.Drain, Means: "The phase in which nothing new is sent and what is open may end."},
		{Term: "load delivered", Means: "The share of the planned requests that were sent. Under 99 % of them the experiment shows nothing."},
		{Term: "faults fired", Means: "Faults that met at least one request or process. One that never did shows nothing."},
		{Term: "faults undone", Means: "Faults of which was read back that they are gone."},
		{Term: "journal", Means: "Whether the result was written to its end."},
		{Term: "generator healthy", Means: "Whether the load generator was on time: otherwise it measured itself."},
		{Term: "checks exercised", Means: "Checks that had something to look at."},
		{Term: "evidence held", Means: "What must hold for the experiment to be valid. Where it does not, the verdict is inconclusive."},
	}
}
