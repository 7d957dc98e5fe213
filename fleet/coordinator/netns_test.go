//go:build fleet

package coordinator_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fleet/broker"
	"holdfast.dev/holdfast/fleet/coordinator"
	"holdfast.dev/holdfast/harness/load"
)

// The addresses of a fleet of which each process has a network of its own.
const (
	hereIP   = "10.77.0.1" // coordinator, broker and target
	brokerIP = "10.77.0.2" // the broker's other address, by which it is cut off
)

// network makes a bridge and a namespace for each name, at 10.77.0.11 and on.
func network(t *testing.T, names ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	const bridge = "hffleet0"
	remove := func() {
		for _, name := range names {
			_ = exec.Command("ip", "netns", "del", name).Run() // it may not be there
		}
		_ = exec.Command("ip", "link", "del", bridge).Run()
	}
	remove()
	t.Cleanup(remove)
	ip(t, "link", "add", bridge, "type", "bridge")
	ip(t, "addr", "add", hereIP+"/24", "dev", bridge)
	ip(t, "addr", "add", brokerIP+"/24", "dev", bridge)
	ip(t, "link", "set", bridge, "up")
	for i, name := range names {
		// Of a namespace that is gone the links go a moment later: no test has another's names.
		out, in := fmt.Sprintf("hfv%d-%d", len(t.Name())%100, i), fmt.Sprintf("hfp%d", i)
		ip(t, "netns", "add", name)
		ip(t, "link", "add", out, "type", "veth", "peer", "name", in, "netns", name)
		ip(t, "link", "set", out, "master", bridge, "up")
		ip(t, "netns", "exec", name, "ip", "addr", "add", fmt.Sprintf("10.77.0.%d/24", 11+i), "dev", in)
		ip(t, "netns", "exec", name, "ip", "link", "set", in, "up")
		ip(t, "netns", "exec", name, "ip", "link", "set", "lo", "up")
	}
}

// secured is a broker at an address that asks for TLS and an nkey, and how it is reached. The
// files that this takes are in dir.
func secured(t *testing.T, dir, at string) broker.Options {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, IPAddresses: []net.IP{net.ParseIP(at), net.ParseIP("127.0.0.1")},
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	require.NoError(t, err)
	ca, seed := filepath.Join(dir, "ca.crt"), filepath.Join(dir, "seed")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	user, err := nkeys.CreateUser()
	require.NoError(t, err)
	public, err := user.PublicKey()
	require.NoError(t, err)
	private, err := user.Seed()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(seed, private, 0o600))
	s, err := server.NewServer(&server.Options{
		Host: at, Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir(),
		TLS: true, TLSTimeout: 5, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		Nkeys: []*server.NkeyUser{{Nkey: public}},
	})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	require.True(t, s.ReadyForConnections(10*time.Second))
	port := s.Addr().(*net.TCPAddr).Port
	return broker.Options{URL: fmt.Sprintf("tls://%s:%d", at, port), CA: ca, NKey: seed}
}

// sentAndCut has three workers that start begins send 10 s of load to a target at an address of
// this machine, cuts something off after 3 s, and returns what came of it.
func sentAndCut(t *testing.T, b broker.Options, at string, start func(), cut func(t *testing.T)) loss {
	t.Helper()
	far := new(target)
	listener, err := net.Listen("tcp", at+":0")
	require.NoError(t, err)
	far.Server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(far.take)}}
	far.Start()
	t.Cleanup(far.Close)
	start()
	c, said := open(t, coordinator.Options{Broker: b, Workers: 3, Term: time.Second})
	s := steady(manyPerSecond, 10*time.Second)
	s.MaxLag = load.DefaultMaxLag
	sending, begun := begin(t, c, load.Config{BaseURL: far.URL}, s)
	time.Sleep(time.Until(begun.Add(3 * time.Second)))
	l := loss{far: far, said: said, start: begun, rate: manyPerSecond, planned: load.Planned(s.Profile), hitAt: time.Now()}
	cut(t)
	l.sent = sending.Wait()[0].Counts
	l.fleet = fleetOf(t, sending)
	return l
}

// fleetOfNamespaces is one whose workers have a network namespace each.
func fleetOfNamespaces(t *testing.T, cut func(t *testing.T)) loss {
	t.Helper()
	names := []string{"hf-w1", "hf-w2", "hf-w3"}
	network(t, names...)
	b := secured(t, t.TempDir(), brokerIP)
	return sentAndCut(t, b, hereIP, func() {
		for i, name := range names {
			cmd := child(t, "worker", "URL="+b.URL, "CA="+b.CA, "NKEY="+b.NKey, fmt.Sprintf("NAME=w%d", i+1), "ALLOW="+hereIP)
			cmd.Args = []string{"ip", "netns", "exec", name, os.Args[0]}
			var err error
			cmd.Path, err = exec.LookPath("ip")
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
		}
	}, cut)
}

// A worker that reaches the target and not its broker must stop all the same: nobody can
// tell it that its lane is another's.
func TestAWorkerThatIsCutOffStopsAndIsReplaced(t *testing.T) {
	l := fleetOfNamespaces(t, func(t *testing.T) {
		ip(t, "netns", "exec", "hf-w1", "ip", "route", "add", "blackhole", brokerIP+"/32")
	})
	l.holds(t)
	l.timed(t)
	l.bounded(t)
}

// Where all workers are cut off from the broker, and so from the coordinator, all load
// stops within 2 s.
func TestLoadStopsWhereTheCoordinatorIsCutOff(t *testing.T) {
	l := fleetOfNamespaces(t, func(t *testing.T) {
		for _, name := range []string{"hf-w1", "hf-w2", "hf-w3"} {
			ip(t, "netns", "exec", name, "ip", "route", "add", "blackhole", brokerIP+"/32")
		}
	})
	all := l.far.seen()
	last := all[len(all)-1].at.Sub(l.hitAt)
	t.Logf("the last request came %s after the partition", last.Round(time.Millisecond))
	require.Less(t, last, 2*time.Second)
	l.far.ids(t)
	require.NotEmpty(t, l.fleet.Spans)
	l.holds(t)
}
