package fault

import (
	"cmp"
	"fmt"
	"strings"
)

// Where a [SQLState] is answered.
const (
	OnConnect = "connect" // to a new session; open ones are left alone
	OnQuery   = "query"   // to a statement that reads or writes
	OnCommit  = "commit"  // to COMMIT, which is not carried out
)

// SQLState makes Postgres refuse with an error of its own: ErrorResponse with that
// code, and after it a session in the state in which the server leaves it.
type SQLState struct {
	Code string
	// On is what is refused. Defaults to [OnConnect] for what a server says of
	// itself (53300, 57P03, 55000 and others), to [OnQuery] for any other code.
	On string
	// Upon, if given, spares statements without this text in their SQL.
	Upon string
}

// Name implements [Kind].
func (SQLState) Name() string { return "sqlstate" }

// String implements [Kind].
func (s SQLState) String() string {
	return text("sqlstate", s.Code, named("on", s.On), when(s.Upon != "", "upon "+s.Upon))
}

// Validate reports what is wrong with the parameters.
func (s SQLState) Validate() error {
	if len(s.Code) != 5 || strings.Trim(s.Code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return fmt.Errorf("a SQLSTATE is five digits and capitals, such as 53300, not %q", s.Code)
	}
	switch s.Code[:2] {
	case "00", "01", "02":
		return fmt.Errorf("the SQLSTATE %s is no error", s.Code)
	}
	if s.On != "" {
		if err := oneOf("on", s.On, OnConnect, OnQuery, OnCommit); err != nil {
			return err
		}
	}
	if s.Upon != "" && !plain(s.Upon) {
		return fmt.Errorf("the text after upon is one word, without -> or a quote, not %q", s.Upon)
	}
	if s.Upon != "" && s.Refuses() != OnQuery {
		return fmt.Errorf("upon picks among queries, and on=%s refuses none", s.Refuses())
	}
	return nil
}

func parseSQLState(w *words) Kind {
	upon := w.option("upon") // first, for it may be any word
	return SQLState{Upon: upon, On: w.option("on"), Code: strings.ToUpper(w.next("CODE"))}
}

// Refuses is what is refused: On, or its default.
func (s SQLState) Refuses() string {
	return cmp.Or(s.On, sayings()[s.Code].on, OnQuery)
}

// Fatal reports whether the session ends with the error: one that is refused
// never was, and some codes mean its end.
func (s SQLState) Fatal() bool {
	return s.Refuses() == OnConnect || sayings()[s.Code].fatal
}

// Message is what a server says with the code, to that user of that database.
func (s SQLState) Message(user, database string) string {
	said := sayings()[s.Code].message
	if said == "" {
		return "refused with SQLSTATE " + s.Code
	}
	return strings.NewReplacer("{user}", user, "{database}", database).Replace(said)
}

// saying is how a server words a code, to whom by default, and whether the
// session ends by it.
type saying struct {
	message string
	on      string // empty: OnQuery
	fatal   bool
}

// sayings are the words of PostgreSQL itself.
func sayings() map[string]saying {
	return map[string]saying{
		"25006": {"cannot execute INSERT in a read-only transaction", "", false},
		"25P03": {"terminating connection due to idle-in-transaction timeout", "", true},
		"25P04": {"terminating connection due to transaction timeout", "", true},
		"28000": {`role "{user}" is not permitted to log in`, OnConnect, true},
		"28P01": {`password authentication failed for user "{user}"`, OnConnect, true},
		"3D000": {`database "{database}" does not exist`, OnConnect, true},
		"40001": {"could not serialize access due to concurrent update", "", false},
		"40P01": {"deadlock detected", "", false},
		"42501": {"permission denied for table", "", false},
		"42703": {"column does not exist", "", false},
		"42P01": {"relation does not exist", "", false},
		"53000": {"insufficient resources", "", false},
		"53100": {"could not extend file: No space left on device", "", false},
		"53200": {"out of memory", "", false},
		"53300": {"sorry, too many clients already", OnConnect, true},
		"53400": {"temporary file size exceeds temp_file_limit", "", false},
		"55000": {`database "{database}" is not currently accepting connections`, OnConnect, false},
		"55006": {"object is being used by active queries in this session", "", false},
		"55P03": {"canceling statement due to lock timeout", "", false},
		"57014": {"canceling statement due to statement timeout", "", false},
		"57P01": {"terminating connection due to administrator command", "", true},
		"57P02": {"terminating connection because of crash of another server process", "", true},
		"57P03": {"the database system is starting up", OnConnect, true},
		"57P05": {"terminating connection due to idle-session timeout", "", true},
		"58030": {"could not read block: Input/output error", "", false},
		"XX000": {"cache lookup failed", "", false},
	}
}
