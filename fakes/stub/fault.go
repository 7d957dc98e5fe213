package stub

import (
	"errors"
	"fmt"

	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fault"
)

// Support is what can be done to the whole of the fake.
func Support() fault.Support {
	s := httpfault.Support()
	s.Place, s.About = "a stub", "an outside API with routes and answers of the file's own"
	limits := s.Limits
	s.Limits = func(f fault.Fault) error {
		errs := []error{limits(f)}
		for _, kind := range fault.Steps(f.Kind) {
			if wrong, ok := kind.(fault.Wrong); ok && wrong.How == "stale" {
				errs = append(errs, errors.New("a stub's answers have no age, so none can be stale; it can be wrong id or duplicate"))
			}
		}
		return errors.Join(errs...)
	}
	return s
}

// RouteSupport is what can be done to one route of it.
func RouteSupport() fault.Support {
	s := Support()
	s.Place, s.About = "a route of a stub", "the requests of one route"
	limits := s.Limits
	s.Limits = func(f fault.Fault) error {
		for _, kind := range fault.Steps(f.Kind) {
			if hang, ok := kind.(fault.Hang); ok && hang.At == "accept" || kind.Name() == (fault.Refuse{}).Name() {
				return fmt.Errorf("%q happens before anybody knows which route is meant: lay it at the dependency as a whole", kind)
			}
		}
		return limits(f)
	}
	return s
}

// At is a fault that acts on one route alone. Keys that it picks are the route's.
func At(route string, f fault.Fault) fault.Fault {
	keys := []string{route + "/*"}
	if len(f.When.Keys) > 0 {
		keys = nil
	}
	for _, key := range f.When.Keys {
		keys = append(keys, route+"/"+key)
	}
	f.When.Keys = keys
	return f
}
