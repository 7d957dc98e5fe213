package manifest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/manifest"
)

func TestAnswersThatHoldNothingAreKnownByTheirLine(t *testing.T) {
	s, err := manifest.Read([]byte(`version: 1
name: shop
processes: { web: { command: [app], ports: [http], env: { PORT: "{port}" } } }
dependencies:
  rates:
    http:
      routes:
        any: { request: { path: "/{rest...}" }, response: { status: 200, json: {} } }
        one:
          request: { path: /one }
          response:
            json: { rate: 2 }
        gone: { request: { path: /gone }, response: { status: 404, json: {} } }
        none: { request: { path: /none }, response: { status: 204 } }
scenarios:
  - { name: shop/steady, claim: It answers., timeline: { warm_up: 1s, baseline: 2s }, load: [ { name: get, rate: 1/s, request: { path: / } } ], checks: [ get.failed <= 0 ] }
`), "f.yaml", manifest.Options{})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"any": "f.yaml:8"}, s.Scenarios[0].World.Dependencies[0].Blank)
}

func TestWhatAStreamAsksIsKnownByItsLine(t *testing.T) {
	s, err := manifest.Read([]byte(`version: 1
name: shop
processes: { web: { command: [app], ports: [http], env: { PORT: "{port}" } } }
scenarios:
  - name: shop/steady
    claim: It answers.
    timeline: { warm_up: 1s, baseline: 2s }
    load: &all
      - name: get
        rate: 1/s
        request: { path: / }
      - name: buy
        rate: 1/s
        steps:
          - name: pay
            request: { path: /pay }
    checks: [ get.failed <= 0 ]
  - { name: shop/again, claim: It answers., timeline: { warm_up: 1s, baseline: 2s }, load: *all, checks: [ get.failed <= 0 ] }
`), "f.yaml", manifest.Options{})
	require.NoError(t, err)
	for _, scenario := range s.Scenarios {
		require.Equal(t, map[string]string{"get": "f.yaml:11", "buy.pay": "f.yaml:16"}, scenario.Asked)
	}
}
