package egress_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A host that is a constant in the code leads to who plays it, and never anywhere else.
func TestAReplacedHostLeadsToWhoPlaysIt(t *testing.T) {
	for _, row := range []struct {
		call    string
		reaches bool
		contact string // empty: none
	}{
		{"tcp api.payments.example:443", true, ""},
		{"tcp API.Payments.Example.:443", true, ""},
		{"tcp4 api.payments.example:443", true, ""},
		{"tcp a.shop.example:8443", true, ""},
		{"tcp b.shop.example:8443", true, ""},
		{"tcp api.payments.example:80", false, "api.payments.example"}, // another port is another service
		{"tcp shop.example:8443", false, "shop.example"},               // a star is a label
		{"tcp a.b.shop.example:8443", false, "a.b.shop.example"},
		{"tcp api.payments.example.org:443", false, "api.payments.example.org"},
	} {
		for name, forked := range map[string]bool{"": false, " by what was started": true} {
			t.Run(row.call+name, func(t *testing.T) {
				where, came := bystander(t, "tcp", "127.0.0.1:0")
				g, c := open(t)
				g.Replace("api.payments.example", 443, netip.MustParseAddrPort(where))
				g.Replace("*.Shop.example", 8443, netip.MustParseAddrPort(where))
				require.Equal(t, row.reaches, behind(t, g, caller(t, row.call, forked)))
				if row.reaches {
					require.Eventually(t, func() bool { return came() == 1 }, 30*time.Second, time.Millisecond)
					require.Empty(t, c.hosts())
					return
				}
				require.Zero(t, came())
				require.Equal(t, row.contact, c.hosts()[0])
			})
		}
	}
}

// Who plays it and is not there refuses as it would without a gate.
func TestAReplacedHostThatIsDownRefuses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	g, c := open(t)
	g.Replace("api.payments.example", 443, netip.MustParseAddrPort(l.Addr().String()))
	require.Contains(t, string(outputOfFailed(t, g, caller(t, "tcp api.payments.example:443", false))), "connection refused")
	require.Empty(t, c.hosts())
}

// HTTP/3 is not played: it is refused, and who tries it goes on with TCP.
func TestPacketsToAReplacedHostAreRefused(t *testing.T) {
	where, _ := bystander(t, "tcp", "127.0.0.1:0")
	for _, call := range []string{"udp api.payments.example:443", "packet api.payments.example:443"} {
		g, c := open(t)
		g.Replace("api.payments.example", 443, netip.MustParseAddrPort(where))
		require.False(t, behind(t, g, caller(t, call, false)))
		require.Empty(t, c.hosts())
	}
}

// Who calls is known by the port that it calls from: of a replaced host, and of an
// address that is watched.
func TestTheCallerIsKnown(t *testing.T) {
	for name, host := range map[string]string{"replaced": "api.payments.example:443", "watched": ""} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer l.Close()
			from := make(chan net.Addr, 1)
			go func() { // ends with the one that calls
				if c, err := l.Accept(); err == nil {
					from <- c.RemoteAddr()
					_ = c.Close()
				}
			}()
			at := netip.MustParseAddrPort(l.Addr().String())
			g, _ := open(t)
			if host == "" {
				g.Watch(at)
				host = at.String()
			} else {
				g.Replace("api.payments.example", 443, at)
			}
			require.True(t, behind(t, g, caller(t, "tcp "+host, false)))
			process, pid := g.Caller(netip.MustParseAddrPort((<-from).String()).Port())
			require.Equal(t, "web", process)
			require.Positive(t, pid)
			process, _ = g.Caller(1)
			require.Empty(t, process)
		})
	}
}
