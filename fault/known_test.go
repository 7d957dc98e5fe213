package fault_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
)

// What is known only when a fault is laid is filled in then, wherever it stands.
func TestNamesAreFilledWhenAFaultIsLaid(t *testing.T) {
	fill := func(text string) (string, error) {
		if strings.Contains(text, "{nobody") {
			return "", errors.New("nobody is known")
		}
		return strings.ReplaceAll(text, "{api.url}", "http://127.0.0.1:8001"), nil
	}
	for text, want := range map[string]string{
		"redirect host location={api.url}":                         "redirect host location=http://127.0.0.1:8001",
		"2*redirect host location={api.url} -> 1*status 503 -> ok": "2*redirect host location=http://127.0.0.1:8001 -> 1*status 503 -> ok",
		"1*status 503 -> 2*redirect host location={api.url}":       "1*status 503 -> 2*redirect host location=http://127.0.0.1:8001",
		"redirect loop": "redirect loop", "delay 3s": "delay 3s",
		"redirect host location={nobody.url}": "", "1*ok -> 1*redirect host location={nobody.url}": "",
	} {
		parsed, err := fault.Parse(text)
		require.NoError(t, err, text)
		got, err := fault.Filled(parsed.Kind, fill)
		if want == "" {
			require.Error(t, err, text)
			continue
		}
		require.NoError(t, err, text)
		require.Equal(t, want, got.String())
	}
}
