package harness

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/target"
)

const (
	// readinessEvery is how often an instance is asked whether it is ready.
	readinessEvery = 100 * time.Millisecond
	// readinessPatience is how long it has for an answer.
	readinessPatience = time.Second
)

// balancers are where the load goes: to the entry of the target, nil where that is one
// program, before which nobody stands; and to its other processes, by their names.
type balancers struct {
	entry     *load.Balancer
	processes map[string]*load.Balancer
}

// balance spreads the load over the instances of the target, as a load balancer
// does: it asks each of several whether it is ready, all along, and sends nothing to
// one that is not.
func (l *live) balance(undo *cleanups) (to balancers, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	var asking sync.WaitGroup
	undo.add("ask no more whether the target is ready", func(context.Context) error {
		cancel()
		asking.Wait()
		return nil
	})
	spread := func(among []*instance) (*load.Balancer, error) {
		b, err := load.NewBalancer(urlsOf(among)...)
		if err != nil || len(among) == 1 {
			return b, err
		}
		for i, one := range among {
			asking.Go(func() { askReady(ctx, one.readiness(), func(ready bool) { b.Ready(i, ready) }) })
		}
		return b, nil
	}
	if len(l.entry) > 1 {
		if to.entry, err = spread(l.entry); err != nil {
			return to, err
		}
	}
	to.processes = map[string]*load.Balancer{}
	for _, stream := range l.scenario.Load {
		if stream.To == "" || to.processes[stream.To] != nil {
			continue
		}
		if to.processes[stream.To], err = spread(l.instancesOf(stream.To)); err != nil {
			return to, fmt.Errorf("stream %s: %w", stream.Name, err)
		}
	}
	return to, nil
}

// askReady asks again and again until ctx ends, and tells what it was answered.
func askReady(ctx context.Context, ready func(context.Context) bool, tell func(bool)) {
	tick := time.NewTicker(readinessEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		tell(ready(ctx))
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// readiness is how an instance is asked whether it is ready: as when it was started.
// What tells it by its log, or not at all, is ready while it takes connections.
func (i *instance) readiness() func(context.Context) bool {
	client := &http.Client{
		Timeout: readinessPatience, Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // it may lead to somebody else
	}
	of, ok := i.Target.(interface{ Process() target.Process })
	if !ok {
		return func(ctx context.Context) bool { return isReady(ctx, client, i.URL()+target.DefaultReadyPath) }
	}
	if path := of.Process().Ready.HTTP; path != "" {
		return func(ctx context.Context) bool { return isReady(ctx, client, i.URL()+path) }
	}
	dialer := net.Dialer{Timeout: readinessPatience}
	return func(ctx context.Context) bool {
		conn, err := dialer.DialContext(ctx, "tcp", hostOf(i.URL()))
		if err != nil {
			return false
		}
		_ = conn.Close() // nothing was said
		return true
	}
}

func isReady(ctx context.Context, client *http.Client, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode >= 200 && resp.StatusCode <= 299
}
