package view

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

// Gains alone have no scenario whose reason could be told.
func TestGainsThatHoldAreSaidTo(t *testing.T) {
	held := &result.Run{Complete: true, Verdict: result.Pass, Gains: []result.Gain{{Name: "a", Verdict: result.Pass}}}
	require.Contains(t, Of(held).Sentence, "holds")
}
