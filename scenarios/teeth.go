package scenarios

import (
	"bytes"
	_ "embed"
	"fmt"

	"holdfast.dev/holdfast/harness/result"
)

//go:embed teeth.json
var teeth []byte

// Teeth are the checks of the catalogue that were seen to fail when a protection
// was taken away. holdfast prove writes the file anew (make prove).
func Teeth() (result.Teeth, error) {
	t, err := result.ReadTeeth(bytes.NewReader(teeth))
	if err != nil {
		return nil, fmt.Errorf("scenarios/teeth.json: %w", err)
	}
	return t, nil
}
