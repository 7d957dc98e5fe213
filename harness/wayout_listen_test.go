package harness

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/target"
)

func TestWhoListensEverywhereIsToldByItsLine(t *testing.T) {
	all := []target.Process{
		{Name: "web", Declared: target.Declared{Command: "f.yaml:4"}}, {Name: "webhooks", Declared: target.Declared{Command: "f.yaml:9"}}, {Name: "old"},
	}
	of := func(texts ...string) string { return (&listeningError{texts, declaredOf(all, texts)}).Error() }
	require.Contains(t, of("web.2 listens on [::]:80, not on loopback alone"), "its environment can say (f.yaml:4); code that is told a port alone listens on all addresses")
	require.Contains(t, of("web listens on [::]:80", "webhooks listens on [::]:81"), "(f.yaml:4, f.yaml:9)")
	require.NotContains(t, of("old listens on [::]:80"), "f.yaml")
}
