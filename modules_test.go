package holdfast

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// foreign are the modules that a program pulls in that imports harness, and why
// each of them. What this list lacks must be chosen by the program itself, as
// containers are.
var foreign = map[string]string{
	"github.com/HdrHistogram/hdrhistogram-go":  "latencies that merge, in a format that others read",
	"github.com/pandatix/go-abnf":              "of the parser",
	"github.com/jackc/pgx/v5":                  "Postgres: data sets, clones, probes and faults",
	"github.com/jackc/pgpassfile":              "of pgx",
	"github.com/jackc/pgservicefile":           "of pgx",
	"github.com/jackc/puddle/v2":               "of pgx's pool: the harness's own sessions are kept",
	"golang.org/x/text":                        "of pgx",
	"github.com/santhosh-tekuri/jsonschema/v6": "contracts: the shapes of answers",
	"github.com/prometheus/common":             "the parser of anybody's metrics page",
	"github.com/prometheus/client_model":       "of the parser",
	"github.com/munnerz/goautoneg":             "of the parser",
	"google.golang.org/protobuf":               "of the parser",
	"github.com/shirou/gopsutil/v3":            "figures of processes and of the machine",
	"github.com/tklauser/go-sysconf":           "of gopsutil",
	"github.com/tklauser/numcpus":              "of gopsutil",
	"github.com/tidwall/gjson":                 "paths into messages: what is captured, matched, a key",
	"github.com/tidwall/match":                 "of gjson",
	"github.com/tidwall/pretty":                "of gjson",
	"golang.org/x/net":                         "what a target asks resolvers, when its way out is closed",
	"golang.org/x/sync":                        "groups of goroutines",
	"golang.org/x/sys":                         "file locks and signals",
}

func TestWhoImportsTheHarnessPullsFewModules(t *testing.T) {
	pulled := modulesOf(t, "./harness")
	require.NotEmpty(t, pulled)
	for module := range pulled {
		require.Contains(t, foreign, module, "harness pulls a module that nobody gave a reason for")
	}
	require.Len(t, foreign, len(pulled), "the list gives reasons for modules that harness does not pull")
}

// What only some programs need is there for who chooses it, and is not in the
// list above: a guard that cannot fail guards nothing.
func TestWhatIsHeavyIsChosen(t *testing.T) {
	for room, heavy := range map[string]string{
		"./harness/target/docker":      "github.com/moby/moby/client",
		"./harness/database/container": "github.com/testcontainers/testcontainers-go",
		"./harness/database/embedded":  "github.com/fergusstrange/embedded-postgres",
		"./harness/load/vegetabridge":  "github.com/tsenart/vegeta/v12",
		"./importer/k6":                "github.com/grafana/sobek",
		"./telemetry/otlp":             "go.opentelemetry.io/otel/sdk/metric",
		"./fleet/worker":               "github.com/nats-io/nats.go",
		"./fleet/broker/embedded":      "github.com/nats-io/nats-server/v2",
	} {
		require.NotContains(t, foreign, heavy)
		require.Contains(t, modulesOf(t, room), heavy)
	}
}

// modulesOf returns the modules, but our own, that a package needs to be built.
func modulesOf(t *testing.T, room string) map[string]bool {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "-json=Module", room).Output()
	require.NoError(t, err)
	found := map[string]bool{}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p struct {
			Module *struct {
				Path string
				Main bool
			}
		}
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		if p.Module != nil && !p.Module.Main {
			found[p.Module.Path] = true
		}
	}
}
