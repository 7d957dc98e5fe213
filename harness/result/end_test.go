package result_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func TestHowATargetEnded(t *testing.T) {
	at := ptr(3.0)
	for _, c := range []struct {
		want string
		end  result.End
	}{
		{"killed by the kernel for memory (limit 100\u00a0MB)", result.End{EndS: at, OOMKilled: true, Signal: "killed", LimitBytes: ptr(uint64(100e6))}},
		{"killed by the kernel for memory", result.End{EndS: at, OOMKilled: true, Signal: "killed"}},
		{"stopped by the harness (terminated)", result.End{EndS: at, Signal: "terminated", Expected: true}},
		{"died of signal killed", result.End{EndS: at, Signal: "killed"}},
		{"stopped cleanly", result.End{EndS: at, ExitCode: ptr(0), Expected: true}},
		{"exited with code 0", result.End{EndS: at, ExitCode: ptr(0)}},
		{"exited with code 2", result.End{EndS: at, ExitCode: ptr(2), Expected: true}},
		{"still running", result.End{}},
		{"ended, unknown how", result.End{EndS: at}},
	} {
		t.Run(c.want, func(t *testing.T) { require.Equal(t, c.want, c.end.String()) })
	}
}
