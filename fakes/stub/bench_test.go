package stub_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/stub"
)

// BenchmarkCharge is a request of the costlier sort: a form, a key, an idempotency key,
// and two routes that are not meant. The client's share is in it.
func BenchmarkCharge(b *testing.B) {
	s, err := stub.Start(stub.Config{Config: host.Config{Seed: 1}, Routes: []stub.Route{rates(), {Name: "none", Request: on("POST", "/v1/charges/{id}")}, charge()}})
	require.NoError(b, err)
	defer s.Close()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport}
	one := pay("c-1", "k-1", 300)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, err := http.NewRequest(one.method, s.URL(0)+one.path, strings.NewReader(one.body))
			if err != nil {
				b.Error(err)
				return
			}
			for name, value := range one.header {
				r.Header.Set(name, value)
			}
			res, err := client.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
	})
}
