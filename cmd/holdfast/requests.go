package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/load/vegetabridge"
)

// keepRequests has every request of a run written to a file in vegeta's format as
// it ends, each stream as an attack named SCENARIO/STREAM. The function that it
// returns closes the file and says what went wrong. Without a path nothing is kept.
func keepRequests(path string, cfg *harness.Config) (func() error, error) {
	if path == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("--results: %w", err)
	}
	w := vegetabridge.NewWriter(f)
	cfg.Exchanges = func(scenario string, start time.Time, x load.Exchange) {
		w.Write(scenario+"/"+x.Stream, start, x)
	}
	return func() error { return errors.Join(w.Flush(), f.Close()) }, nil
}
