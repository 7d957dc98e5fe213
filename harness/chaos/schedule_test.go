package chaos

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/result"
)

// script is a place whose faults do what the test says, and that writes down
// what was asked of it and when.
type script struct {
	start time.Time
	apply func(context.Context, fault.Kind) error
	undo  func(context.Context) error

	mu    sync.Mutex
	lines []string
}

func (s *script) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, fmt.Sprintf("%v ", time.Since(s.start))+fmt.Sprintf(format, args...))
}

func (s *script) Support() fault.Support {
	return fault.Support{Place: "a script", Kinds: []fault.Carried{{Kind: "windowed"}, {Kind: "moment"}}}
}

func (s *script) Apply(ctx context.Context, f fault.Fault) (Applied, error) {
	s.note("apply %v", f.Kind)
	if s.apply != nil {
		if err := s.apply(ctx, f.Kind); err != nil {
			return nil, err
		}
	}
	return scripted{s, f.Kind}, nil
}

type scripted struct {
	*script
	kind fault.Kind
}

func (s scripted) Undo(ctx context.Context) error {
	if s.undo != nil {
		if err := s.undo(ctx); err != nil {
			return err
		}
	}
	s.note("undo %v", s.kind)
	return nil
}

func (s scripted) Receipt() fault.Receipt {
	return fault.Receipt{Fired: 7, Missed: 2, Declared: "declared", Measured: "measured"}
}

// windowed is a kind of another package.
type windowed string

func (windowed) Name() string     { return "windowed" }
func (w windowed) String() string { return string(w) }
func (windowed) Validate() error  { return nil }

// moment is a one-shot kind of another package.
type moment string

func (moment) Name() string     { return "moment" }
func (m moment) String() string { return string(m) }
func (moment) Validate() error  { return nil }
func (moment) OneShot()         {}

// onFakeTime runs a test on a clock of its own, with a place called "x".
func onFakeTime(t *testing.T, test func(t *testing.T, s *script, start func(context.Context, ...Planned) *Schedule)) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{start: time.Now()}
		test(t, s, func(ctx context.Context, plan ...Planned) *Schedule {
			tl, err := Start(ctx, Config{Start: s.start, Places: map[string]Place{"x": s}, Plan: plan})
			require.NoError(t, err)
			return tl
		})
	})
}

func float(f float64) *float64 { return &f }
func yes(b bool) *bool         { return &b }

func TestFaultsComeAndGoOnTime(t *testing.T) {
	onFakeTime(t, func(t *testing.T, s *script, start func(context.Context, ...Planned) *Schedule) {
		tl := start(t.Context(),
			planned("late", "x", windowed("b"), 3*time.Second, 9*time.Second),
			planned("early", "x", windowed("a"), time.Second, 4*time.Second),
			planned("once", "x", moment("c"), 5*time.Second, 0),
		)
		faults := tl.Wait()
		require.Equal(t, []string{"1s apply a", "3s apply b", "4s undo a", "5s apply c", "9s undo b"}, s.lines)
		receipt := result.Fault{On: "x", Fired: 7, Missed: 2, Declared: "declared", Measured: "measured"}
		late, early, once := receipt, receipt, receipt
		late.ID, late.Kind, late.StartS, late.EndS, late.Undone = "late", "b", 3, float(9), yes(true)
		early.ID, early.Kind, early.StartS, early.EndS, early.Undone = "early", "a", 1, float(4), yes(true)
		once.ID, once.Kind, once.StartS, once.EndS = "once", "c", 5, float(5)
		require.Equal(t, []result.Fault{late, early, once}, faults)
		require.Equal(t, faults, tl.Stop(), "stopping afterwards changes nothing")
	})
}

// The first request meets what is there from the start on, however long that takes: it is
// in force when Start returns, which is before the scenario begins.
func TestWhatIsThereFromTheStartIsInForceBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{start: time.Now(), apply: func(context.Context, fault.Kind) error { time.Sleep(150 * time.Millisecond); return nil }}
		tl, err := Start(t.Context(), Config{Start: s.start.Add(200 * time.Millisecond), Places: map[string]Place{"x": s}, Plan: []Planned{
			planned("always", "x", windowed("a"), 0, time.Second), planned("later", "x", windowed("b"), time.Second, 2*time.Second), planned("once", "x", moment("c"), 0, 0),
		}})
		require.NoError(t, err)
		require.Equal(t, 150*time.Millisecond, time.Since(s.start))
		on := tl.Active()
		require.Len(t, on, 1)
		require.Equal(t, -200*time.Millisecond, on[0].Since)
		faults := tl.Wait()
		require.Equal(t, []string{"0s apply a", "1.2s apply b", "1.2s undo a", "2.2s undo b", "200ms apply c"}, slices.Sorted(slices.Values(s.lines)))
		require.Equal(t, -0.2, faults[0].StartS)
	})
}

func TestAReceiptSpansFromBeforeApplyingToAfterUndoing(t *testing.T) {
	onFakeTime(t, func(t *testing.T, s *script, start func(context.Context, ...Planned) *Schedule) {
		s.apply = func(context.Context, fault.Kind) error { time.Sleep(300 * time.Millisecond); return nil }
		s.undo = func(context.Context) error { time.Sleep(200 * time.Millisecond); return nil }
		f := start(t.Context(), planned("a", "x", windowed("a"), time.Second, 4*time.Second)).Wait()[0]
		require.Equal(t, 1.0, f.StartS)
		require.Equal(t, 4.2, *f.EndS)
	})
}

func TestWhatIsOnCanBeSeen(t *testing.T) {
	onFakeTime(t, func(t *testing.T, s *script, start func(context.Context, ...Planned) *Schedule) {
		a := planned("a", "x", windowed("a"), 1*time.Second, 4*time.Second)
		b := planned("b", "x", windowed("b"), 3*time.Second, 9*time.Second)
		s.undo = func(context.Context) error { time.Sleep(time.Second); return nil }
		tl := start(t.Context(), a, b)
		at := func(d time.Duration) []Active {
			time.Sleep(time.Until(s.start.Add(d)))
			synctest.Wait()
			return tl.Active()
		}
		require.Empty(t, at(500*time.Millisecond))
		require.Equal(t, []Active{{Planned: a, Since: time.Second}}, at(2*time.Second))
		require.Equal(t, []Active{{Planned: a, Since: time.Second, Undoing: true}, {Planned: b, Since: 3 * time.Second}}, at(4500*time.Millisecond))
		require.Equal(t, []Active{{Planned: b, Since: 3 * time.Second}}, at(6*time.Second))
		tl.Wait()
		require.Empty(t, tl.Active())
	})
}

func TestAStoppedRunUndoesWhatIsOnAndBeginsNothing(t *testing.T) {
	for name, stop := range map[string]func(*Schedule, context.CancelFunc) []result.Fault{
		"by its context": func(tl *Schedule, cancel context.CancelFunc) []result.Fault { cancel(); return tl.Wait() },
		"by Stop":        func(tl *Schedule, _ context.CancelFunc) []result.Fault { return tl.Stop() },
	} {
		t.Run(name, func(t *testing.T) {
			onFakeTime(t, func(t *testing.T, s *script, start func(context.Context, ...Planned) *Schedule) {
				s.undo = func(ctx context.Context) error { return ctx.Err() }
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				tl := start(ctx,
					planned("on", "x", windowed("a"), 1*time.Second, 9*time.Second),
					planned("to-come", "x", windowed("b"), 5*time.Second, 9*time.Second),
				)
				time.Sleep(2 * time.Second)
				faults := stop(tl, cancel)
				require.Equal(t, []string{"1s apply a", "2s undo a"}, s.lines)
				require.Equal(t, yes(true), faults[0].Undone)
				require.Equal(t, 2.0, *faults[0].EndS)
				require.Empty(t, faults[0].Error)
				require.Contains(t, faults[1].Error, ErrNotInjected.Error())
				require.Nil(t, faults[1].Undone)
				require.Zero(t, faults[1].Fired)
				require.Equal(t, faults[1].StartS, *faults[1].EndS)
			})
		})
	}
}

func TestWhatFailsIsInTheReceiptAndHarmsNoOtherFault(t *testing.T) {
	for name, tt := range map[string]struct {
		apply  func(context.Context, fault.Kind) error
		undo   func(context.Context) error
		err    string
		undone *bool
		fired  int64
		ends   bool // the receipt has an end
	}{
		"injecting fails": {
			apply: func(context.Context, fault.Kind) error { return errBroken },
			err:   `inject "bad" on x: broken`, ends: true,
		},
		"injecting panics": {
			apply: func(context.Context, fault.Kind) error { panic("oh") },
			err:   `inject "bad" on x: panic: oh`, ends: true,
		},
		"injecting takes too long": {
			apply: func(ctx context.Context, _ fault.Kind) error { <-ctx.Done(); return ctx.Err() },
			err:   "deadline exceeded", ends: true,
		},
		"undoing fails": {
			undo: func(context.Context) error { return errBroken },
			err:  "undo on x: broken", undone: yes(false), fired: 7,
		},
		"undoing panics": {
			undo: func(context.Context) error { panic("oh") },
			err:  "undo on x: panic: oh", undone: yes(false), fired: 7,
		},
		"undoing takes too long": {
			undo: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
			err:  "undo on x: context deadline exceeded", undone: yes(false), fired: 7,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				good := &script{start: time.Now()}
				bad := &script{start: time.Now(), apply: tt.apply, undo: tt.undo}
				tl, err := Start(t.Context(), Config{
					Start: good.start, Places: map[string]Place{"x": bad, "y": good},
					Plan: []Planned{
						planned("bad", "x", windowed("bad"), 1*time.Second, 3*time.Second),
						planned("good", "y", windowed("good"), 1*time.Second, 4*time.Second),
					},
				})
				require.NoError(t, err)
				faults := tl.Wait()
				require.Contains(t, faults[0].Error, tt.err)
				require.Equal(t, tt.undone, faults[0].Undone)
				require.Equal(t, tt.fired, faults[0].Fired)
				require.Equal(t, tt.ends, faults[0].EndS != nil)
				require.Equal(t, []string{"1s apply good", "4s undo good"}, good.lines)
				require.Empty(t, faults[1].Error)
				require.Empty(t, tl.Active())
				require.Less(t, time.Since(good.start), 14*time.Second, "all of it is bounded")
			})
		})
	}
}

// halfway gives back both an error and something to undo.
type halfway struct{ *script }

func (h halfway) Apply(_ context.Context, f fault.Fault) (Applied, error) {
	return scripted{h.script, f.Kind}, errBroken
}

func TestWhatWasDoneByHalfIsUndoneAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{start: time.Now()}
		tl, err := Start(t.Context(), Config{Start: s.start, Places: map[string]Place{"x": halfway{s}}, Plan: []Planned{
			planned("a", "x", windowed("a"), 1*time.Second, 9*time.Second),
		}})
		require.NoError(t, err)
		f := tl.Wait()[0]
		require.Equal(t, []string{"1s undo a"}, s.lines)
		require.Contains(t, f.Error, "broken")
		require.Equal(t, yes(true), f.Undone)
	})
}

// nothing gives back neither an error nor anything to undo.
type nothing struct{ *script }

func (nothing) Apply(context.Context, fault.Fault) (Applied, error) { return nil, nil }

func TestAPlaceThatGivesNothingBackIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tl, err := Start(t.Context(), Config{Start: time.Now(), Places: map[string]Place{"x": nothing{}}, Plan: []Planned{
			planned("a", "x", windowed("a"), 1, 2),
		}})
		require.NoError(t, err)
		require.Contains(t, tl.Wait()[0].Error, "nothing to undo it by")
	})
}

func TestAListenerHearsOfEveryChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{start: time.Now(), undo: func(context.Context) error { return errBroken }}
		ok := &script{start: time.Now()}
		var mu sync.Mutex
		var heard []string
		tl, err := Start(t.Context(), Config{
			Start: s.start, Places: map[string]Place{"x": s, "y": ok},
			Plan: []Planned{
				planned("a", "y", windowed("a"), 1*time.Second, 2*time.Second),
				planned("b", "x", windowed("b"), 3*time.Second, 4*time.Second),
				planned("c", "x", moment("c"), 5*time.Second, 0),
			},
			Notify: func(e Change) {
				mu.Lock()
				defer mu.Unlock()
				heard = append(heard, fmt.Sprint(e.At, " ", e.Planned.ID, " ", e.What, " ", e.Err))
			},
		})
		require.NoError(t, err)
		tl.Wait()
		require.Equal(t, []string{
			"1s a injected <nil>", "2s a undone <nil>",
			"3s b injected <nil>", "4s b failed undo on x: broken",
			"5s c injected <nil>",
		}, heard)
	})
}

func TestAListenerThatPanicsKeepsNothingFromBeingUndone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{start: time.Now()}
		tl, err := Start(t.Context(), Config{
			Start: s.start, Places: map[string]Place{"x": s},
			Plan:   []Planned{planned("a", "x", windowed("a"), 1*time.Second, 2*time.Second)},
			Notify: func(Change) { panic("oh") },
		})
		require.NoError(t, err)
		f := tl.Wait()[0]
		require.Equal(t, []string{"1s apply a", "2s undo a"}, s.lines)
		require.Contains(t, f.Error, "listener: panic: oh")
	})
}
