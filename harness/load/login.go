package load

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/nearest"
)

// Logins are the sessions that were opened for the streams of a load.
type Logins struct {
	sessions map[string][]*session // by stream
	pins     *pins
}

// of are the sessions of a stream.
func (l *Logins) of(stream string) []*session {
	if l == nil {
		return nil
	}
	return l.sessions[stream]
}

// atOnce is how many sessions of a stream are opened at the same time.
const atOnce = 4

// LogIn opens the sessions of the streams that have [Stream.Sessions], and waits for
// them. None of it is load: nothing is counted. The first login that does not get
// what it expects is the error, with the step, the status, and how the answer begins.
func LogIn(ctx context.Context, config Config, streams ...Stream) (*Logins, error) {
	l := &Logins{sessions: make(map[string][]*session), pins: newPins(config.Lookup)}
	if !slices.ContainsFunc(streams, func(s Stream) bool { return s.Sessions != nil }) {
		return l, nil
	}
	config.Logins, config.Answers = l, nil
	if err := validate(config, streams); err != nil {
		return nil, err
	}
	w, err := config.wiring(ctx, streams)
	if err != nil {
		return nil, err
	}
	defer w.close()
	begun := time.Now()
	w.now = func() time.Duration { return time.Since(begun) }
	for _, s := range streams {
		if s.Sessions == nil {
			continue
		}
		if l.sessions[s.Name], err = w.logIn(ctx, s.withDefaults()); err != nil {
			return nil, fmt.Errorf("log in for the stream %s: %w", s.Name, err)
		}
	}
	return l, nil
}

// logIn opens the sessions of one stream, a few at a time.
func (w *wiring) logIn(ctx context.Context, s Stream) ([]*session, error) {
	t := s.templates()
	steps := w.steppers(s, s.Name+".sessions", s.Sessions.Steps, t.logins, t.fits)
	all := make([]*session, s.Sessions.Count)
	errs := make([]error, s.Sessions.Count)
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	next := make(chan int)
	var work sync.WaitGroup
	for range min(atOnce, s.Sessions.Count) {
		work.Go(func() {
			for i := range next {
				if all[i], errs[i] = w.open(ctx, s, steps, t.fits, int64(i)); errs[i] != nil {
					giveUp()
				}
			}
		})
	}
	for i := 0; i < s.Sessions.Count && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	work.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return nil, err
		}
	}
	if slices.Contains(all, nil) {
		return nil, errors.Join(errors.New("it was given up"), context.Cause(ctx))
	}
	return all, nil
}

// open opens session n.
func (w *wiring) open(ctx context.Context, s Stream, steps []*stepper, fits map[string]fitting, n int64) (*session, error) {
	sc := w.scratch.Get().(*scratch)
	defer w.scratch.Put(sc)
	t := &traveller{n: n, seed: streamSeed(w.config.Seed, s.Name+".sessions"), jar: new(jar), known: valuesOf(w.config.Values)}
	for i, step := range steps {
		if err := pause(ctx, step.step.Think); err != nil {
			return nil, err
		}
		x := Exchange{Stream: step.name, N: n, Due: w.now(), Sent: w.now()}
		answer := step.take(&x, t, sc)
		err := failed(x, step, answer)
		if err == nil && i == len(steps)-1 {
			err = capture(t, s.Sessions.Capture, fits, answer)
		}
		if err != nil {
			return nil, fmt.Errorf("session %d of %d, step %s: %s %s: %w", n+1, s.Sessions.Count, step.step.Name, methodOr(x.Method), step.step.Template.Path, err)
		}
	}
	return &session{values: t.captured, jar: t.jar}, nil
}

func methodOr(method string) string {
	if method == "" {
		return "GET"
	}
	return method
}

// failed says why a step of a login did not get its expected answer; nil: it did.
func failed(x Exchange, s *stepper, a Answer) error {
	switch {
	case x.Class == "":
		return nil
	case x.Class == ClassCanceled:
		return context.Canceled
	case x.unsent != "":
		return fmt.Errorf("it could not be sent from here: %s", x.unsent)
	case x.Status == 0:
		return fmt.Errorf("no answer: %s", x.Class)
	case x.Class == classCapture:
		return errors.Join(capture(&traveller{}, s.step.Capture, s.fits, a), fmt.Errorf("the answer was status %d, %s", x.Status, firstLine(a.Body)))
	}
	why := s.expect.otherwise(a)
	if !strings.HasPrefix(why, "status ") {
		why = fmt.Sprintf("status is %d, %s", x.Status, why)
	}
	return fmt.Errorf("%s; the answer begins %s", why, firstLine(a.Body))
}

// check reports what is wrong with the values that are given to the templates: one
// that is used and not there, one that cannot stand where it is used.
func (t templates) check(values map[string]string) error {
	var errs []error
	known := slices.Sorted(maps.Keys(values))
	for _, name := range slices.Sorted(maps.Keys(t.fits)) {
		if t.captured[name] {
			continue
		}
		value, ok := values[name]
		if !ok {
			errs = append(errs, fmt.Errorf("nobody gave a value for {%s}%s", name, nearest.Hint(name, known)))
			continue
		}
		errs = append(errs, t.fits[name].check(name, value))
	}
	return errors.Join(errs...)
}
