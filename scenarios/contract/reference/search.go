package reference

import (
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/contract/reference/model"
	"holdfast.dev/holdfast/scenarios/profile"
)

// poolMax is the target's own bound on its connections to the database: ten for
// requests, eight for its tasks and one that listens.
const poolMax = 10 + 8 + 1

// maxSearchTime is the source's "5-10s → 0.5-1s".
const maxSearchTime = time.Second

// Searches tells the search service over so many seeded projects. Those over as many share
// what is found out about the data.
func Searches() func(projects int) contract.Search {
	var mu sync.Mutex
	models := map[int]*model.Model{}
	of := func(projects int) *model.Model {
		mu.Lock()
		defer mu.Unlock()
		if models[projects] == nil {
			models[projects] = modelOf(projects)
		}
		return models[projects]
	}
	return func(projects int) contract.Search {
		s := over(of(projects), nil)
		s.Diverse = func() contract.Search { return diverse(of(10_000)) } // so many questions could not be answered of many more
		return s
	}
}

// over is the search over seeded projects and further ones.
func over(seeded *model.Model, further []schema.Row) contract.Search {
	q, projects := questionsOf(seeded, further), int(seeded.Projects())
	return contract.Search{
		World: func() harness.World { return World(projects) }, Items: projects, Kind: "projects", Order: "the newest", News: searchNews,
		Limit: model.Limit, Time: maxSearchTime, Memory: profile.MaxMemory, MaxConnections: poolMax, Program: harness.OnTarget,
		Terms: terms(), Refuses: true, Settings: searchSettings(),
		Reads: []contract.Tables{
			{Name: "documents", Names: []string{"search_documents"}}, {Name: "words", Names: []string{"search_words"}},
			{Name: "projects", Names: []string{"projects", "categories", "cities", "owners"}}, {Name: "tags", Names: []string{"project_tags", "tags"}},
		},
		Stream: q.stream, In: q.form.In, EdgeTexts: len(q.edges()),
	}
}

// diverse is the search over seeded projects and those in many languages and scripts.
func diverse(seeded *model.Model) contract.Search {
	projects := int(seeded.Projects())
	further := furtherProjects(projects)
	s := over(seeded, further)
	s.World, s.News = func() harness.World { return worldWith(projects, further) }, everyNews
	return s
}

// searchSettings are the variables of the service.
func searchSettings() map[contract.Setting]contract.Knob {
	all := map[contract.Setting]contract.Knob{}
	for setting, name := range map[contract.Setting]string{
		contract.Concurrent: "SEARCH_MAX_CONCURRENT", contract.Queued: "SEARCH_MAX_QUEUED", contract.Connections: "DB_POOL_MAX",
		contract.AcquireTimeout: "SEARCH_ACQUIRE_TIMEOUT", contract.StatementTimeout: "SEARCH_STATEMENT_TIMEOUT",
	} {
		all[setting] = contract.Knob{Env: map[string]string{name: "{value}"}}
	}
	statement := all[contract.StatementTimeout]
	statement.Is = 2 * time.Second
	all[contract.StatementTimeout] = statement
	return all
}

// terms are a text of every class of query that the search must hold for.
func terms() []contract.Term {
	all := schema.TermEverywhere
	return []contract.Term{
		{Name: "everywhere", Query: all, Roles: []contract.Role{contract.Everywhere}},
		{Name: "one-row", Query: schema.TermOne},
		{Name: "two-hundred", Query: schema.TermTwoHundred, Roles: []contract.Role{contract.Some}},
		{Name: "rare-and-old", Query: schema.TermRareOld, Roles: []contract.Role{contract.Rare}},
		{Name: "new-and-old", Query: schema.TermLately},
		{Name: "absent", Query: schema.TermAbsentLong, Roles: []contract.Role{contract.Nowhere}},
		{Name: "absent-two-letters", Query: schema.TermAbsentTwo},
		{Name: "absent-three-letters", Query: schema.TermAbsentThree},
		{Name: "half-percent", Query: schema.TermHalfPercent, Roles: []contract.Role{contract.Scattered}},
		{Name: "half-percent-old", Query: schema.TermHalfPercentOld},
		{Name: "thirty-percent-old", Query: schema.TermThirtyPercentOld},
		{Name: "accents", Query: "ELEVE"},
		{Name: "percent-sign", Query: schema.TermPercent},
		{Name: "underscore", Query: schema.TermUnderscore},
		{Name: "backslash", Query: schema.TermBackslash},
		{Name: "several-words", Query: schema.TermTwoHundred + " " + all},
		{Name: "200-characters", Query: strings.TrimSpace(strings.Repeat(all+" ", 29))[:model.MaxQueryLength]},
		{Name: "one-character", Query: "e"},
	}
}
