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
	s.Elsewhere = map[string]string{}
	for _, kind := range ofCallbacks() {
		if !s.Carries(kind.Name()) {
			s.Elsewhere[kind.Name()] = "the webhook of a route, such as stripe.charge.webhook"
		}
	}
	limits := s.Limits
	s.Limits = func(f fault.Fault) error {
		errs := []error{limits(f)}
		for _, kind := range fault.Steps(f.Kind) {
			if wrong, ok := kind.(fault.Wrong); ok && wrong.How != "id" && wrong.How != "duplicate" {
				errs = append(errs, fmt.Errorf("of a stub's answers nobody knows whose or of what time they are, so none can be wrong %s; it can be wrong id or duplicate", wrong.How))
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

// WebhookSupport is what can be done to the callbacks of a route, signed or not.
func WebhookSupport(signed bool) fault.Support {
	s := fault.Support{
		Place: "a webhook of a stub", About: "the callbacks that one route sends to the service",
		Selectors: fault.Selectors(), Sequences: true,
		Limits: func(f fault.Fault) error {
			var errs []error
			for _, kind := range fault.Steps(f.Kind) {
				switch lost, is := kind.(fault.Lost); {
				case is && lost.How != "":
					errs = append(errs, fmt.Errorf("a callback is sent to nobody: write lost, not %q", kind))
				case kind == fault.WrongSignature{} && !signed:
					errs = append(errs, errors.New("the webhook is not signed, so no signature can be wrong; give it a sign"))
				}
			}
			return errors.Join(errs...)
		},
	}
	for _, kind := range ofCallbacks() {
		s.Kinds = append(s.Kinds, fault.Carried{
			Kind: kind.Name(), Acts: acts(kind), Counts: "callbacks that it acted on", Undoing: "no callback is held by it any more",
		})
	}
	return s
}

// ofCallbacks are the kinds that act on callbacks.
func ofCallbacks() []fault.Kind {
	return []fault.Kind{fault.Twice{}, fault.Late{}, fault.BeforeAnswer{}, fault.Reordered{}, fault.Lost{}, fault.WrongSignature{}}
}

// acts says what a fault does to a callback, where that is not plain.
func acts(kind fault.Kind) string {
	switch kind.(type) {
	case fault.BeforeAnswer:
		return "each callback that is picked: the request's answer waits for it, 10 s at most"
	case fault.Reordered:
		return "each callback that is picked, and the next one of the same API, which overtakes it; where none comes within 5 s, it is missed"
	case fault.Late:
		return "each callback that is picked, before its first attempt; when the fault is lifted it is sent"
	case fault.Lost:
		return "each callback that is picked, with all of its attempts"
	}
	return "each callback that is picked, on its own"
}
