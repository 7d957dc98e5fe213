package harness

import (
	"context"
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

// balance spreads the load over the instances of the target, as a load balancer
// does: it asks each whether it is ready, all along, and sends nothing to one that
// is not. Nil where there is one alone: then nobody stands before it.
func (l *live) balance(undo *cleanups) (*load.Balancer, error) {
	if len(l.targets) == 1 {
		return nil, nil
	}
	b, err := load.NewBalancer(l.urls()...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var asking sync.WaitGroup
	client := &http.Client{Timeout: readinessPatience, Transport: &http.Transport{DisableKeepAlives: true}}
	for i, url := range l.urls() {
		asking.Go(func() {
			tick := time.NewTicker(readinessEvery)
			defer tick.Stop()
			for ctx.Err() == nil {
				b.Ready(i, isReady(ctx, client, url+target.DefaultReadyPath))
				select {
				case <-tick.C:
				case <-ctx.Done():
				}
			}
		})
	}
	undo.add("ask no more whether the target is ready", func(context.Context) error {
		cancel()
		asking.Wait()
		return nil
	})
	return b, nil
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
