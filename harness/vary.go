package harness

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/nearest"
)

// WithRate returns the scenario with f times the load: each stream over the same
// time, with f times the rate. The error names the streams that are given request
// by request and have no rate.
func (s Scenario) WithRate(f float64) (Scenario, error) {
	streams, err := s.vary(func(stream load.Stream) (load.Stream, error) {
		var err error
		stream.Profile, err = load.Scaled(stream.Profile, f)
		return stream, err
	})
	s.Load = streams
	return s, err
}

// WithoutFault returns the scenario without the fault of that id.
func (s Scenario) WithoutFault(id string) (Scenario, error) {
	i := slices.IndexFunc(s.Faults, func(f Fault) bool { return f.ID == id })
	if i < 0 {
		ids := make([]string, len(s.Faults))
		for i, f := range s.Faults {
			ids[i] = f.ID
		}
		return s, fmt.Errorf("scenario %s: there is no fault %s%s", s.Name, id, nearest.Hint(id, ids))
	}
	s.Faults = slices.Concat(s.Faults[:i], s.Faults[i+1:])
	return s, nil
}

// WithTimeline returns the scenario with phases of other lengths. Faults follow
// their phases, and so do streams whose shape is given by phases ([load.Shape]).
// The error names the streams that are fixed in time: nobody but their author
// knows which of their requests belong to which phase.
func (s Scenario) WithTimeline(t Timeline) (Scenario, error) {
	t.Drain = cmp.Or(t.Drain, s.Timeline.Drain)
	streams, err := s.vary(func(stream load.Stream) (load.Stream, error) {
		shape, ok := load.ShapeOf(stream.Profile)
		if !ok || stream.StartAt != 0 {
			return stream, fmt.Errorf("its load of %s is fixed in time; give it by phases, for example load.Throughout(20).Over(timeline.Phases())", stream.Profile)
		}
		stream.Profile = shape.Over(t.Phases())
		return stream, nil
	})
	s.Load, s.Timeline = streams, t
	return s, err
}

// vary returns the streams as change makes them, and what could not be changed.
func (s Scenario) vary(change func(load.Stream) (load.Stream, error)) ([]load.Stream, error) {
	streams := slices.Clone(s.Load)
	var errs []error
	for i, stream := range streams {
		changed, err := change(stream)
		if err != nil {
			errs = append(errs, fmt.Errorf("scenario %s: stream %s: %w", s.Name, stream.Name, err))
			continue
		}
		streams[i] = changed
	}
	return streams, errors.Join(errs...)
}
