package cluster

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// A shortage that passes costs no data that was kept.
func TestAShortagePasses(t *testing.T) {
	for words, want := range map[string]bool{
		"FATAL:  insufficient file descriptors available to start server process": true,
		"could not open file: Too many open files":                                true,
		"could not write lock file: No space left on device":                      true,
		"could not fork background process: Resource temporarily unavailable":     true,
		"PANIC:  could not locate a valid checkpoint record":                      false,
		"database files are incompatible with server":                             false,
	} {
		require.Equal(t, want, passes(fmt.Errorf("start: %w; its last words: %w", errDied, errors.New(words))), words)
	}
}
