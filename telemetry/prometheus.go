package telemetry

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Latencies keeps the latencies of each stream, for Prometheus.
type Latencies struct {
	all *prometheus.HistogramVec
	of  sync.Map // from Key to prometheus.Observer: no label is looked up for a request
}

// NewLatencies returns one that has heard of no request.
func NewLatencies() *Latencies {
	return &Latencies{all: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "holdfast_request_duration_seconds", Help: DurationHelp,
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
	}, streamLabels())}
}

// Took implements [Durations].
func (l *Latencies) Took(of Key, d time.Duration) {
	known, ok := l.of.Load(of)
	if !ok {
		known, _ = l.of.LoadOrStore(of, l.all.WithLabelValues(of.labels()...))
	}
	known.(prometheus.Observer).Observe(d.Seconds())
}

// streamLabels are the labels of what is told of a stream, and labels their values.
func streamLabels() []string   { return []string{"scenario", "stream", "try"} }
func (k Key) labels() []string { return []string{k.Scenario, k.Stream, strconv.Itoa(k.Try)} }

// page is the figures as metrics.
type page struct {
	figures     *Figures
	numbers     []Number
	descs       []*prometheus.Desc // of numbers, in their order
	info, fault *prometheus.Desc
}

func newPage(f *Figures) *page {
	p := &page{
		figures: f, numbers: Numbers(),
		info: prometheus.NewDesc("holdfast_run_info", InfoHelp, nil, prometheus.Labels{
			"run": f.ID, "profile": f.Profile, "version": f.Version, "seed": strconv.FormatUint(f.Seed, 10)}),
		fault: prometheus.NewDesc("holdfast_fault_active", FaultHelp, []string{"fault", "scenario"}, nil),
	}
	for _, n := range p.numbers {
		name := "holdfast_requests_" + n.Name
		if n.Grows {
			name += "_total"
		}
		p.descs = append(p.descs, prometheus.NewDesc(name, n.Help, streamLabels(), nil))
	}
	return p
}

// Describe implements [prometheus.Collector].
func (p *page) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range append(p.descs, p.info, p.fault) {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (p *page) Collect(ch chan<- prometheus.Metric) {
	for _, s := range p.figures.Streams() {
		for i, number := range p.numbers {
			kind := prometheus.GaugeValue
			if number.Grows {
				kind = prometheus.CounterValue
			}
			if n, known := number.Of(s); known {
				ch <- prometheus.MustNewConstMetric(p.descs[i], kind, float64(n), s.labels()...)
			}
		}
	}
	for _, f := range p.figures.Faults() {
		active := 0.0
		if f.Active {
			active = 1
		}
		ch <- prometheus.MustNewConstMetric(p.fault, prometheus.GaugeValue, active, f.Name, f.Scenario)
	}
	ch <- prometheus.MustNewConstMetric(p.info, prometheus.GaugeValue, 1)
}

// Handler answers with the figures in Prometheus's format.
func Handler(f *Figures, l *Latencies) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newPage(f), l.all) // no two have a name
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}
