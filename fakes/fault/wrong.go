package fault

import "fmt"

// Wrong answers well-formed and wrong. The work is done.
type Wrong struct {
	// How is what is wrong: id (the answer is about something else), stale (it
	// was true once) or duplicate (it is the previous answer again).
	How string
}

// String returns for example "wrong id".
func (w Wrong) String() string { return "wrong " + w.How }

// Validate refuses an unknown way.
func (w Wrong) Validate() error {
	switch w.How {
	case "id", "stale", "duplicate":
		return nil
	default:
		return fmt.Errorf("wrong %q: want id, stale or duplicate", w.How)
	}
}

// Change replaces the body by the server's own idea of a wrong one.
func (w Wrong) Change(_ *Draw, a *Answer) bool {
	if a.Wrong == nil {
		return false
	}
	body := a.Wrong(w.How)
	if body == nil {
		return false
	}
	a.Body = body
	return true
}

func parseWrong(a *args) (Kind, error) { return Wrong{How: a.word()}, nil }
