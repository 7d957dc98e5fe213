package backing

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/placeholder"
)

// A text of a dependency is read twice, by us and by who starts the process: what
// comes out is as if it had been read once.
func TestATextThatIsReadTwiceMeansTheSame(t *testing.T) {
	c := Config{Name: "broker", Command: []string{"x"}}
	once := map[string]string{
		"address": "C", "host": "H", "port": "P", "url": "U", "broker.url": "U", "own.address": "A", "own.host": "O", "own.port": "Q", "data": "D", "secrets.key": "{host}",
	}
	twice := map[string]string{
		"client.address": "C", "client.host": "H", "client.port": "P", "client.url": "U", "address": "A", "host": "O", "port": "Q", "data": "D", "secrets.key": "{host}",
	}
	in := func(values map[string]string) func(string) (string, bool) {
		return func(name string) (string, bool) { value, ok := values[name]; return value, ok }
	}
	pieces := []string{"{", "{{", "}", "{address}", "{own.address}", "{host}", "{own.port}", "{url}", "{broker.url}", "{data}", "{secrets.key}", "{unknown}", "{n:int}", "x", " ", `"`}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom(pieces)).Draw(t, "text"), "")
		require.Equal(t, placeholder.Text(text).Fill(in(once)), placeholder.Text(c.inner(text)).Fill(in(twice)), "%q became %q", text, c.inner(text))
	})
}
