package replay

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	"holdfast.dev/holdfast/harness/scrapes"
)

// store is a time series database of one replay, in a folder that goes with it.
type store struct {
	db    *tsdb.DB
	clock Clock
	job   string
	// seen are the series of the page before, by program: what is not on the next page
	// is marked as gone.
	seen   map[string]map[uint64]labels.Labels
	from   time.Time
	asTold bool
}

// openStore opens one in a folder that must be empty.
func openStore(dir string, c Clock, job string, started time.Time) (*store, error) {
	opts := tsdb.DefaultOptions()
	opts.WALSegmentSize = -1 // none: it is not to outlive the replay
	opts.MinBlockDuration = (60 * 24 * time.Hour).Milliseconds()
	opts.MaxBlockDuration = opts.MinBlockDuration
	opts.RetentionDuration = 0
	db, err := tsdb.Open(dir, nil, nil, opts, tsdb.NewDBStats())
	if err != nil {
		return nil, fmt.Errorf("open the database of a replay: %w", err)
	}
	return &store{db: db, clock: c, job: job, seen: map[string]map[uint64]labels.Labels{}, from: started}, nil
}

// scrape adds one page, as Prometheus would have: with up, and with what is gone marked.
func (s *store) scrape(ctx context.Context, p scrapes.Page) (err error) {
	at := s.clock.moment(p.AtS).UnixMilli()
	app := s.db.AppenderV2(ctx)
	defer func() {
		if err != nil {
			_ = app.Rollback()
			err = fmt.Errorf("the page of %s at %.3f s: %w", p.Instance, p.AtS, err)
		}
	}()
	put := func(l labels.Labels, v float64) error {
		_, err := app.Append(0, l, 0, at, v, nil, nil, storage.AppendV2Options{})
		return err
	}
	up, now := 0.0, map[uint64]labels.Labels{}
	if p.Error == "" {
		samples, err := ParsePage(p.Text, p.Type)
		if err == nil {
			up = 1
		} else {
			samples = nil // of a page that cannot be read nothing is kept
		}
		for _, one := range samples {
			l := s.labelled(one.Labels, p.Instance)
			if _, twice := now[l.Hash()]; twice {
				continue
			}
			now[l.Hash()] = l
			v := one.Value
			if !s.asTold {
				v = s.clock.value(s.clock.kindOf(one.Name(), one.Type), v, s.from)
			}
			if err := put(l, v); err != nil {
				return err
			}
		}
	}
	before := s.seen[p.Instance]
	for _, hash := range slices.Sorted(maps.Keys(before)) {
		if _, there := now[hash]; !there {
			if err := put(before[hash], math.Float64frombits(value.StaleNaN)); err != nil {
				return err
			}
		}
	}
	s.seen[p.Instance] = now
	if s.asTold {
		return app.Commit()
	}
	if err := put(s.labelled(labels.FromStrings(model.MetricNameLabel, "up"), p.Instance), up); err != nil {
		return err
	}
	return app.Commit()
}

// labelled is a series with the labels that Prometheus gives what it scrapes.
func (s *store) labelled(l labels.Labels, instance string) labels.Labels {
	if s.asTold {
		return l
	}
	b := labels.NewBuilder(l)
	for name, is := range map[string]string{"job": s.job, "instance": instance} {
		if was := l.Get(name); was != "" {
			b.Set("exported_"+name, was)
		}
		b.Set(name, is)
	}
	return b.Labels()
}
