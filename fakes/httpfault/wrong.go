package httpfault

import "holdfast.dev/holdfast/fault"

// mistaking is [fault.Wrong] in force.
type mistaking struct{ fault.Wrong }

// Change replaces the body by the server's own idea of a wrong one.
func (w mistaking) Change(_ *Draw, a *Answer) bool {
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
