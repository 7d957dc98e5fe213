package dashboard_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/alerts/dashboard"
)

func TestQueriesAreReadWithTheirVariables(t *testing.T) {
	all, err := dashboard.Queries("d.json", []byte(`{"templating":{"list":[{"name":"job"}]},"panels":[
		{"title":"row","type":"row","panels":[{"title":"inner","targets":[{"expr":"up"}]}]},
		{"title":"text","type":"text"},
		{"title":"rate","type":"timeseries","targets":[{"expr":"rate(a{job=~\"$job\"}[$__rate_interval])"},{"expr":"b{job=~\"${job}\"}"}]}]}`), time.Minute)
	require.NoError(t, err)
	require.Equal(t, []dashboard.Query{{"inner", "up"}, {"rate", `rate(a{job=~".*"}[60s])`}, {"rate", `b{job=~".*"}`}}, all)
}

func TestAPanelThatAsksNothingIsNamed(t *testing.T) {
	for text, want := range map[string]string{
		`{"panels":[{"title":"a","type":"stat"}]}`:                          `the panel "a" asks nothing`,
		`{"panels":[{"title":"a","type":"stat","targets":[{"expr":" "}]}]}`: `"a" has a query without expr`,
		`{"panels":[]}`: "no panel in it asks anything",
		`{`:             "d.json",
	} {
		_, err := dashboard.Queries("d.json", []byte(text), time.Minute)
		require.ErrorContains(t, err, want)
	}
}
