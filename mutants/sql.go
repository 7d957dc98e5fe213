package mutants

import (
	"go/ast"
	"go/token"
	"regexp"
)

// statement tells a text that is SQL.
var statement = regexp.MustCompile(`(?i)\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|BEGIN|SET)\b`)

// clause is a mistake in SQL: where it can be made, and what stands there then.
type clause struct {
	kind    string
	pattern *regexp.Regexp
	instead string
}

// word is what may stand beside a sign of SQL: no quotation marks, no end of line.
const word = `[\w.$:]+(?:\([\w.$:, ]*\))?(?:\[\])?`

// clauses lists the mistakes in SQL. Each is a text that a reviewer would not
// stumble over.
var clauses = []clause{
	{"no-limit", regexp.MustCompile(`\s+LIMIT (?:nullif\([^()]*\)|` + word + `)`), " "},
	{"ascending", regexp.MustCompile(`\bDESC\b`), "ASC"},
	{"unordered", regexp.MustCompile(`\s+ORDER BY ` + word + `(?: DESC)?(?:, ` + word + `(?: DESC)?)*`), " "},
	{"first-order-only", regexp.MustCompile(`(ORDER BY ` + word + `), ` + word), "$1"},
	{"no-conjunct", regexp.MustCompile(`\s+AND (?:NOT EXISTS |` + word + ` (?:=|<>|<|>|<=|>=|LIKE|@>) (?:ALL |ANY )?)?` + word), " "},
	{"no-first-conjunct", regexp.MustCompile(`WHERE ` + word + ` (?:=|<>|<|>|<=|>=|LIKE|@>) (?:ALL |ANY )?(?:\([^()]*\)|` + word + `) AND `), "WHERE "},
	{"or", regexp.MustCompile(`\bAND\b`), "OR"},
	{"inner-join", regexp.MustCompile(`LEFT JOIN`), "JOIN"},
	{"later", regexp.MustCompile(` - (\$\d+::interval|interval)`), " + $1"},
	{"compared", regexp.MustCompile(` > `), " < "},
	{"equal", regexp.MustCompile(` = (\$\d)`), " <> $1"},
	{"no-lock", regexp.MustCompile(`\s+FOR UPDATE(?: SKIP LOCKED)?`), " "},
	{"waits", regexp.MustCompile(`FOR UPDATE SKIP LOCKED`), "FOR UPDATE"},
	{"conflict", regexp.MustCompile(`\s+ON CONFLICT DO NOTHING`), " "},
	{"null", regexp.MustCompile(`\bIS NOT NULL\b`), "IS NULL"},
	{"no-timeout", regexp.MustCompile(`SET LOCAL statement_timeout`), "SET LOCAL lock_timeout"},
	{"no-snapshot", regexp.MustCompile(` ISOLATION LEVEL REPEATABLE READ`), ""},
}

// sql makes the mistakes of clauses in a text that is SQL.
func sql(s site) []change {
	literal, ok := s.node().(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING || !statement.MatchString(literal.Value) && !s.partOfStatement() {
		return nil
	}
	var all []change
	for _, c := range clauses {
		for _, at := range c.pattern.FindAllStringSubmatchIndex(literal.Value, -1) {
			old := literal.Value[at[0]:at[1]]
			all = append(all, change{
				literal.Pos() + token.Pos(at[0]), literal.Pos() + token.Pos(at[1]),
				c.pattern.ReplaceAllString(old, c.instead), c.kind,
			})
		}
	}
	return all
}

// partOfStatement reports whether the text is put together with one that is SQL.
func (s site) partOfStatement() bool {
	for i := 1; i < len(s.path); i++ {
		sum, ok := s.above(i).(*ast.BinaryExpr)
		if !ok {
			return false
		}
		if statement.MatchString(s.text(sum)) {
			return true
		}
	}
	return false
}
