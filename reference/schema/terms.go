package schema

// Terms that [Seed] plants, so that a search of each class has a known answer.
// No other word of the data holds one of them as a part.
const (
	TermEverywhere       = "projet"           // every project
	TermOne              = "zircobaltique"    // exactly one project
	TermRareOld          = "vieuxmoulin"      // the 59 oldest
	TermLately           = "wombatesque"      // the 60 newest and the 25 oldest
	TermTwoHundred       = "zephyrine"        // 200, spread evenly
	TermHalfPercent      = "quartzite"        // 0.5 %, spread evenly
	TermHalfPercentOld   = "paleozoique"      // 0.5 %, the oldest
	TermThirtyPercentOld = "jadisette"        // 30 %, the oldest
	TermAccents          = "élève"            // 2 %; "eleve" and "ÉLÈVE" must find the same
	TermPercent          = "100%"             // 1 %, among as many projects that say 1000
	TermUnderscore       = "a_b"              // 1 %, among as many that say axb
	TermBackslash        = `c:\d`             // 1 %, among as many that say c:d
	TermAbsentTwo        = "qx"               // none, and no word holds these two letters in a row
	TermAbsentThree      = "qxz"              // none
	TermAbsentLong       = "introuvablissime" // none
)

// Term is one planted term.
type Term struct {
	Query string
	Why   string // what it is planted for, as a phrase

	// decoy is a word in other projects that the query must not find, but would
	// if %, _ and \ kept their meaning in a LIKE pattern.
	decoy string
	on    func(id, projects int64) bool
}

// Matches returns how many of that many seeded projects the term is in.
func (t Term) Matches(projects int64) int64 {
	var n int64
	for id := int64(1); id <= projects; id++ {
		if t.on(id, projects) {
			n++
		}
	}
	return n
}

// On reports whether the project with this id holds the term, when that many
// are seeded.
func (t Term) On(id, projects int64) bool { return t.on(id, projects) }

// Terms returns all planted terms, absent ones included.
func Terms() []Term {
	return []Term{
		{Query: TermEverywhere, Why: "in every project", on: func(int64, int64) bool { return true }},
		{Query: TermOne, Why: "in one project", on: func(id, n int64) bool { return id == n/3+1 }},
		{Query: TermRareOld, Why: "in the 59 oldest projects", on: func(id, _ int64) bool { return id <= 59 }},
		{Query: TermLately, Why: "in the 60 newest projects and the 25 oldest", on: func(id, n int64) bool { return id <= 25 || id > n-60 }},
		{Query: TermTwoHundred, Why: "in 200 projects of all ages", on: spread(200)},
		{Query: TermHalfPercent, Why: "in 0.5 % of the projects, of all ages", on: everyNth(200, 0)},
		{Query: TermHalfPercentOld, Why: "in the oldest 0.5 % of the projects", on: oldest(5)},
		{Query: TermThirtyPercentOld, Why: "in the oldest 30 % of the projects", on: oldest(300)},
		{Query: TermAccents, Why: "with accents, in 2 % of the projects", on: everyNth(50, 7)},
		{Query: TermPercent, Why: "with a LIKE wildcard, %", decoy: "1000", on: everyNth(100, 11)},
		{Query: TermUnderscore, Why: "with a LIKE wildcard, _", decoy: "axb", on: everyNth(100, 23)},
		{Query: TermBackslash, Why: "with LIKE's escape character", decoy: "c:d", on: everyNth(100, 37)},
		{Query: TermAbsentTwo, Why: "two characters that occur nowhere", on: nowhere},
		{Query: TermAbsentThree, Why: "three characters that occur nowhere", on: nowhere},
		{Query: TermAbsentLong, Why: "a long word that occurs nowhere", on: nowhere},
	}
}

// decoyOn reports whether the project holds the term's decoy: the one after
// each that holds the term.
func (t Term) decoyOn(id, projects int64) bool {
	return t.decoy != "" && t.on(id-1, projects)
}

func nowhere(int64, int64) bool { return false }

func oldest(perMille int64) func(id, projects int64) bool {
	return func(id, projects int64) bool { return id*1000 <= projects*perMille }
}

func everyNth(n, from int64) func(id, projects int64) bool {
	return func(id, _ int64) bool { return id > 0 && id%n == from }
}

// spread is true for count ids at even distances, or for all if there are fewer.
func spread(count int64) func(id, projects int64) bool {
	return func(id, projects int64) bool {
		return id*count/projects != (id-1)*count/projects
	}
}
