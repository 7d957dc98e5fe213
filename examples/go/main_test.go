package main

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// ratesAPI is our own fake of the outside API: one endpoint, one rate.
type ratesAPI struct{}

func (ratesAPI) Identify(r *http.Request, _ []byte) host.Identity {
	return host.Identity{Group: "rates", Key: r.URL.Path}
}

func (ratesAPI) Serve(*host.Call) httpfault.Answer {
	return httpfault.Answer{Status: http.StatusOK, ContentType: "application/json", Body: []byte(`{"rate":0.92}`)}
}

func (ratesAPI) Refuse(status int, name string) httpfault.Answer {
	return httpfault.Answer{Status: status, Body: fmt.Appendf(nil, "%s\n", name)}
}

// rates is the API as a dependency of scenarios, at the place rates_api.
func rates() harness.Dependency {
	return adapter.Dependency("rates_api", func(seed uint64) (harness.Fake, error) {
		h, err := host.Start(host.Config{Seed: seed}, ratesAPI{})
		if err != nil {
			return nil, err
		}
		fake := adapter.New(h)
		fake.Set("RATES_URL", h.URL(0))
		return fake, nil
	})
}

// slowRates is the experiment: no database, one dependency, one fault, three
// checks.
func slowRates() harness.Scenario {
	timeline := harness.Timeline{Baseline: time.Second, Inject: 2 * time.Second, Heal: time.Second}
	return harness.Scenario{
		Name:     "quotes/slow-rates",
		Claim:    "While the rates API hangs, every quote is answered within half a second, with the last rate that is known.",
		World:    harness.World{Dependencies: []harness.Dependency{rates()}},
		Settings: map[string]string{"RATES_TIMEOUT": "200ms"},
		Timeline: timeline,
		Load: []load.Stream{{
			Name: "quotes", Profile: load.Constant(50, timeline.Total()), Expect: load.Status(http.StatusOK),
			Template: &load.Template{Path: "/quote?usd=10"},
		}},
		Faults: []harness.Fault{adapter.Misbehave("hang", "rates_api", "hang headers")},
		Checks: []verdict.Check{
			verdict.Metric("quotes.latency.max").In(result.Inject).AtMost(verdict.Duration(500 * time.Millisecond)),
			verdict.Metric("quotes.failed").Equals(verdict.Count(0)),
			verdict.Metric("rates_api.silent_retries").Equals(verdict.Count(0)),
		},
	}
}

func TestQuotes(t *testing.T) {
	harness.Test(t, harness.Config{
		Seed: 1, Out: t.TempDir(), UndoDir: t.TempDir(), Target: harness.Launch{Program: service(t)},
	}, slowRates())
}

// Without its timeout the service hangs as long as the API does: the scenario
// must see it, or it would show nothing.
func TestTheScenarioSeesAServiceWithoutTimeout(t *testing.T) {
	s := slowRates()
	s.Settings["RATES_TIMEOUT"] = "0"
	run, err := harness.Run(t.Context(), harness.Config{
		Seed: 1, UndoDir: t.TempDir(), Target: harness.Launch{Program: service(t)},
	}, []harness.Scenario{s})
	if err != nil {
		t.Fatal(err)
	}
	if run.Verdict == result.Pass {
		t.Errorf("passed: %s", run.Reason)
	}
}

// service builds the program that is tested.
func service(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "quotes")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("build the service: %v\n%s", err, out)
	}
	return program
}
