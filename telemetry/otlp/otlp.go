// Package otlp sends the figures of a run to a collector by OpenTelemetry's protocol over
// HTTP, while the run goes on.
//
// Enter at [Endpoint], which says where an environment wants them, and [New]. It is
// OpenTelemetry's own SDK, which only the whole program pulls; names and meanings are
// those of package telemetry, latencies are exponential histograms.
//
// A collector that takes nothing neither fails a run nor holds it up. It is said once.
package otlp

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"

	"holdfast.dev/holdfast/telemetry"
)

const (
	// every is how often the figures are sent where the environment does not say.
	every = 5 * time.Second
	// last bounds sending the last of them: so long may it hold up the end of a run.
	last = 2 * time.Second

	durationName = "holdfast.request.duration"
)

// Exporter sends the figures of one run.
type Exporter struct {
	provider *sdk.MeterProvider
	sending  *patient
	meter    metric.Meter
	duration metric.Float64Histogram
	of       sync.Map // from telemetry.Key to metric.MeasurementOption
}

// New returns an exporter to the address that [Endpoint] has told. It sends from
// [Exporter.Follow] on, and the caller must call [Exporter.Close]. say is told, once, that
// nobody takes what is sent, and of what is malformed in OTEL_RESOURCE_ATTRIBUTES, which
// is left out.
func New(to string, run telemetry.Run, getenv func(string) string, say func(string)) (*Exporter, error) {
	ctx := context.Background()
	client, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(to), otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{})) // the next sending has all
	if err != nil {
		return nil, fmt.Errorf("set up OTLP: %w", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", "holdfast"), attribute.String("service.version", run.Version),
		attribute.String("holdfast.run", run.ID), attribute.String("holdfast.profile", run.Profile), attribute.String("holdfast.seed", strconv.FormatUint(run.Seed, 10)),
	), resource.WithFromEnv(), resource.WithTelemetrySDK())
	switch {
	case errors.Is(err, resource.ErrPartialResource):
		say("OTLP: what is not NAME=VALUE in OTEL_RESOURCE_ATTRIBUTES is left out: " + err.Error())
	case err != nil:
		return nil, fmt.Errorf("set up OTLP: %w", err)
	}
	var pace []sdk.PeriodicReaderOption
	if getenv(envInterval) == "" {
		pace = append(pace, sdk.WithInterval(every))
	}
	sending := &patient{Exporter: client, to: to, say: say}
	e := &Exporter{sending: sending, provider: sdk.NewMeterProvider(
		sdk.WithResource(about),
		sdk.WithReader(sdk.NewPeriodicReader(sending, pace...)),
		sdk.WithView(sdk.NewView(sdk.Instrument{Name: durationName}, sdk.Stream{Aggregation: sdk.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}})),
	)}
	e.meter = e.provider.Meter("holdfast.dev/holdfast")
	if e.duration, err = e.meter.Float64Histogram(durationName, metric.WithUnit("s"), metric.WithDescription(telemetry.DurationHelp)); err != nil {
		return nil, fmt.Errorf("set up OTLP: %w", err)
	}
	return e, nil
}

// Took implements [telemetry.Durations].
func (e *Exporter) Took(of telemetry.Key, d time.Duration) {
	known, ok := e.of.Load(of)
	if !ok {
		known, _ = e.of.LoadOrStore(of, metric.WithAttributeSet(attributes(of)))
	}
	e.duration.Record(context.Background(), d.Seconds(), known.(metric.MeasurementOption))
}

// attributes are those of what is told of a stream.
func attributes(k telemetry.Key) attribute.Set {
	return attribute.NewSet(attribute.String("scenario", k.Scenario), attribute.String("stream", k.Stream), attribute.Int("try", k.Try))
}

// Follow sends these figures from now on.
func (e *Exporter) Follow(f *telemetry.Figures) error {
	numbers := telemetry.Numbers()
	instruments := make([]metric.Int64Observable, len(numbers))
	var all []metric.Observable
	for i, n := range numbers {
		var err error
		if instruments[i], err = e.instrument(n); err != nil {
			return fmt.Errorf("set up OTLP: %w", err)
		}
		all = append(all, instruments[i])
	}
	fault, err := e.meter.Int64ObservableGauge("holdfast.fault.active", metric.WithDescription(telemetry.FaultHelp))
	if err != nil {
		return fmt.Errorf("set up OTLP: %w", err)
	}
	_, err = e.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for _, s := range f.Streams() {
			set := metric.WithAttributeSet(attributes(s.Key))
			for i, number := range numbers {
				if n, known := number.Of(s); known {
					o.ObserveInt64(instruments[i], n, set)
				}
			}
		}
		for _, one := range f.Faults() {
			active := int64(0)
			if one.Active {
				active = 1
			}
			o.ObserveInt64(fault, active, metric.WithAttributes(attribute.String("fault", one.Name), attribute.String("scenario", one.Scenario)))
		}
		return nil
	}, append(all, fault)...)
	if err != nil {
		return fmt.Errorf("set up OTLP: %w", err)
	}
	return nil
}

// instrument is that of one number of streams.
func (e *Exporter) instrument(n telemetry.Number) (metric.Int64Observable, error) {
	name, unit, help := "holdfast.requests."+n.Name, metric.WithUnit("{request}"), metric.WithDescription(n.Help)
	if n.Grows {
		return e.meter.Int64ObservableCounter(name, unit, help)
	}
	return e.meter.Int64ObservableGauge(name, unit, help)
}

// Close sends the last figures, and gives up on a collector that does not take them soon.
func (e *Exporter) Close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), last)
	defer cancel()
	e.sending.end()
	_ = e.provider.Shutdown(ctx) // what went wrong is said
}

// patient sends by another exporter, and says the first time that this fails. For the
// SDK nothing ever fails, for it would tell the whole program each time.
type patient struct {
	sdk.Exporter
	to  string
	say func(string)

	mu    sync.Mutex // guards below
	said  bool
	fails bool // the latest sending did
	over  bool // this is the last one
}

// Export implements [sdk.Exporter].
func (p *patient) Export(ctx context.Context, all *metricdata.ResourceMetrics) error {
	if p.hopeless() {
		return nil
	}
	err := p.Exporter.Export(ctx, all)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fails = err != nil && !errors.Is(err, context.Canceled); p.fails && !p.said {
		p.said = true
		p.say("OTLP: " + shown(p.to) + " does not take the figures of the run, which goes on: " + reason(err))
	}
	return nil
}

// hopeless reports whether the last figures need not be tried: nobody has taken those
// before them.
func (p *patient) hopeless() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.over && p.fails
}

// end says that what comes now is the last.
func (p *patient) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
}

// shown is an address without a password.
func shown(to string) string {
	u, err := url.Parse(to)
	if err != nil {
		return "the endpoint"
	}
	return u.Redacted()
}

// reason is why a sending failed, without the address.
func reason(err error) string {
	if at, ok := errors.AsType[*url.Error](err); ok {
		return at.Err.Error()
	}
	return err.Error()
}
