package scenarios

import (
	"bytes"
	_ "embed"
	"fmt"

	"holdfast.dev/holdfast/harness/result"
)

//go:embed proven-checks.json
var proven []byte

// ProvenChecks are the checks of the catalogue that were seen to fail when a protection
// was taken away. holdfast prove writes the file anew (make prove).
func ProvenChecks() (result.ProvenChecks, error) {
	t, err := result.ReadProvenChecks(bytes.NewReader(proven))
	if err != nil {
		return nil, fmt.Errorf("scenarios/proven-checks.json: %w", err)
	}
	return t, nil
}
