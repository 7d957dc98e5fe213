package oracleapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/oracleapi"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// impact is an answer of the API.
type impact struct {
	ProjectID int64  `json:"project_id"`
	Oracle    string `json:"oracle"`
	Data      struct {
		AsOf          time.Time `json:"as_of"`
		Beneficiaries int64     `json:"beneficiaries"`
		CO2Kg         float64   `json:"co2_kg"`
		Score         float64   `json:"score"`
	} `json:"data"`
	Error struct{ Code, Message string } `json:"error"`
}

func start(t *testing.T, c oracleapi.Config) *oracleapi.Server {
	t.Helper()
	s, err := oracleapi.Start(c)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func client(timeout time.Duration) *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: timeout}
}

// ask calls the API and returns status and answer.
func ask(t *testing.T, method, url, body string) (int, impact) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	res, err := client(10 * time.Second).Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	var got impact
	require.NoError(t, json.Unmarshal(text, &got), "%s", text)
	return res.StatusCode, got
}

func TestAnOracleAnswersAboutTheProjectThatWasAskedFor(t *testing.T) {
	s := start(t, oracleapi.Config{Config: host.Config{Seed: 1}})
	for _, row := range []struct{ method, path, body string }{
		{"GET", "/oracles/oracle-3/impact?project=7", ""},
		{"GET", "/oracles/oracle-3/impact?x=1&project=7", ""},
		{"POST", "/oracles/oracle-3/impact", `{"project_id":7}`},
	} {
		status, got := ask(t, row.method, s.URL(0)+row.path, row.body)
		require.Equal(t, 200, status)
		require.EqualValues(t, 7, got.ProjectID)
		require.Equal(t, "oracle-3", got.Oracle)
		require.WithinDuration(t, time.Now(), got.Data.AsOf, 25*time.Hour)
	}
	require.Equal(t, map[journal.Name]int{{Group: "oracle-3", Key: "7"}: 3}, s.Journal().Attempts(journal.Filter{}))
}

// Two calls a millisecond apart are told apart by what they were answered, and
// each answer leads back to its entry in the journal.
func TestDataAreOfTheirCall(t *testing.T) {
	s := start(t, oracleapi.Config{DataSeed: 7})
	var seen []oracleapi.Data
	for range 3 {
		_, got := ask(t, "GET", s.Endpoint(0, "a")+"?project=1", "")
		seen = append(seen, oracleapi.Data{AsOf: got.Data.AsOf, Beneficiaries: uint64(got.Data.Beneficiaries), CO2: got.Data.CO2Kg, Score: got.Data.Score})
	}
	i := 0
	for e := range s.Journal().Entries(journal.Filter{}) {
		require.Equal(t, oracleapi.DataOf(7, "a", 1, oracleapi.AsOf(s.Journal(), e)), seen[i])
		i++
	}
	now := time.Now()
	require.NotEqual(t, oracleapi.DataOf(7, "a", 1, now).Beneficiaries, oracleapi.DataOf(7, "a", 1, now.Add(time.Millisecond)).Beneficiaries)
}

// What a target must ask, and what it may not.
func TestQuestionsThatAreNotAskedAsDocumented(t *testing.T) {
	s := start(t, oracleapi.Config{})
	for _, row := range []struct {
		method, query, attempt, body string
		odd                          bool
	}{
		{"GET", "?project=7", "1", "", false},
		{"GET", "?token=x&project=7", "1", "", true},
		{"GET", "?project=7", "2", "", true},
		{"GET", "?project=7", "", "", true},
		{"GET", "?project=7&project=8", "1", "", true},
		{"GET", "?project=07", "1", "", true},
		{"GET", "?project=%2B7", "1", "", true},
		{"GET", "", "1", "", true},
		{"POST", "", "1", `{"project_id":7}`, true},
		{"GET", "?project=7", "1", "x", true},
	} {
		s.Journal().Reset()
		req, err := http.NewRequestWithContext(t.Context(), row.method, s.Endpoint(0, "a")+row.query, strings.NewReader(row.body))
		require.NoError(t, err)
		if row.attempt != "" {
			req.Header.Set("X-Attempt", row.attempt)
		}
		res, err := client(10 * time.Second).Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		for e := range s.Journal().Entries(journal.Filter{}) {
			require.Equal(t, row.odd, e.Odd, "%+v", row)
		}
	}
}

func TestItsDataDependOnSeedOracleProjectAndMoment(t *testing.T) {
	answer := func(seed uint64, oracle string, project int) impact {
		s := start(t, oracleapi.Config{Config: host.Config{Seed: seed, Start: time.Unix(1_800_000_000, 0)}})
		_, got := ask(t, "GET", fmt.Sprint(s.Endpoint(0, oracle), "?project=", project), "")
		return got
	}
	first := answer(1, "a", 1)
	require.Equal(t, first, answer(1, "a", 1))
	require.NotEqual(t, first.Data, answer(2, "a", 1).Data)
	require.NotEqual(t, first.Data, answer(1, "b", 1).Data)
	require.NotEqual(t, first.Data, answer(1, "a", 2).Data)
}

func TestWhatCantBeAnsweredIsRefusedInTheAPIsShape(t *testing.T) {
	s := start(t, oracleapi.Config{Oracles: []string{"oracle-1"}})
	for _, row := range []struct {
		method, path string
		status       int
		code         string
	}{
		{"GET", "/oracles/oracle-2/impact?project=7", 404, "unknown_oracle"},
		{"GET", "/oracles/oracle-1/impact", 400, "bad_project"},
		{"GET", "/oracles/oracle-1/impact?project=0", 400, "bad_project"},
		{"GET", "/oracles/oracle-1/impact?project=7;8", 400, "bad_project"},
		{"POST", "/oracles/oracle-1/impact", 400, "bad_project"},
		{"PUT", "/oracles/oracle-1/impact?project=7", 405, "method_not_allowed"},
		{"GET", "/oracles/a/b/impact?project=7", 404, "not_found"},
		{"GET", "/", 404, "not_found"},
	} {
		status, got := ask(t, row.method, s.URL(0)+row.path, "")
		require.Equal(t, row.status, status, row.path)
		require.Equal(t, row.code, got.Error.Code, row.path)
	}
	require.Equal(t, []string{"oracle-1", "other"}, s.Journal().Groups(), "what is no oracle makes no groups")
}

func TestFaultsPickAnOracleOrAProject(t *testing.T) {
	s := start(t, oracleapi.Config{})
	require.NoError(t, s.Faults().AddText("status 503 key=oracle-3", "status 429 name=slow_down key=project/9"))
	for path, want := range map[string]int{
		"/oracles/oracle-3/impact?project=1": 503, "/oracles/oracle-30/impact?project=1": 200,
		"/oracles/oracle-4/impact?project=9": 429, "/oracles/oracle-4/impact?project=99": 200,
	} {
		status, got := ask(t, "GET", s.URL(0)+path, "")
		require.Equal(t, want, status, path)
		if want == 429 {
			require.Equal(t, "slow_down", got.Error.Code)
		}
		if want == 503 {
			require.Equal(t, "service_unavailable", got.Error.Code)
		}
	}
}

func TestWrongAnswersAreWellFormedAndWrong(t *testing.T) {
	s := start(t, oracleapi.Config{})
	_, _ = ask(t, "GET", s.URL(0)+"/oracles/a/impact?project=1", "")
	require.NoError(t, s.Faults().AddText("wrong id key=b", "wrong stale key=c", "wrong duplicate key=d", "wrong other key=e", "wrong future key=f", "wrong impossible key=g"))
	_, other := ask(t, "GET", s.URL(0)+"/oracles/b/impact?project=7", "")
	require.EqualValues(t, 8, other.ProjectID)
	_, stale := ask(t, "GET", s.URL(0)+"/oracles/c/impact?project=7", "")
	require.EqualValues(t, 7, stale.ProjectID)
	require.Less(t, stale.Data.AsOf, time.Now().AddDate(0, -11, 0))
	_, before := ask(t, "GET", s.URL(0)+"/oracles/a/impact?project=1", "")
	_, again := ask(t, "GET", s.URL(0)+"/oracles/d/impact?project=7", "")
	require.Equal(t, before, again)
	_, elsewhere := ask(t, "GET", s.URL(0)+"/oracles/e/impact?project=7", "")
	require.EqualValues(t, 7, elsewhere.ProjectID)
	require.Equal(t, "e-2", elsewhere.Oracle)
	_, ahead := ask(t, "GET", s.URL(0)+"/oracles/f/impact?project=7", "")
	require.Greater(t, ahead.Data.AsOf, time.Now().AddDate(0, 11, 0))
	for range 6 {
		resp, err := http.Get(s.URL(0) + "/oracles/g/impact?project=7")
		require.NoError(t, err)
		var odd struct {
			Data struct {
				Beneficiaries int64
				CO2Kg         float64 `json:"co2_kg"`
				Score         float64
			}
		}
		require.NoError(t, errors.Join(json.NewDecoder(resp.Body).Decode(&odd), resp.Body.Close()))
		wrong := 0
		for _, is := range []bool{odd.Data.Score < 0 || odd.Data.Score > 1, odd.Data.Beneficiaries < 0 || odd.Data.Beneficiaries > 1e10, math.Abs(odd.Data.CO2Kg) > 1e15} {
			if is {
				wrong++
			}
		}
		require.Equal(t, 1, wrong, "%+v", odd)
	}
}

func TestOraclesAreSpreadOverSeveralAddresses(t *testing.T) {
	s := start(t, oracleapi.Config{Config: host.Config{Addresses: []string{"127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"}}})
	bases := map[string]bool{}
	for n := range 6 {
		url := s.Endpoint(n, fmt.Sprint("oracle-", n))
		status, _ := ask(t, "GET", url+"?project=1", "")
		require.Equal(t, 200, status)
		base, _, _ := strings.Cut(url, "/oracles/")
		bases[base] = true
	}
	require.Len(t, bases, 3)
	require.Equal(t, map[string]int{"1": 6}, s.AskedPerProject(journal.Filter{}))
}

// TestTheGaugesTellWhoLetGo: ten calls to an oracle that hangs. Nine clients let
// go at their timeout, one does not.
func TestTheGaugesTellWhoLetGo(t *testing.T) {
	s := start(t, oracleapi.Config{})
	require.NoError(t, s.Faults().AddText("hang headers key=oracle-3"))
	const timeout = time.Second // all ten are there by then
	stubborn, letGo := context.WithCancel(t.Context())
	defer letGo()
	var calls sync.WaitGroup
	for n := range 10 {
		calls.Go(func() {
			ctx, c := context.Context(t.Context()), client(timeout)
			if n == 0 {
				ctx, c = stubborn, client(0)
			}
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprint(s.Endpoint(0, "oracle-3"), "?project=", n+1), nil)
			if err == nil {
				if res, err := c.Do(req); err == nil {
					_ = res.Body.Close()
				}
			}
		})
	}
	require.Eventually(t, func() bool { return s.Journal().Gauge("oracle-3").Total == 10 }, 30*time.Second, time.Millisecond)
	require.Eventually(t, func() bool { return s.InFlight("oracle-3") == 1 }, 30*time.Second, time.Millisecond)
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, s.WaitIdle(short), "1 calls are still open")
	require.Eventually(t, func() bool { return s.NotLetGo(timeout) == 1 }, 30*time.Second, 10*time.Millisecond)
	letGo()
	long, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(t, s.WaitIdle(long))
	calls.Wait()
	require.EqualValues(t, 10, s.Journal().Gauge("oracle-3").MostInFlight)
	require.Equal(t, 1, s.NotLetGo(timeout), "the nine let go in time")
}

func TestAConfigurationThatMakesNoSenseIsRefused(t *testing.T) {
	_, err := oracleapi.Start(oracleapi.Config{Oracles: []string{"a/b"}})
	require.ErrorContains(t, err, `oracle id "a/b"`)
	_, err = oracleapi.Start(oracleapi.Config{Config: host.Config{Addresses: []string{"0.0.0.0:0"}}})
	require.ErrorContains(t, err, "can be reached from outside")
}

func Example() {
	s, err := oracleapi.Start(oracleapi.Config{Config: host.Config{Seed: 1, Start: time.Unix(1_800_000_000, 0)}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	if err := s.Faults().AddText("1*status 503 -> ok"); err != nil {
		fmt.Println(err)
		return
	}
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range 2 {
		res, err := c.Get(s.Endpoint(0, "oracle-3") + "?project=7")
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		fmt.Println(res.StatusCode, strings.TrimSpace(string(body)))
	}
	fmt.Println(s.Journal().Attempts(journal.Filter{}))
	// Output:
	// 503 {"error":{"code":"service_unavailable","message":"Service Unavailable"}}
	// 200 {"project_id":7,"oracle":"oracle-3","data":{"as_of":"2027-01-15T08:00:00.000Z","beneficiaries":13921,"co2_kg":4426.6,"score":0.828}}
	// map[{oracle-3 7}:2]
}
