package harness

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func TestSwitchesAreOfWhatTheScenarioProves(t *testing.T) {
	value := "100"
	c := Config{Protections: []Protection{
		{Name: "shop.cap", About: "a cap", Off: map[string]string{"CAP": "0"}, Default: map[string]string{"CAP": "50"}},
		{Name: "shop.other", Off: map[string]string{"OTHER": "0"}},
		{Name: "shop.key", Off: map[string]string{"API_KEY": "hunter2hunter2"}, OffIn: map[string]map[string]string{"web": {"A": "1"}}, OffCommand: map[string][]string{"worker": {"./worker", "--wild"}}},
	}}
	got := c.switches(Scenario{Protections: []string{"shop.cap", "shop.key"}}, map[string]string{"CAP": value, "A": "2"})
	require.Equal(t, []result.Switch{
		{Protection: "shop.cap", About: "a cap", Setting: "CAP", Value: &value, Default: "50", Off: "0"},
		{Protection: "shop.key", Setting: "API_KEY", Off: "***"},
		{Protection: "shop.key", Process: "web", Setting: "A", Off: "1"},
		{Protection: "shop.key", Process: "worker", Off: "./worker --wild"},
	}, got)
}
