package fault

// Kind is what goes wrong, with its parameters: a plain, comparable value.
type Kind interface {
	// Name is the first word of the text form, and the kind's name in the
	// [Catalogue].
	Name() string
	// String is the text form, without selectors.
	String() string
	// Validate reports all that is wrong with the parameters.
	Validate() error
}

// OneShot is a [Kind] that happens at one moment and cannot be undone, such as
// a kill. It is planned with no end.
type OneShot interface {
	Kind
	OneShot()
}

// IsOneShot reports whether the kind happens once and cannot be undone.
func IsOneShot(kind Kind) bool {
	_, ok := kind.(OneShot)
	return ok
}
