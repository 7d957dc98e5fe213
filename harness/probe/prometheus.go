package probe

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/scrapes"
)

// DefaultPrometheusEvery is what [Prometheus] samples at.
const DefaultPrometheusEvery = time.Second

// PrometheusConfig is a metrics page and what to read of it.
type PrometheusConfig struct {
	// URL is the whole address of a page in Prometheus's text format or in
	// that of OpenMetrics, for example "http://127.0.0.1:20113/metrics". Required.
	URL string
	// Metrics are what to read; all come from one reading of the page. Required.
	Metrics []Metric
	// Every is the time between two readings. Defaults to 1 s.
	Every time.Duration
	// Present makes it an error that nobody is there. Otherwise a target that is away has
	// none of the metrics, as a page that lacks them.
	Present bool
}

// Metric is one quantity of a metrics page.
type Metric struct {
	Series Series
	// Name is the metric's name there: a counter, a gauge, an untyped metric, or
	// _sum or _count of a histogram or summary.
	Name string
	// Labels are what its labels must be; those not named may be anything. The
	// values of all that match are added up.
	Labels map[string]string
	// PerSecond turns a counter into its growth per second since the reading
	// before. The first reading, and the one after the counter fell because its
	// process was restarted, are gaps.
	PerSecond bool
}

// Goroutines reads how many goroutines a Go program has: target.goroutines.
func Goroutines() Metric {
	return Metric{Series: Series{Name: "target.goroutines", Unit: result.UnitCount}, Name: "go_goroutines"}
}

// Validate reports all that is wrong with it.
func (c PrometheusConfig) Validate() error {
	var errs []error
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		errs = append(errs, errors.New("URL is missing or is not one of http or https"))
	}
	if len(c.Metrics) == 0 {
		errs = append(errs, errors.New("no Metrics are named"))
	}
	for _, m := range c.Metrics {
		if m.Name == "" || m.Series.Name == "" {
			errs = append(errs, fmt.Errorf("a metric needs a name there (it is %q) and of its series (it is %q)", m.Name, m.Series.Name))
		}
	}
	if c.Every < 0 {
		errs = append(errs, errors.New("Every is negative"))
	}
	return errors.Join(errs...)
}

// Prometheus measures metrics of a page. A metric that is not on the page is a gap; so is all while nobody listens there.
func Prometheus(c PrometheusConfig) (Probe, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("prometheus probe: %w", err)
	}
	if c.Every == 0 {
		c.Every = DefaultPrometheusEvery
	}
	return &scraper{
		config: c,
		client: scrapes.Client(),
		before: make([]reading, len(c.Metrics)),
	}, nil
}

type scraper struct {
	config PrometheusConfig
	client *http.Client
	before []reading // of each metric
}

// reading is a counter at a moment.
type reading struct {
	at time.Time
	v  float64
}

func (s *scraper) Name() string {
	u, err := url.Parse(s.config.URL)
	if err != nil {
		return "metrics page"
	}
	return "metrics page " + u.Redacted()
}

func (s *scraper) Every() time.Duration { return s.config.Every }
func (s *scraper) Close() error         { s.client.CloseIdleConnections(); return nil }

func (s *scraper) Series() []Series {
	var all []Series
	for _, m := range s.config.Metrics {
		all = append(all, m.Series)
	}
	return all
}

func (s *scraper) Sample(ctx context.Context) ([]float64, error) {
	page, err := s.fetch(ctx)
	now := time.Now()
	values := make([]float64, len(s.config.Metrics))
	if errors.Is(err, syscall.ECONNREFUSED) && !s.config.Present {
		page = nil // nobody is there
	} else if err != nil {
		return nil, err
	}
	for i, m := range s.config.Metrics {
		values[i] = m.read(page)
		if m.PerSecond {
			values[i] = s.perSecond(i, reading{now, values[i]})
		}
	}
	return values, nil
}

func (s *scraper) perSecond(i int, now reading) float64 {
	before := s.before[i]
	s.before[i] = now
	elapsed := now.at.Sub(before.at).Seconds()
	if before.at.IsZero() || elapsed <= 0 || now.v < before.v {
		return math.NaN()
	}
	return (now.v - before.v) / elapsed
}

// names are those of the metrics on the page.
func (s *scraper) names() []string {
	var all []string
	for _, m := range s.config.Metrics {
		all = append(all, m.Name)
	}
	return all
}

func (s *scraper) fetch(ctx context.Context) (page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.config.URL, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", scrapes.Accept)
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		if to, err := resp.Location(); err == nil && to.Host != req.URL.Host {
			return nil, fmt.Errorf("read %s: %s to %s, where it is not asked: that may be somebody else", req.URL.Redacted(), resp.Status, to.Host)
		}
		return nil, fmt.Errorf("read %s: %s", req.URL.Redacted(), resp.Status)
	}
	page, err := parsePage(resp.Body, formatOf(resp.Header.Get("Content-Type")), s.names())
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", req.URL.Redacted(), err)
	}
	return page, nil
}
