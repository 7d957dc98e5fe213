package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"holdfast.dev/holdfast/fleet"
)

// present keeps a worker among those that wait.
type present struct {
	kv   jetstream.KeyValue
	id   string
	news chan fleet.Presence
	stop context.CancelFunc
	work sync.WaitGroup
}

// announce says that the worker is there, again and again, until it leaves.
func (w *worker) announce(ctx context.Context) (*present, error) {
	opening, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	kv, err := w.js.CreateOrUpdateKeyValue(opening, jetstream.KeyValueConfig{
		Bucket: fleet.PresenceBucket, TTL: fleet.PresenceTTL, Storage: jetstream.MemoryStorage,
	})
	if err != nil {
		return nil, fmt.Errorf("say that a worker is there: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	p := &present{kv: kv, id: w.id, news: make(chan fleet.Presence, 1), stop: stop}
	p.now(w.presence())
	p.work.Go(func() { p.keep(ctx) })
	return p, nil
}

const connectTimeout = 10 * time.Second

// now is how the worker is from now on.
func (p *present) now(as fleet.Presence) {
	select {
	case <-p.news: // that is old by now
	default:
	}
	p.news <- as
}

func (p *present) keep(ctx context.Context) {
	tick := time.NewTicker(presenceEvery)
	defer tick.Stop()
	var last fleet.Presence
	for {
		select {
		case <-ctx.Done():
			return
		case last = <-p.news:
		case <-tick.C:
		}
		if data, err := json.Marshal(last); err == nil {
			putting, cancel := context.WithTimeout(ctx, presenceEvery)
			_, _ = p.kv.Put(putting, p.id, data) // what was not said is said with the next tick
			cancel()
		}
	}
}

// leave ends that.
func (p *present) leave() {
	p.stop()
	p.work.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = p.kv.Delete(ctx, p.id) // else it is forgotten after its time
}
