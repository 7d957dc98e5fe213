package reference

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/oracleapi"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/reference/settings"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// Places of outside APIs, which our service calls oracles.
const (
	oracleAPI = "oracle_api"
	sickAPI   = "sick_api" // a second host, where there is one that fails
)

// maxOracles is the source's MAX_ORACLES_PER_PROJECT.
const maxOracles = 10

// Impact is the impact service over so many seeded projects.
func Impact(projects int) contract.Impact {
	return contract.Impact{
		World: func(about ...contract.Project) harness.World { return withOracles(projects, about) },
		Project: func(n, active int, at string, trusting ...int) contract.Project {
			p := contract.Project{ID: strconv.Itoa(n), Active: active, At: at, Asked: names(min(active, maxOracles))}
			for _, i := range trusting {
				p.Trusting = append(p.Trusting, p.Asked[i-1])
			}
			return p
		},
		News: impactNews, Here: oracleAPI, There: sickAPI, Elsewhere: "{" + sickAPI + ".url}", LedTo: sickAPI, Shares: true, Nameless: true, AtMost: maxOracles, Memory: profile.MaxMemory, Program: harness.OnTarget,
		InUse:    probe.Metric{Name: "db_pool_in_use", Labels: map[string]string{"pool": "requests"}},
		Reads:    []contract.Tables{{Name: "projects", Names: []string{"projects"}}, {Name: "oracles", Names: []string{"oracles"}}},
		Settings: impactSettings(), FromArrival: true, Ask: asking, AskedAbout: askedAbout, OK: load.Status(http.StatusOK), Refused: load.Refusal(), Read: readImpact,
		CallOf: func(j *journal.Journal, e journal.Entry) contract.ImpactCall {
			return contract.ImpactCall{Project: e.Key, API: e.Group, Said: oracleapi.AsOf(j, e)}
		},
		CalledBy: "a plain GET with X-Attempt: 1", Any: func() contract.AnyProject { return anyProject(projects) },
		Tells:  contract.ImpactTells{Project: true, Active: true, Queried: true, Truncated: true, Classes: contract.ImpactClasses(), Said: true},
		Counts: impactCalls(),
	}
}

// impactCalls are the calls as the service counts them.
func impactCalls() contract.CallCounter {
	counts := contract.CallCounter{
		Page: load.Request{Path: "/metrics"}, Name: "oracle_calls_total", Label: "outcome", OK: "ok", FromStart: true, Timed: "oracle_call_duration_seconds_count",
		Spared: map[contract.Spared]string{contract.SparedSick: "breaker", contract.SparedBusy: "bulkhead"}, Failed: map[contract.ImpactClass]string{},
	}
	for _, class := range contract.ImpactClasses() {
		counts.Failed[class] = string(class)
	}
	return counts
}

// ImpactProtections are the safeguards of the service that can be taken away.
func ImpactProtections() []harness.Protection { return Protections(settings.Oracle()) }

// impactSettings are the variables of the service, and what is set where nobody does.
func impactSettings() map[contract.Setting]contract.Knob {
	all := map[contract.Setting]contract.Knob{}
	for setting, name := range map[contract.Setting]string{
		contract.CallTimeout: "DEFAULT_API_TIMEOUT", contract.Deadline: "ORACLE_OVERALL_DEADLINE", contract.CallsAtOnce: "ORACLE_CONCURRENT_CALLS",
		contract.HostCalls: "ORACLE_HOST_MAX_IN_FLIGHT", contract.HostWait: "ORACLE_HOST_QUEUE_TIMEOUT",
		contract.BreakerFailures: "ORACLE_BREAKER_FAILURES", contract.BreakerCooldown: "ORACLE_BREAKER_COOLDOWN",
		contract.AcquireTimeout: "ORACLE_ACQUIRE_TIMEOUT", contract.StatementTimeout: "ORACLE_STATEMENT_TIMEOUT",
	} {
		all[setting] = contract.Knob{Env: map[string]string{name: "{value}"}}
	}
	for setting, is := range map[contract.Setting]time.Duration{
		contract.CallTimeout: profile.SourceCallTimeout, contract.Deadline: profile.SourceCallTimeout,
		contract.BreakerCooldown: 5 * time.Second, contract.StatementTimeout: 2 * time.Second,
	} {
		knob := all[setting]
		knob.Is = is
		all[setting] = knob
	}
	return all
}

func askImpact(project string) load.Request {
	return load.Request{Path: fmt.Sprintf("/projects/%s/impact", project)}
}

func asking(project string) load.Stream {
	return load.Stream{Next: func(int64, *rand.Rand) load.Request { return askImpact(project) }}
}

var impactPath = regexp.MustCompile(`^/projects/([^/]+)/impact$`)

// askedAbout reads a project's id as the service does: 007 is 7.
func askedAbout(path string) (project string, ok bool) {
	m := impactPath.FindStringSubmatch(path)
	if m == nil {
		return "", false
	}
	id, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return "", true
	}
	return strconv.FormatInt(id, 10), true
}

// impactAnswer is the target's answer to GET /projects/{id}/impact.
type impactAnswer struct {
	ProjectID int64 `json:"project_id"`
	Active    int   `json:"active"`
	Queried   int   `json:"queried"`
	Truncated bool  `json:"truncated"`

	Results map[string]oracleResult `json:"results"`
}

// oracleResult is what the target says of one oracle.
type oracleResult struct {
	Status string         `json:"status"`
	Error  string         `json:"error"`
	Detail string         `json:"detail"`
	Data   oracleapi.Data `json:"data"`
}

// readImpact reads an answer. What cannot be read whole is told as far as it can be.
func readImpact(a load.Answer) (contract.ImpactAnswer, bool) {
	var got impactAnswer
	err := json.Unmarshal(a.Body, &got)
	out := contract.ImpactAnswer{
		Project: strconv.FormatInt(got.ProjectID, 10), Active: got.Active, Queried: got.Queried, Truncated: got.Truncated,
		Results: make(map[string]contract.ImpactResult, len(got.Results)),
	}
	for oracle, r := range got.Results {
		out.Results[oracle] = r.told(oracle, got.ProjectID)
	}
	return out, err == nil
}

// told is what a result says of an oracle.
func (r oracleResult) told(oracle string, project int64) contract.ImpactResult {
	out := contract.ImpactResult{OK: r.Status == "ok", Failed: r.Status == "error", Class: contract.ImpactClass(r.Error), Said: r.Data.AsOf}
	switch {
	case out.OK:
		out.Sound = r.good(oracle, project)
	case out.Failed:
		out.Sound = r.Data == oracleapi.Data{} && !address.MatchString(r.Detail)
	}
	if out.Class == contract.Connection {
		switch {
		case strings.HasPrefix(r.Detail, "breaker"):
			out.Spared = contract.SparedSick
		case strings.HasPrefix(r.Detail, "bulkhead"):
			out.Spared = contract.SparedBusy
		}
	}
	return out
}

// good reports whether a result is that oracle's data on that project.
func (r oracleResult) good(oracle string, project int64) bool {
	return r.Status == "ok" && r.Error == "" && r.Data == oracleapi.DataOf(profile.DataSeed, oracle, project, r.Data.AsOf)
}

// address is what a detail may not hold: a URL, a path, a host or its port.
var address = regexp.MustCompile(`://|/oracles|localhost|\d+\.\d+\.\d+\.\d+|\[::|[.]invalid\b|:\d{2,5}\b`)
