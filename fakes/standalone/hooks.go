package standalone

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"holdfast.dev/holdfast/fakes/control"
	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/nearest"
)

// WebhooksTo is what the service of a desk is called in the routes whose webhooks go
// there.
const WebhooksTo = "service"

// HookFault is a fault of the webhook of a route.
type HookFault struct {
	Route string
	Fault fault.Fault
}

// ParseHookFault reads a fault of a webhook, which begins with its place:
// charge.webhook: twice. ok is false for a text that does not begin so.
func ParseHookFault(text string) (f HookFault, ok bool, err error) {
	place, rest, _ := strings.Cut(text, ":")
	if f.Route, ok = strings.CutSuffix(strings.TrimSpace(place), ".webhook"); !ok {
		return f, false, nil
	}
	if f.Fault, err = fault.Parse(strings.TrimSpace(rest)); err != nil {
		return f, true, err
	}
	if f.Fault.ID == "" {
		f.Fault.ID = f.Route + ".webhook-" + fault.Steps(f.Fault.Kind)[0].Name()
	}
	return f, true, stub.WebhookSupport(true).Accepts(f.Fault)
}

// hooked are the faults of a stub together with those of its webhooks.
type hooked struct {
	control.Steered
	hooks  *httpfault.Set
	signed map[string]bool // of the routes that have a webhook, by name
}

func withHooks(p control.Steered, s *stub.Server, routes []stub.Route) hooked {
	h := hooked{p, s.WebhookFaults(), map[string]bool{}}
	for _, r := range routes {
		if r.Webhook != nil {
			h.signed[r.Name] = r.Webhook.Sign.Signed()
		}
	}
	return h
}

// AddText implements [control.Steered].
func (h hooked) AddText(lines ...string) error {
	var others []string
	var of []fault.Fault
	for _, line := range lines {
		f, is, err := ParseHookFault(line)
		if err == nil && is {
			err = h.check(f)
		}
		if err != nil {
			return err
		}
		if is {
			of = append(of, stub.At(f.Route, f.Fault))
		} else {
			others = append(others, line)
		}
	}
	if err := h.hooks.Add(of...); err != nil {
		return err
	}
	if err := h.Steered.AddText(others...); err != nil {
		for _, f := range of { // all or none
			_, undone := h.hooks.Lift(context.Background(), f.Name())
			err = errors.Join(err, undone)
		}
		return err
	}
	return nil
}

func (h hooked) check(f HookFault) error {
	signed, known := h.signed[f.Route]
	if !known {
		var all []string
		for route := range h.signed {
			all = append(all, route)
		}
		slices.Sort(all)
		return fmt.Errorf("no webhook is sent by a route %q%s", f.Route, nearest.Hint(f.Route, all))
	}
	return stub.WebhookSupport(signed).Accepts(f.Fault)
}

// Receipts implements [control.Steered].
func (h hooked) Receipts() []fault.Receipt {
	return slices.Concat(h.Steered.Receipts(), h.hooks.Receipts())
}

// Lift implements [control.Steered].
func (h hooked) Lift(ctx context.Context, name string) (fault.Receipt, error) {
	receipt, err := h.Steered.Lift(ctx, name)
	if errors.Is(err, httpfault.ErrUnknown) {
		return h.hooks.Lift(ctx, name)
	}
	return receipt, err
}

// Clear implements [control.Steered].
func (h hooked) Clear(ctx context.Context) ([]fault.Receipt, error) {
	own, err := h.Steered.Clear(ctx)
	others, also := h.hooks.Clear(ctx)
	return slices.Concat(own, others), errors.Join(err, also)
}

// Support implements [control.Steered].
func (h hooked) Support() fault.Support {
	s := h.Steered.Support()
	if len(h.signed) > 0 {
		s.Kinds = slices.Concat(s.Kinds, stub.WebhookSupport(true).Kinds)
	}
	return s
}
