package main

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/load/vegetabridge"
	"holdfast.dev/holdfast/safefile"
)

// keptRequests is a file of requests that is written while they end; nil: none is.
type keptRequests struct {
	part *safefile.Part
	w    *vegetabridge.Writer
}

// keepRequests has every request of a run written to a file in vegeta's format as
// it ends, each stream as an attack named SCENARIO/STREAM. Without a path nothing is kept.
func keepRequests(path string, cfg *harness.Config) (*keptRequests, error) {
	if path == "" {
		return nil, nil
	}
	part, err := createResults(path)
	if err != nil {
		return nil, err
	}
	w := vegetabridge.NewWriter(part)
	cfg.Exchanges = func(scenario string, start time.Time, x load.Exchange) {
		w.Write(scenario+"/"+x.Stream, start, x)
	}
	return &keptRequests{part, w}, nil
}

// createResults begins the file of --results.
func createResults(path string) (*safefile.Part, error) {
	part, err := safefile.Create(path)
	if err != nil {
		return nil, fmt.Errorf("--results: %w", err)
	}
	return part, nil
}

// take puts the file in its place, whole, or says what went wrong.
func (k *keptRequests) take() error {
	if k == nil {
		return nil
	}
	if err := k.w.Flush(); err != nil {
		return err
	}
	return k.part.Take()
}

// drop leaves the file at its place as it was, unless it was taken.
func (k *keptRequests) drop() {
	if k != nil {
		k.part.Drop()
	}
}
