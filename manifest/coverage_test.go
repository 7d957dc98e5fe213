package manifest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/manifest"
)

// covered is the shop that is called back, with a description of itself and a log.
const covered = `
coverage:
  openapi: api.yaml
  access_log: access.log
  ignore: { "GET /internal/{rest...}": only machines ask it }
`

const describedShop = `
openapi: 3.0.3
info: { title: shop, version: "1" }
servers: [{ url: https://shop.example.com/v1 }]
paths:
  /orders:
    post: { operationId: order, responses: { "202": { description: taken }, "409": { description: twice }, "503": { description: later } } }
  /orders/{order-id}:
    get:
      operationId: read
      parameters: [{ name: order-id, in: path, required: true, schema: { type: string } }]
      responses: { "200": { description: it }, "404": { description: none } }
`

// shopLog is an access log with people and keys in it.
func shopLog() string {
	var b strings.Builder
	for _, row := range []struct {
		n    int
		asks string
	}{{70, "POST /v1/orders"}, {23, "GET /v1/orders/%d"}, {7, "GET /keys/sk_live_abcdefgh12345678"}, {40, "GET /internal/metrics"}} {
		for i := range row.n {
			asks := row.asks
			if strings.Contains(asks, "%d") {
				asks = fmt.Sprintf(asks, i)
			}
			fmt.Fprintf(&b, "10.0.0.9 - jane@example.com [10/Oct/2025:13:55:%02d +0000] \"%s HTTP/1.1\" 200 12 \"-\" \"-\"\r\n", i%60, asks)
		}
	}
	return "\ufeff" + b.String()
}

// inFolder writes files and returns the path of the first.
func inFolder(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o600))
	}
	return filepath.Join(dir, files[0])
}

func TestAPlanSaysWhatNoScenarioTouches(t *testing.T) {
	path := inFolder(t, manifest.FileName, fmt.Sprintf(hooked, "./shop", asService)+covered, "api.yaml", describedShop, "access.log", shopLog())
	s, err := manifest.Load(path, manifest.Options{})
	require.NoError(t, err)
	c, err := s.Covered()
	require.NoError(t, err)
	var plan strings.Builder
	_, err = s.Plan(s.Scenarios...).With(c).WriteTo(&plan)
	require.NoError(t, err)
	_, said, _ := strings.Cut(plan.String(), "\ncovers\n")
	said, _, _ = strings.Cut(said, "\n\n")
	require.Equal(t, strings.Split(strings.TrimSpace(`
  scenarios ask 1 of 3 routes, 70 % of the traffic
  scenarios have something go wrong at 1 of 6 places
  no scenario asks GET /orders/{order-id} (23 % of the traffic)
  no scenario asks GET /keys/*** (7 % of the traffic)
  no scenario breaks payments
  no scenario breaks payments.charge
  no scenario breaks parcels
  no scenario breaks parcels.send
  no scenario breaks web
  no scenario gets 409 or 503 from POST /orders`), "\n"), strings.Split(strings.TrimSpace(said), "\n"))
	require.NotContains(t, plan.String(), "jane")
}

func TestARunMeasuresWhatItHasTouched(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	path := inFolder(t, manifest.FileName, fmt.Sprintf(hooked, self, asService)+covered, "api.yaml", describedShop, "access.log", shopLog())
	s, err := manifest.Load(path, manifest.Options{})
	require.NoError(t, err)
	c, err := s.Covered()
	require.NoError(t, err)
	out := t.TempDir()
	run, err := harness.Run(t.Context(), harness.Config{Seed: 1, Target: s.Launch, UndoDir: t.TempDir(), Out: out, Coverage: c.By}, s.Scenarios[:1])
	require.NoError(t, err)
	require.NotNil(t, run.Coverage)
	require.Equal(t, &result.Traffic{Requests: 100, Planned: 70, Asked: 70}, run.Coverage.Traffic)
	order := run.Coverage.Routes[2]
	require.Equal(t, "POST /orders", order.Route)
	require.Equal(t, []string{"hooks/twice", "hooks/forged"}, order.Scenarios)
	require.Equal(t, []string{"hooks/twice"}, order.Asked, "the other was not run")
	require.Positive(t, order.Answers["202"])
	for _, place := range run.Coverage.Places {
		for _, effect := range place.Effects {
			require.Equal(t, place.Place == "payments.charge.webhook" && effect.Name == "twice", effect.Fired > 0, "%s %s", place.Place, effect.Name)
		}
	}
	require.Positive(t, *run.Coverage.Places[0].Calls, "payments was called")
	file, err := os.Open(filepath.Join(out, "run.json"))
	require.NoError(t, err)
	defer file.Close()
	kept, err := result.Read(file)
	require.NoError(t, err)
	require.Equal(t, run.Coverage, kept.Coverage)
}

func TestACoverageThatCannotBeReadIsRefused(t *testing.T) {
	whole := fmt.Sprintf(hooked, "./shop", asService)
	for name, row := range map[string]struct{ text, files, want string }{
		"no description":        {"coverage: { openapi: apy.yaml }", "", "apy.yaml"},
		"a description of none": {"coverage: { openapi: api.yaml }", "api.yaml=hello: 1", "it is no OpenAPI file"},
		"no log":                {"coverage: { access_log: access.log }", "", "access.log: no such file or directory"},
		"a folder":              {"coverage: { access_log: . }", "", ". is no file"},
		"no route":              {"coverage: { ignore: { metrics: why } }", "", `"metrics" is no route such as GET /metrics`},
		"no reason":             {`coverage: { ignore: { GET /metrics: "" } }`, "", "GET /metrics: say why it is not to be asked"},
		"a misspelt key":        {"coverage: { acess_log: a }", "", "did you mean access_log?"},
		"a log of nothing":      {"coverage: { access_log: access.log }", "access.log=", "access.log: no line of it is one of an access log"},
		"a log of bytes":        {"coverage: { access_log: access.log }", "access.log=\x00\x01\xff\x1b[31m", "access.log: no line of it is one of an access log"},
	} {
		files := []string{manifest.FileName, whole + row.text}
		if file, text, ok := strings.Cut(row.files, "="); ok {
			files = append(files, file, text)
		}
		s, err := manifest.Load(inFolder(t, files...), manifest.Options{})
		if err == nil {
			_, err = s.Covered()
		}
		require.ErrorContains(t, err, row.want, name)
		require.Regexp(t, `holdfast\.yaml:\d+:\d+: `, err.Error(), name)
		require.NotContains(t, err.Error(), "\x1b", name)
	}
}
