package schema

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/reference/fold"
)

// firstDay is when the first project was created; one follows every minute.
var firstDay = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)

// token is a word as it stands in a text, perhaps with a comma or a full stop.
type token struct {
	text       string // élève,
	normalized string // eleve,
	word       int32  // its id in search_words
}

// project is one generated project with its search document.
type project struct {
	id, owner      int64
	title          string
	description    string
	category, city int32   // ids, from 1
	tags           []int32 // ids, from 1, ascending
	status         string
	goal, raised   int64
	created        time.Time
	document       string
	words          []int32 // ids, ascending, each once
}

// generator makes projects. Everything in it is read-only once it is made, so
// several goroutines may use it; the random choices of a project come from the
// seed and its id alone.
type generator struct {
	params Params
	words  []string // by id - 1, normalised

	text       [3][]token // by ending (none, comma, full stop), then by rank of frequency
	zipf       []uint16   // a rank for each of 2^16 equally likely draws
	categories [][]token  // the words of each name
	cities     [][]token
	tags       [][]token
	planted    []planted
}

// planted is a term with its words as tokens.
type planted struct {
	Term
	token, decoy token
}

// newGenerator prepares the vocabulary, which is the same for every seed.
func newGenerator(p Params) *generator {
	g := &generator{params: p}
	ids := map[string]int32{}
	intern := func(text string) token {
		t := token{text: text, normalized: fold.Text(text)}
		if _, ok := ids[t.normalized]; !ok {
			g.words = append(g.words, t.normalized)
			ids[t.normalized] = int32(len(g.words))
		}
		t.word = ids[t.normalized]
		return t
	}
	vocabulary := vocabulary()
	for ending, mark := range []string{"", ",", "."} {
		for _, word := range vocabulary {
			g.text[ending] = append(g.text[ending], intern(word+mark))
		}
	}
	g.zipf = zipf(len(vocabulary))
	names := func(names []string) [][]token {
		var all [][]token
		for _, name := range names {
			var one []token
			for word := range strings.FieldsSeq(name) {
				one = append(one, intern(word))
			}
			all = append(all, one)
		}
		return all
	}
	g.categories = names(trimmed(categories))
	g.cities = names(trimmed(cities))
	g.tags = names(vocabulary[20 : 20+tagCount])
	for _, term := range Terms() {
		g.planted = append(g.planted, planted{Term: term, token: intern(term.Query), decoy: intern(term.decoy)})
	}
	return g
}

// vocabulary returns the words of texts, most frequent first, without any that
// holds a planted term: the two languages' words in turn, then invented ones.
func vocabulary() []string {
	var all []string
	for i := range max(len(french), len(english)) {
		for _, list := range [][]string{french, english} {
			if i < len(list) {
				all = append(all, list[i])
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 1))
	for range inventedWords {
		var word strings.Builder
		for range 2 + random.IntN(3) {
			word.WriteString(syllables[random.IntN(len(syllables))])
		}
		all = append(all, word.String())
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(word string) bool {
		plain := fold.Text(word)
		for _, term := range Terms() {
			if strings.Contains(plain, fold.Text(term.Query)) {
				return true
			}
		}
		again := seen[plain]
		seen[plain] = true
		return again
	})
}

// zipf spreads 2^16 draws over the ranks so that the frequency of a rank falls
// with its power -0.9, as it roughly does in natural texts.
func zipf(ranks int) []uint16 {
	const draws = 1 << 16
	var total float64
	for rank := range ranks {
		total += math.Pow(float64(rank+1), -0.9)
	}
	table := make([]uint16, 0, draws)
	var sum float64
	for rank := range ranks {
		sum += math.Pow(float64(rank+1), -0.9)
		for len(table) < draws && float64(len(table)) < sum/total*draws {
			table = append(table, uint16(rank))
		}
	}
	return table
}

// project makes the project with this id.
func (g *generator) project(id int64) project {
	r := rand.New(rand.NewPCG(g.params.Seed, uint64(id)))
	p := project{
		id:       id,
		owner:    1 + r.Int64N(owners(g.params.Projects)),
		category: 1 + skewed(r, len(g.categories)),
		city:     1 + skewed(r, len(g.cities)),
		status:   []string{"draft", "active", "active", "active", "funded", "funded", "closed"}[r.IntN(7)],
		goal:     int64(1+r.IntN(500)) * 10_000,
		created:  firstDay.Add(time.Duration(id) * time.Minute),
	}
	p.raised = p.goal * int64(r.IntN(140)) / 100
	for range r.IntN(6) {
		p.tags = append(p.tags, 1+skewed(r, len(g.tags)))
	}
	slices.Sort(p.tags)
	p.tags = slices.Compact(p.tags)

	title := g.sentence(r, 3+r.IntN(5))
	description := g.description(r, id)
	p.title, p.description = capitalized(title), capitalized(description)
	g.index(&p, title, description)
	return p
}

// description returns the tokens of a description, planted terms among them:
// usually twenty words, a page of text in one project of a hundred.
func (g *generator) description(r *rand.Rand, id int64) []token {
	length := 10 + r.IntN(20)
	if r.IntN(100) == 0 {
		length = 200 + r.IntN(400)
	}
	tokens := g.sentence(r, length)
	for _, planted := range g.planted {
		if planted.on(id, g.params.Projects) {
			tokens = slices.Insert(tokens, r.IntN(len(tokens)), planted.token)
		}
		if planted.decoyOn(id, g.params.Projects) {
			tokens = slices.Insert(tokens, r.IntN(len(tokens)), planted.decoy)
		}
	}
	return tokens
}

// sentence draws words, some with a comma or a full stop.
func (g *generator) sentence(r *rand.Rand, words int) []token {
	tokens := make([]token, words, words+8)
	for i := range tokens {
		bits := r.Uint64()
		ending := 0
		switch bits >> 60 {
		case 0:
			ending = 1
		case 1:
			ending = 2
		}
		tokens[i] = g.text[ending][g.zipf[bits&0xffff]]
	}
	return tokens
}

// index sets the project's search document, as search_index does in the
// database.
func (g *generator) index(p *project, title, description []token) {
	parts := [][]token{title, description, g.categories[p.category-1], g.cities[p.city-1]}
	for _, tag := range p.tags {
		parts = append(parts, g.tags[tag-1])
	}
	var document strings.Builder
	for _, part := range parts {
		for _, t := range part {
			if document.Len() > 0 {
				document.WriteByte(' ')
			}
			document.WriteString(t.normalized)
			p.words = append(p.words, t.word)
		}
	}
	p.document = document.String()
	slices.Sort(p.words)
	p.words = slices.Compact(p.words)
}

// capitalized joins the tokens to a text whose sentences start with a capital.
func capitalized(tokens []token) string {
	var text strings.Builder
	start := true
	for i, t := range tokens {
		if i > 0 {
			text.WriteByte(' ')
		}
		if start {
			first, rest := cutRune(t.text)
			text.WriteString(strings.ToUpper(first))
			text.WriteString(rest)
		} else {
			text.WriteString(t.text)
		}
		start = strings.HasSuffix(t.text, ".")
	}
	return text.String()
}

// cutRune cuts a text after its first character.
func cutRune(text string) (first, rest string) {
	for i := range text {
		if i > 0 {
			return text[:i], text[i:]
		}
	}
	return text, ""
}

// skewed draws from 0 to n-1, low numbers more often.
func skewed(r *rand.Rand, n int) int32 {
	x := r.Float64()
	return int32(x * x * float64(n))
}

// owners returns how many owners share that many projects.
func owners(projects int64) int64 { return projects/20 + 1 }
