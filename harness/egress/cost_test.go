package egress_test

import (
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// connect is what a service does again and again that keeps no connection.
func connect(address string, times int) int {
	began := time.Now()
	for range times {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return 1
		}
		_ = c.Close()
	}
	fmt.Println(int64(time.Since(began)) / int64(times))
	return 0
}

// BenchmarkConnection is what a connection costs, without and behind a gate.
func BenchmarkConnection(b *testing.B) {
	for _, closed := range []bool{false, true} {
		b.Run(map[bool]string{false: "open", true: "gate"}[closed], func(b *testing.B) {
			where, _ := bystander(b, "tcp", "127.0.0.1:0")
			g, _ := open(b)
			g.Allow("peer", netip.MustParseAddrPort(where))
			cmd := caller(b, "times "+strconv.Itoa(b.N)+" "+where, false)
			var out []byte
			if closed {
				out = output(b, g, cmd)
			} else {
				out, _ = exec.Command("env", append(cmd.Env, cmd.Path)...).Output()
			}
			ns, err := strconv.ParseFloat(string(out[:max(0, len(out)-1)]), 64)
			if err != nil {
				b.Fatal(err, string(out))
			}
			b.ReportMetric(ns, "ns/conn")
		})
	}
}
