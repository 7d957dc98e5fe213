package settings

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func typeName(v any) string { return fmt.Sprintf("%T", v) }

// sample is a table with each kind of setting.
func sample() Table {
	return Table{
		{Name: "NAME", kind: text, required: "a name"},
		{Name: "LEVEL", kind: text, Default: "info", form: logLevel},
		{Name: "WORKERS", kind: number, Default: "4", min: "1", max: "8"},
		{Name: "BYTES", kind: number},
		{Name: "PART", kind: share, Default: "0.5"},
		{Name: "STRICT", kind: boolean, Default: "true"},
		{Name: "WAIT", kind: duration, Default: "1m0s", max: "1h"},
	}
}

type sampleConfig struct {
	Wait    time.Duration `setting:"WAIT"` // in another order than the table
	Name    string        `setting:"NAME"`
	Level   string        `setting:"LEVEL"`
	Workers int           `setting:"WORKERS"`
	Bytes   int64         `setting:"BYTES"`
	Part    float64       `setting:"PART"`
	Strict  bool          `setting:"STRICT"`
}

func from(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

func TestWhatIsNotSetIsTheDefault(t *testing.T) {
	want := sampleConfig{Name: "n", Level: "info", Workers: 4, Part: 0.5, Strict: true, Wait: time.Minute}
	for _, unset := range []string{"", "  "} {
		c, err := Read[sampleConfig](sample(), from(map[string]string{"NAME": " n ", "WORKERS": unset, "STRICT": unset, "WAIT": unset, "BYTES": unset}))
		require.NoError(t, err)
		require.Equal(t, want, c)
	}
}

func TestEachVariableFillsItsOwnField(t *testing.T) {
	c, err := Read[sampleConfig](sample(), from(map[string]string{
		"NAME": "n", "LEVEL": "warn", "WORKERS": "8", "BYTES": "104857600", "PART": "0", "STRICT": "false", "WAIT": "1.5"}))
	require.NoError(t, err)
	require.Equal(t, sampleConfig{Name: "n", Level: "warn", Workers: 8, Bytes: 100 << 20, Wait: 1500 * time.Millisecond}, c)
}

func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	c, err := Read[sampleConfig](sample(), from(map[string]string{
		"LEVEL": "loud", "WORKERS": "9", "BYTES": "-1", "PART": "2", "STRICT": "perhaps", "WAIT": "2h"}))
	require.EqualError(t, err, `NAME: must be set: a name
LEVEL: "loud" is none of debug, info, warn, error
WORKERS: 9: want 1 to 8
BYTES: "-1" is not a whole number of 0 or more
PART: "2" is not a number from 0 to 1
STRICT: "perhaps" is neither true nor false
WAIT: 2h0m0s: want 0, or 1ms to 1h`)
	require.Zero(t, c)
}

func TestAConfigurationMadeInGoIsHeldToTheSameBounds(t *testing.T) {
	require.NoError(t, Validate(sample(), sampleConfig{Level: "info", Workers: 1}))
	require.EqualError(t, Validate(sample(), sampleConfig{Level: "loud", Workers: -1, Bytes: -1, Part: 1.5, Wait: -1}),
		`LEVEL: "loud" is none of debug, info, warn, error
WORKERS: -1: want 1 to 8
BYTES: -1: want 0 or more
PART: 1.5: want 0 to 1
WAIT: -1ns: want 0, or 1ms to 1h`)
}

func TestDefaultsNeedNoEnvironment(t *testing.T) {
	require.Equal(t, sampleConfig{Level: "info", Workers: 4, Part: 0.5, Strict: true, Wait: time.Minute}, Defaults[sampleConfig](append(Table{{Name: "NAME", kind: text}}, sample()[1:]...)))
	require.Panics(t, func() { Defaults[sampleConfig](sample()) }, "a name must be set")
}

// A field that nothing fills, and a setting that fills nothing, do not get as far
// as a service.
func TestFieldsAndSettingsAreTheSame(t *testing.T) {
	table := Table{{Name: "A", kind: number}}
	require.PanicsWithValue(t, "settings: settings.missing has no field for A", func() { Defaults[missing](table) })
	for _, read := range []func(){
		func() { Defaults[untagged](table) },
		func() { Defaults[misspelt](table) },
		func() { Defaults[twice](table) },
		func() { Defaults[mistyped](table) },
	} {
		require.PanicsWithValue(t, rejected, recovered(read))
	}
}

type (
	missing  struct{}
	untagged struct {
		A int `setting:"A"`
		B int
	}
	misspelt struct {
		A int `setting:"a"`
	}
	twice struct {
		A int   `setting:"A"`
		B int64 `setting:"A"`
	}
	mistyped struct {
		A string `setting:"A"`
	}
)

const rejected = "is not that of one setting of its type"

// recovered panics with the end of what f panics with.
func recovered(f func()) func() {
	return func() {
		defer func() {
			said := fmt.Sprint(recover())
			panic(said[max(0, len(said)-len(rejected)):])
		}()
		f()
	}
}

func TestAnEnvironmentIsCheckedByName(t *testing.T) {
	require.NoError(t, Check(nil))
	require.NoError(t, Check(map[string]string{"MAX_SEARCH_RESULTS": "0", "TASK_JITTER": "", "SEARCH_STABLE_ORDER": " false "}))
	require.EqualError(t, Check(map[string]string{
		"MAX_SEARCH_RESULT": "0", "SEARCH_MAX_QUEUED": "1000001", "TASK_BACKOFF": "twice", "PATH": "/bin", "TASK_POLL_INTERVAL": "0"}),
		`MAX_SEARCH_RESULT: there is no such setting, did you mean MAX_SEARCH_RESULTS?
PATH: there is no such setting
SEARCH_MAX_QUEUED: 1000001: want 0 to 1000000
TASK_BACKOFF: "twice" is not a whole number of 0 or more
TASK_POLL_INTERVAL: 0s: want 1ms to 1m`)
}
