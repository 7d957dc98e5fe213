package reference

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"strconv"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/question"
	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/contract/reference/model"
	"holdfast.dev/holdfast/scenarios/profile"
)

// questions are the searches of one data set, each with its one right answer.
type questions struct {
	model   *model.Model
	further []schema.Row // projects that are not seeded
	form    question.Form[string]
}

// modelOf is the model of so many seeded projects.
func modelOf(projects int) *model.Model {
	return model.New(schema.Params{Projects: int64(projects), Seed: profile.DataSeed})
}

// questionsOf are those of seeded projects and further ones.
func questionsOf(m *model.Model, further []schema.Row) questions {
	if len(further) > 0 {
		m = m.With(further...)
	}
	return questions{m, further, question.Form[string]{
		Name: "the right answers to searches", About: "Each search is answered with the one right page, field by field, or refused in order.",
		Ask:     func(q string) load.Request { return load.Request{Path: "/search?q=" + url.QueryEscape(q)} },
		Read:    queryOf,
		Judge:   func(q string, a load.Answer) string { return judge(m.Answer(q), a) },
		Checks:  []string{contract.NotExact, contract.NotError},
		Explain: func(q string, a load.Answer) string { return explain(m.Answer(q), a) },
		Smaller: question.Texts,
		Learn:   m.Learn,
	}}
}

// stream asks what is to be drawn; a refusal in order (503 with Retry-After) is no failure.
func (s questions) stream(name string, p load.Profile, d contract.Draw) load.Stream {
	switch d.How {
	case contract.Varied:
		return s.form.Stream(name, p, around(d.Term.Query))
	case contract.AnyText:
		return s.form.Stream(name, p, s.any)
	case contract.Edges:
		stream := s.form.Stream(name, p, only(""))
		all := s.edges()
		stream.Next = func(n int64, _ *rand.Rand) load.Request { return s.form.Ask(all[n%int64(len(all))]) }
		return stream
	}
	return s.form.Stream(name, p, only(d.Term.Query))
}

// queryOf reads what a request searches for.
func queryOf(r load.Request) (string, bool) {
	u, err := url.Parse(r.Path)
	if err != nil || u.Path != "/search" || r.Method != "" && r.Method != http.MethodGet {
		return "", false
	}
	return u.Query().Get("q"), true
}

// judge names the class of an answer: the right page, an error where the query is a
// bad one, or a refusal in order.
func judge(want *model.Answer, a load.Answer) string {
	switch {
	case a.Status == http.StatusServiceUnavailable:
		if wait, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || wait < 0 || !isError(a) {
			return contract.NotError
		}
		return load.ClassShedByTarget
	case want.Refused != "" && a.Status == http.StatusBadRequest:
		if !isError(a) {
			return contract.NotError
		}
		return ""
	case want.Refused != "" || a.Status != http.StatusOK:
		return load.ClassStatus(a.Status)
	case !isJSON(a) || want.Difference(a.Body) != "":
		return contract.NotExact
	}
	return ""
}

// explain says in one line what was expected of a wrong answer and what came.
func explain(want *model.Answer, a load.Answer) string {
	asked := "q=" + strconv.QuoteToGraphic(want.Query)
	switch class := judge(want, a); {
	case class == contract.NotError:
		return fmt.Sprintf("%s: expected an error as the contract has it, got status %d, Retry-After %q, %s: %.120q",
			asked, a.Status, a.Header.Get("Retry-After"), a.Header.Get("Content-Type"), a.Body)
	case want.Refused != "":
		return fmt.Sprintf("%s: expected status 400, for %s, got %d", asked, want.Refused, a.Status)
	case a.Status != http.StatusOK:
		return fmt.Sprintf("%s: expected %d results, got status %d: %.120q", asked, len(want.Results), a.Status, a.Body)
	case !isJSON(a):
		return fmt.Sprintf("%s: expected JSON, got %q", asked, a.Header.Get("Content-Type"))
	}
	return asked + ": " + want.Difference(a.Body)
}

// isError reports whether an answer is {"error":{"code","message"}}.
func isError(a load.Answer) bool {
	var body struct {
		Error struct{ Code, Message string }
	}
	return isJSON(a) && json.Unmarshal(a.Body, &body) == nil && body.Error.Code != "" && body.Error.Message != ""
}

func isJSON(a load.Answer) bool {
	kind, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}
