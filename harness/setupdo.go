package harness

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/step"
	"holdfast.dev/holdfast/harness/written"
	"holdfast.dev/holdfast/safefile"
)

// setupVariable marks the processes of one step of the setup.
const setupVariable = "HOLDFAST_SETUP"

// UnwrittenError is a step of the setup that ended well and wrote nothing where it
// should: most often because it does not know the variable by which it is told.
type UnwrittenError struct {
	Step string
	// Where is the database or the dependency.
	Where string
	// Told are the variables by which it is told of it.
	Told []string
	// Instead says what it wrote and connected to; empty where nothing was seen.
	Instead string
}

// Error says what was not written, what was opened instead, and what to look at.
func (e *UnwrittenError) Error() string {
	text := fmt.Sprintf("%s ended well, but wrote nothing to %s", e.Step, e.Where)
	if e.Instead != "" {
		text += "; instead " + e.Instead
	}
	if len(e.Told) > 0 {
		text += fmt.Sprintf("; it is told of %s by %s: does it read that?", e.Where, strings.Join(e.Told, ", "))
	}
	return text
}

// carryOut does one step of the setup, and sees that it wrote what it should. What it
// captured is known by name from then on.
func (s *Session) carryOut(ctx context.Context, st *setup, one SetupStep) error {
	m, err := st.means(s.journal, one.EnvOf)
	if err != nil {
		return fmt.Errorf("%s: %w", one, err)
	}
	mark := rand.Text()
	m.Env[setupVariable] = mark
	before, err := st.prints(ctx, one.Writes)
	if err != nil {
		return fmt.Errorf("%s: %w", one, err)
	}
	var watch *written.Watch
	if len(one.Writes) > 0 && len(one.Run) > 0 {
		watch = written.Look(m.Dir, setupVariable+"="+mark)
	}
	out, err := m.Do(ctx, one.Step)
	var instead written.Instead
	if watch != nil {
		instead = watch.Stop()
	}
	s.keepOutput(one, out)
	if err != nil {
		return err
	}
	s.say(fmt.Sprintf("setup: %s took %s", one, result.Format(out.Took.Seconds(), result.UnitSeconds)))
	printed, err := one.captured(out.Stdout)
	if err != nil {
		return fmt.Errorf("%s: %w", one, err)
	}
	maps.Copy(st.values, out.Captured)
	maps.Copy(st.values, printed)
	maps.Copy(st.captured, out.Captured)
	maps.Copy(st.captured, printed)
	return st.sawWritten(ctx, one, before, instead)
}

// prints are what there is to be compared with after a step, by where it is to write.
func (st *setup) prints(ctx context.Context, where []string) (map[string]written.Print, error) {
	all := map[string]written.Print{}
	for _, name := range where {
		if name == st.scenario.World.databaseName() {
			p, err := written.Of(ctx, st.dsn)
			if err != nil {
				return nil, err
			}
			all[name] = p
			continue
		}
		count, ok := st.fakes[name].(receiving)
		if !ok {
			return nil, fmt.Errorf("what is written to %s cannot be seen", name)
		}
		sent, counted := count.Written()
		if !counted {
			return nil, fmt.Errorf("what is written to %s is not counted", name)
		}
		all[name] = written.Print{"bytes": fmt.Sprint(sent)}
	}
	return all, nil
}

// writesTo reports whether a step that is going to be done is to write there.
func (st *setup) writesTo(name string) bool {
	steps := st.scenario.World.Each
	if st.first || !st.scenario.World.hasData() && !st.scenario.World.keepsData() {
		steps = slices.Concat(steps, st.scenario.World.Once)
	}
	return slices.ContainsFunc(steps, func(one SetupStep) bool { return slices.Contains(one.Writes, name) })
}

// receiving is a fake that counts the bytes which its clients have sent to it.
type receiving interface {
	Written() (bytes int64, counted bool)
}

// sawWritten holds what there is now against what there was.
func (st *setup) sawWritten(ctx context.Context, one SetupStep, before map[string]written.Print, instead written.Instead) error {
	after, err := st.prints(ctx, one.Writes)
	if err != nil {
		return fmt.Errorf("%s: %w", one, err)
	}
	for _, name := range one.Writes {
		if len(after[name].Since(before[name])) > 0 {
			continue
		}
		return &UnwrittenError{Step: one.String(), Where: name, Told: st.toldOf(name), Instead: st.foreign(instead).String()}
	}
	return nil
}

// toldOf are the variables by which the target is told of the database or of a
// dependency.
func (st *setup) toldOf(name string) []string {
	world := st.scenario.World
	if name == world.databaseName() {
		return slices.Sorted(maps.Keys(world.databaseEnv()))
	}
	for _, d := range world.Dependencies {
		if d.Name == name {
			return slices.Sorted(maps.Keys(d.Export))
		}
	}
	return nil
}

// foreign leaves out of what a step opened where it was told to go.
func (st *setup) foreign(seen written.Instead) written.Instead {
	seen.Addresses = slices.DeleteFunc(slices.Clone(seen.Addresses), func(address string) bool {
		for name, value := range st.values {
			if strings.HasSuffix(name, ".address") && value == address {
				return true
			}
		}
		return false
	})
	return seen
}

// doEach does the steps that are done for each scenario: those that wait until the
// target is ready, or the others.
func (s *Session) doEach(ctx context.Context, st *setup, whenReady bool) error {
	for _, one := range st.scenario.World.Each {
		if one.WhenReady != whenReady {
			continue
		}
		if err := s.carryOut(ctx, st, one); err != nil {
			return fmt.Errorf("setup.each: %w", err)
		}
	}
	return nil
}

// keepOutput adds the last lines of what a step wrote to the file setup.log beside
// the result. That it cannot be written is said, and changes nothing.
func (s *Session) keepOutput(one SetupStep, out step.Outcome) {
	if s.cfg.Out == "" {
		return
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s (%s)\n", one, result.Format(out.Took.Seconds(), result.UnitSeconds))
	if len(out.Captured) > 0 || len(one.Capture) > 0 {
		out.Log = []string{"(not kept: values were taken out of it, which may be secrets)"}
	}
	for _, line := range out.Log {
		fmt.Fprintf(&text, "  | %s\n", line)
	}
	err := os.MkdirAll(s.cfg.Out, 0o755)
	if err == nil {
		err = appendTo(filepath.Join(s.cfg.Out, "setup.log"), text.String())
	}
	if err != nil {
		s.note(fmt.Errorf("keep the output of the setup: %w", err))
	}
}

// appendTo adds text to a file.
func appendTo(path, text string) error {
	f, err := safefile.Append(path)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
