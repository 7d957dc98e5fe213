package harness

// room is how many experiments at a time a machine turns out to have room for. Whom
// company kept from showing anything is run once more, with the machine to itself: of a
// few that costs less than company wins, of every ninth it does not.
type room struct {
	most  int // never more
	limit int // at this moment

	trouble  int  // of those that ended since limit was changed: see learn
	calm     int  // how many of them came to no harm
	patience int  // after how many of them for each that may be there one more may be
	widened  bool // limit was changed last for want of trouble
}

// What one that came to harm weighs against those that did not, and after how much of it
// there is no room for so many: two of six, or three of fifteen.
const (
	troubleEach = 8
	tooMuch     = 12
)

func newRoom(most int) room { return room{most: most, limit: most, patience: 2} }

// learn changes the limit by what came of one that is over, and reports whether it is
// lower now: half, for what company does is seen late. Where one more was let in and was
// too many, it is as before, and that is tried half as often from then on.
func (r *room) learn(e ended) (narrowed bool) {
	if e.limit != r.limit {
		return false // it says nothing of as many as may be there now
	}
	if !e.harmed {
		r.trouble, r.calm = max(0, r.trouble-1), r.calm+1
		if r.calm >= r.patience*r.limit && r.limit < r.most {
			r.change(r.limit + 1)
			r.widened = true
		}
		return false
	}
	if r.trouble += troubleEach; r.trouble < tooMuch || r.limit == 1 {
		return false
	}
	if r.widened { // it was too much by one
		r.patience *= 2
		r.change(r.limit - 1)
	} else {
		r.change((r.limit + 1) / 2)
	}
	r.widened = false
	return true
}

func (r *room) change(limit int) { r.limit, r.trouble, r.calm = limit, 0, 0 }
