package chaos

import (
	"errors"
	"fmt"
	"strings"

	"holdfast.dev/holdfast/nearest"
)

// ErrKind is what [ParseKind] wraps when a text is not a kind.
var ErrKind = errors.New("not a kind of fault")

// Names of the places of this package, as [Spec.Place] gives them.
const (
	OnProxy    = "proxy"
	OnProcess  = "process"
	OnSessions = "sessions"
)

// Spec describes one kind of fault for people, and reads its text form.
type Spec struct {
	Name    string // the first word of the text form
	Form    string // the text form, parameters in capitals, optional parts in brackets
	Place   string // [OnProxy], [OnProcess] or [OnSessions]
	Example Kind   // a typical one
	Models  string // what in the real world it stands for
	Acts    string // what it does to what is there already, and to what comes later
	Counts  string // what Fired counts
	Correct string // what a correct client does
	Undoing string // how undoing is read back; empty for a [OneShot]

	parse func(*words) Kind
}

// Kinds is the table of every kind that this package can carry out.
func Kinds() []Spec {
	return []Spec{
		delaySpec(),
		bandwidthSpec(),
		slicerSpec(),
		limitDataSpec(),
		blackHoleSpec(),
		refuseSpec(),
		resetSpec(),
		slowAcceptSpec(),
		cancelLostSpec(),
		pauseSpec(),
		killSpec(),
		terminateSpec(),
		lockTableSpec(),
		holdConnectionsSpec(),
		terminateBackendsSpec(),
	}
}

// ParseKind reads the text form of a kind. Errors wrap [ErrKind].
func ParseKind(text string) (Kind, error) {
	w := &words{left: strings.Fields(text)}
	name := w.next("the name of a fault")
	var names []string
	for _, spec := range Kinds() {
		if spec.Name != name {
			names = append(names, spec.Name)
			continue
		}
		kind := spec.parse(w)
		err := w.end()
		if err == nil {
			err = validate(kind)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %q: %w; it is written %q", ErrKind, text, err, spec.Form)
		}
		return kind, nil
	}
	return nil, fmt.Errorf("%w: %q%s", ErrKind, text, didYouMean(name, names))
}

// didYouMean is the end of an error about an unknown name: the name nearest to
// it, or all that there are when none is near.
func didYouMean(name string, names []string) string {
	if near := nearest.Name(name, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return fmt.Sprintf("; there are %q", names)
}

// validate asks a kind whether its parameters make sense.
func validate(kind Kind) error {
	if v, ok := kind.(interface{ Validate() error }); ok {
		return v.Validate()
	}
	return nil
}
