package task

import (
	"flag"
	"os"
	"testing"
)

// Tests that run a service wait for most of their time: more of them go side by side
// than there are processors.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "12"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
