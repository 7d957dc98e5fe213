package fault

// Filled is a kind whose texts are filled: a {name} in the address of a [Redirect] stands
// for what is known only when the fault is laid, such as {api.url}. Every other kind is
// what it was.
func Filled(kind Kind, fill func(text string) (string, error)) (Kind, error) {
	var err error
	switch k := kind.(type) {
	case Redirect:
		k.Location, err = fill(k.Location)
		return k, err
	case Sequence:
		if k.Step, err = Filled(k.Step, fill); err != nil {
			return k, err
		}
		k.Then, err = Filled(k.Then, fill)
		return k, err
	}
	return kind, nil
}
