package vegetabridge_test

import (
	"flag"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if underRace { // histograms cost twenty times as much then, and properties have no goroutines
		_ = flag.Set("rapid.checks", "20")
	}
	os.Exit(m.Run())
}
