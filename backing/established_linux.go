package backing

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"os"
)

// established counts the connections of this machine that were taken at address,
// which is ours, or that lead there.
func established(address string, ours bool) float64 {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !at.Addr().Is4() {
		return math.NaN() // a name, say: not counted
	}
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return math.NaN()
	}
	four := at.Addr().As4()
	end := fmt.Appendf(nil, "%08X:%04X", binary.NativeEndian.Uint32(four[:]), at.Port())
	const open = "01"
	n := 0.0
	for line := range bytes.Lines(table) {
		fields := bytes.Fields(line)
		if len(fields) < 4 || string(fields[3]) != open {
			continue
		}
		if ours && bytes.Equal(fields[1], end) || !ours && bytes.Equal(fields[2], end) {
			n++
		}
	}
	return n
}
