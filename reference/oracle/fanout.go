package oracle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// answer is what came of asking one oracle: data, or a failure.
type answer struct {
	source  source
	data    json.RawMessage
	failure *oracleFailure
}

// fanOut asks the oracles, so many at once, and returns what has come when all
// have answered or the deadline passes. It never waits for one past that: who is
// still at work has been told to stop, and is waited for by Close. The error is
// the context's when it was cancelled, and a [*Failure] where errors are not
// isolated.
func (s *Service) fanOut(ctx context.Context, project int64, sources []source) (map[string]oracleResult, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	answers := make(chan answer, len(sources)) // with room for all: who is late is not stuck
	var next atomic.Int64
	for range min(max(s.config.ConcurrentCalls, 1), len(sources)) {
		s.workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(sources)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				answers <- s.ask(ctx, project, sources[i])
			}
		})
	}
	results := make(map[string]oracleResult, len(sources))
	for len(results) < len(sources) {
		a, ok := receive(ctx, answers)
		if !ok {
			break
		}
		if a.failure != nil && !s.config.IsolateErrors {
			return nil, fmt.Errorf("oracle %s: %w", a.source.name, a.failure)
		}
		results[a.source.name] = a.result()
	}
	return s.late(ctx, sources, results)
}

// receive returns the next answer. When ctx has ended it returns those that are
// in, and then none.
func receive(ctx context.Context, answers <-chan answer) (a answer, ok bool) {
	select {
	case a = <-answers:
		return a, true
	default:
	}
	select {
	case a = <-answers:
		return a, true
	case <-ctx.Done():
		select {
		case a = <-answers:
			return a, true
		default:
			return answer{}, false
		}
	}
}

// late makes a timeout of each oracle that has no result.
func (s *Service) late(ctx context.Context, sources []source, results map[string]oracleResult) (map[string]oracleResult, error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, ctx.Err()
	}
	late := failed(classTimeout, "no answer by the deadline")
	for _, source := range sources {
		if _, known := results[source.name]; known {
			continue
		}
		if !s.config.IsolateErrors {
			return nil, fmt.Errorf("oracle %s: %w", source.name, late)
		}
		results[source.name] = late.result()
	}
	return results, nil
}

// ask asks one oracle. What the adapter makes of the answer may panic.
func (s *Service) ask(ctx context.Context, project int64, from source) (a answer) {
	start := time.Now()
	a.source = from
	defer func() {
		s.metrics.called(a.failure, time.Since(start))
		s.logFailure(ctx, project, a)
	}()
	if s.config.IsolatePanics {
		defer func() {
			if problem := recover(); problem != nil {
				a.failure = failed(classUnexpected, "reading the answer failed")
				s.logger.ErrorContext(ctx, "oracle panicked", "project", project, "oracle", from.name,
					"panic", fmt.Sprint(problem), "stack", string(debug.Stack()))
			}
		}()
	}
	a.data, a.failure = s.call(ctx, project, from)
	return a
}

// call makes the call and reads the answer.
func (s *Service) call(ctx context.Context, project int64, from source) (json.RawMessage, *oracleFailure) {
	if s.config.CallTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.config.CallTimeout)
		defer cancel()
	}
	body, failure := s.fetch(ctx, project, from.url)
	if failure != nil {
		return nil, failure
	}
	adapter, known := s.adapters[from.adapter]
	if !known {
		return nil, failed(classUnexpected, "the oracle's adapter is none")
	}
	data, err := adapter.data(question{project: project, oracle: from.name}, body)
	if err != nil {
		return nil, &oracleFailure{Class: classPayload, Detail: err.Error()}
	}
	return data, nil
}

// fetch makes the call if breaker and bulkhead let it.
func (s *Service) fetch(ctx context.Context, project int64, oracle string) (body []byte, failure *oracleFailure) {
	u, failure := address(oracle, project)
	if failure != nil {
		return nil, failure
	}
	report, ok := s.breakers.allow(endpoint(u))
	if !ok {
		return nil, &oracleFailure{Class: classConnection, refused: outcomeBreaker,
			Detail: "breaker: the oracle failed too often and is left alone for a while"}
	}
	defer func() { report(failure) }()
	leave, ok := s.bulkhead.enter(ctx, host(u), endpoint(u))
	if !ok {
		return nil, full(ctx)
	}
	defer leave()
	s.metrics.inFlight.Inc()
	defer s.metrics.inFlight.Dec()
	return s.client.fetch(ctx, u)
}

// full is the failure of a call that found no place in the bulkhead, in time or
// before its context ended.
func full(ctx context.Context) *oracleFailure {
	f := failed(classConnection, "bulkhead: too many calls to the oracle's host are under way")
	if ctx.Err() != nil {
		f = broken(ctx, ctx.Err())
	}
	f.refused = outcomeBulkhead
	return f
}

// logFailure logs what went wrong with an oracle. A call that was given up is no
// news.
func (s *Service) logFailure(ctx context.Context, project int64, a answer) {
	if a.failure == nil || a.failure.Class == classCanceled {
		return
	}
	attributes := []any{"project", project, "oracle", a.source.name, "class", string(a.failure.Class), "detail", a.failure.Detail}
	if a.failure.cause != nil {
		attributes = append(attributes, "cause", a.failure.cause.Error())
	}
	s.logger.WarnContext(ctx, "oracle failed", attributes...)
}

// result is the answer as a part of ours.
func (a answer) result() oracleResult {
	if a.failure != nil {
		return a.failure.result()
	}
	return oracleResult{Status: statusOK, Data: a.data}
}
