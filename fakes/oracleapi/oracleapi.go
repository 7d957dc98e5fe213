package oracleapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fakes/journal"
)

// Config is how the fake runs.
type Config struct {
	host.Config
	// Oracles are the ids that exist. Defaults to any.
	Oracles []string
	// Token is the first part of the path of every oracle's address, as APIs have it
	// that know their callers by it. Defaults to none.
	Token string
	// DataSeed is what the answers' data comes from. Defaults to Seed.
	DataSeed uint64
}

// Validate reports all that is wrong with the configuration.
func (c Config) Validate() error {
	errs := []error{c.Config.Validate()}
	for _, id := range c.Oracles {
		if id == "" || strings.ContainsAny(id, "/?# ,") {
			errs = append(errs, fmt.Errorf("oracle id %q is empty or has a sign in it that an address can't hold", id))
		}
	}
	return errors.Join(errs...)
}

// Server is a fake that is running.
type Server struct {
	*host.Host
	api *api
}

// Start starts the fake. It runs until Close.
func Start(c Config) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("oracle API: %w", err)
	}
	if c.Start.IsZero() {
		c.Start = time.Now()
		if c.Now != nil {
			c.Start = c.Now()
		}
	}
	a := &api{prefix: prefix(c.Token), seed: cmp.Or(c.DataSeed, c.Seed)}
	if len(c.Oracles) > 0 {
		a.oracles = make(map[string]bool, len(c.Oracles))
		for _, id := range c.Oracles {
			a.oracles[id] = true
		}
	}
	h, err := host.Start(c.Config, a)
	if err != nil {
		return nil, fmt.Errorf("oracle API: %w", err)
	}
	return &Server{Host: h, api: a}, nil
}

// Endpoint is the address at which an oracle is asked. With several listeners,
// oracles are spread over them by their number of appearance.
func (s *Server) Endpoint(n int, oracle string) string {
	urls := s.URLs()
	return urls[n%len(urls)] + s.api.prefix + oracle + "/impact"
}

// InFlight is how many calls an oracle has open now; of all oracles if it is "".
func (s *Server) InFlight(oracle string) int64 { return s.Journal().Gauge(oracle).InFlight }

// WaitIdle returns when no call is open, or when ctx ends, with an error that
// tells how many are.
func (s *Server) WaitIdle(ctx context.Context) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		open := s.InFlight("")
		if open == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("oracle API: %d calls are still open: %w", open, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// NotLetGo returns how many calls were open for longer than the client's timeout
// and a second: it gave them up without letting go of them.
func (s *Server) NotLetGo(timeout time.Duration) int {
	return s.Journal().OpenLongerThan(timeout+time.Second, journal.Filter{})
}

// AskedPerProject returns how many different oracles were asked about each
// project.
func (s *Server) AskedPerProject(f journal.Filter) map[string]int {
	out := map[string]int{}
	for name := range s.Journal().Attempts(f) {
		out[name.Key]++
	}
	return out
}

// api is the oracle API as it would be without faults.
type api struct {
	prefix   string // of the oracles' paths
	seed     uint64
	oracles  map[string]bool // nil: any
	previous atomic.Pointer[[]byte]
	// impossible counts the answers with a value that can't be.
	impossible atomic.Int64
}

// question is what Identify has read.
type question struct {
	oracle  string
	project int64
	problem *httpfault.Answer
}

// Identify reads oracle and project.
func (a *api) Identify(r *http.Request, body []byte) host.Identity {
	q := &question{}
	oracle, ok := a.oracleOf(r.URL.Path)
	project := projectOf(r, body)
	q.oracle = oracle
	id, err := strconv.ParseInt(project, 10, 64)
	switch {
	case !ok:
		q.problem = problem(http.StatusNotFound, "not_found", "no such route")
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		q.problem = problem(http.StatusMethodNotAllowed, "method_not_allowed", "use GET or POST")
	case a.oracles != nil && !a.oracles[oracle]:
		q.problem = problem(http.StatusNotFound, "unknown_oracle", "no such oracle")
	case err != nil || id < 1:
		q.problem = problem(http.StatusBadRequest, "bad_project", "project must be a number above 0")
	}
	q.project = id
	if q.problem != nil && !a.oracles[oracle] {
		oracle = "other" // what is no oracle does not become a group each
	}
	key := project
	if !ok {
		key = r.Method + " " + r.URL.Path // as of any API that has no such route
	}
	return host.Identity{
		Group: oracle, Key: key, Names: []string{q.oracle, "project/" + project}, Value: q, Odd: q.problem != nil || odd(r, body, project),
	}
}

// odd reports whether a question is not as a target must ask it: a GET without a
// body, of the project once, as a plain number and of nothing else, that says it is
// the first attempt, and passes on nobody's cookies or credentials.
func odd(r *http.Request, body []byte, project string) bool {
	asked, attempts := r.URL.Query(), r.Header["X-Attempt"]
	return r.Method != http.MethodGet || len(body) > 0 || len(asked) != 1 || !slices.Equal(asked["project"], []string{project}) ||
		project[0] == '0' || project[0] == '+' || !slices.Equal(attempts, []string{"1"}) ||
		len(r.Header["Cookie"])+len(r.Header["Authorization"]) > 0
}

// prefix is what the oracles' paths begin with.
func prefix(token string) string {
	if token == "" {
		return "/oracles/"
	}
	return "/" + token + "/oracles/"
}

func (a *api) oracleOf(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, a.prefix)
	if !ok {
		return "", false
	}
	oracle, ok := strings.CutSuffix(rest, "/impact")
	return oracle, ok && oracle != "" && !strings.Contains(oracle, "/")
}

func projectOf(r *http.Request, body []byte) string {
	if id, ok := strings.CutPrefix(r.URL.RawQuery, "project="); ok && !strings.ContainsAny(id, "&%+") {
		return id // the usual case, without building a map
	}
	if id := r.URL.Query().Get("project"); id != "" || len(body) == 0 {
		return id
	}
	var asked struct {
		ProjectID json.Number `json:"project_id"`
	}
	_ = json.Unmarshal(body, &asked) // what can't be read has no project
	return asked.ProjectID.String()
}

// Serve answers with the oracle's data.
func (a *api) Serve(c *host.Call) httpfault.Answer {
	q, _ := c.Value.(*question)
	if q.problem != nil {
		return *q.problem
	}
	asOf := asOf(c.Arrived())
	body := a.impact(q.oracle, q.project, asOf)
	before := a.previous.Swap(&body)
	return httpfault.Answer{
		Status: http.StatusOK, ContentType: "application/json", Body: body,
		Wrong: func(how string) []byte { return a.wrong(q, asOf, how, before) },
	}
}

func (a *api) wrong(q *question, asOf time.Time, how string, before *[]byte) []byte {
	switch how {
	case "id":
		return a.impact(q.oracle, q.project+1, asOf)
	case "other":
		return a.impact(q.oracle+"-2", q.project, asOf)
	case "stale":
		return a.impact(q.oracle, q.project, asOf.AddDate(-1, 0, 0))
	case "future":
		return a.impact(q.oracle, q.project, asOf.AddDate(1, 0, 0))
	case "impossible":
		return impossible(a.impact(q.oracle, q.project, asOf), int(a.impossible.Add(1)-1))
	case "duplicate":
		if before != nil {
			return *before
		}
	}
	return nil
}

// impossible is an answer with the nth of the values that there can't be.
func impossible(body []byte, n int) []byte {
	all := []struct{ field, value string }{
		{"score", "1.5"}, {"beneficiaries", "-1"}, {"score", "-0.5"}, {"beneficiaries", "20000000000"}, {"co2_kg", "1e30"}, {"co2_kg", "-1e30"},
	}
	odd := all[n%len(all)]
	before, after, _ := bytes.Cut(body, []byte(`"`+odd.field+`":`))
	end := bytes.IndexAny(after, ",}")
	return slices.Concat(before, []byte(`"`+odd.field+`":`+odd.value), after[end:])
}

// asOf is the time that the data of a call are of: when it arrived, in
// milliseconds, which is as fine as some languages keep a time that they read.
func asOf(arrived time.Time) time.Time { return arrived.UTC().Truncate(time.Millisecond) }

// AsOf is the time of the data in the answer to a call, by its entry in the
// journal: no other call of that oracle about that project, a millisecond apart,
// was answered the same.
func AsOf(j *journal.Journal, e journal.Entry) time.Time { return asOf(j.Start().Add(e.Start)) }

// Data is what an oracle knows of a project.
type Data struct {
	AsOf          time.Time `json:"as_of"`
	Beneficiaries uint64    `json:"beneficiaries"`
	CO2           float64   `json:"co2_kg"`
	Score         float64   `json:"score"`
}

// DataOf is what an oracle of a fake with that data seed says of a project at a
// time: to tell its answer from one about something else.
func DataOf(seed uint64, oracle string, project int64, asOf time.Time) Data {
	n := httpfault.Hash(seed, oracle, strconv.FormatInt(project, 10), strconv.FormatInt(asOf.UnixMilli(), 10))
	return Data{AsOf: asOf, Beneficiaries: n % 100_000, CO2: float64(n>>20%100_000) / 10, Score: float64(n>>40%1000) / 1000}
}

// impact is that as the API answers it.
func (a *api) impact(oracle string, project int64, asOf time.Time) []byte {
	d := DataOf(a.seed, oracle, project, asOf)
	b := make([]byte, 0, 192)
	b = append(b, `{"project_id":`...)
	b = strconv.AppendInt(b, project, 10)
	b = append(b, `,"oracle":`...)
	quoted, _ := json.Marshal(oracle) // a string always can
	b = append(b, quoted...)
	b = append(b, `,"data":{"as_of":"`...)
	b = asOf.AppendFormat(b, "2006-01-02T15:04:05.000Z07:00")
	b = append(b, `","beneficiaries":`...)
	b = strconv.AppendUint(b, d.Beneficiaries, 10)
	b = append(b, `,"co2_kg":`...)
	b = strconv.AppendFloat(b, d.CO2, 'f', 1, 64)
	b = append(b, `,"score":`...)
	b = strconv.AppendFloat(b, d.Score, 'f', 3, 64)
	return append(b, "}}\n"...)
}

// Refuse is an error in the API's shape.
func (a *api) Refuse(status int, name string) httpfault.Answer {
	return *problem(status, cmp.Or(name, codeOf(status)), http.StatusText(status))
}

func codeOf(status int) string {
	return strings.ReplaceAll(strings.ToLower(cmp.Or(http.StatusText(status), "error")), " ", "_")
}

func problem(status int, code, message string) *httpfault.Answer {
	body, _ := json.Marshal(map[string]any{"error": map[string]string{"code": code, "message": message}})
	return &httpfault.Answer{Status: status, ContentType: "application/json", Body: append(body, '\n')}
}
