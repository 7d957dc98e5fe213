package deploy

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"
	"github.com/stretchr/testify/require"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
	"github.com/testcontainers/testcontainers-go/wait"
)

// What Toxiproxy's modules ask of its image: its API at 8474, which answers when it is
// ready, and proxies that listen at 0.0.0.0 from 8666 on. The module for Go tells the first
// of them by a file and flags; those for Java and Node start the image as it is, and make
// proxies by the API.
const (
	controlPort = "8474/tcp"
	firstPort   = "8666/tcp"
	secondPort  = "8667/tcp"
	inContainer = "/tmp/tc-toxiproxy.json"
)

// Testcontainers start the image as those modules have it started, and Toxiproxy's client
// drives it through the ports that are published. What is proxied is the API itself: it is
// the one server that is surely there.
func testcontainersStartToxiproxy(t *testing.T, program string) {
	needEngine(t)
	require.NoError(t, os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true")) // it is an image, too; read once by the process
	log.SetDefault(log.NewNoopLogger())
	image := imageOf(t, program, "--target", "toxiproxy")
	tellWherePortsAre(t, image)
	for name, row := range map[string]struct {
		command []string
		file    string
	}{
		"as Go's module does":             {[]string{"-host=0.0.0.0", "-config=" + inContainer}, `[{"name": "first", "upstream": "127.0.0.1:8474", "listen": "0.0.0.0:8666", "enabled": true}]`},
		"as Java's and Node's modules do": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			request := testcontainers.ContainerRequest{
				Image: image, Cmd: row.command, ExposedPorts: []string{controlPort, firstPort, secondPort},
				WaitingFor: wait.ForHTTP("/version").WithPort(controlPort).WithStatusCodeMatcher(func(status int) bool { return status == http.StatusOK }).WithStartupTimeout(patience),
			}
			if row.file != "" {
				request.Files = []testcontainers.ContainerFile{{Reader: strings.NewReader(row.file), ContainerFilePath: inContainer, FileMode: 0o644}}
			}
			c, err := testcontainers.GenericContainer(t.Context(), testcontainers.GenericContainerRequest{ContainerRequest: request, Started: true})
			testcontainers.CleanupContainer(t, c)
			require.NoError(t, err)
			at := func(port string) string {
				url, err := c.PortEndpoint(t.Context(), port, "http")
				require.NoError(t, err)
				return url
			}
			client := toxiproxy.NewClient(at(controlPort))
			if row.file == "" {
				_, err := client.CreateProxy("first", "0.0.0.0:8666", "127.0.0.1:8474")
				require.NoError(t, err)
			}
			first, err := client.Proxy("first")
			require.NoError(t, err)
			require.True(t, first.Enabled)
			require.Equal(t, "0.0.0.0:8666", first.Listen)
			second, err := client.CreateProxy("second", "0.0.0.0:8667", "127.0.0.1:8474")
			require.NoError(t, err)
			require.NoError(t, versionAt(at(secondPort)))

			_, err = first.AddToxic("", "latency", "downstream", 1, toxiproxy.Attributes{"latency": 1000})
			require.NoError(t, err)
			began := time.Now()
			require.NoError(t, versionAt(at(firstPort)))
			require.GreaterOrEqual(t, time.Since(began), 900*time.Millisecond)
			require.NoError(t, first.RemoveToxic("latency_downstream"))
			require.NoError(t, first.Disable())
			require.Error(t, versionAt(at(firstPort)), "it is down")
			require.NoError(t, versionAt(at(secondPort)), "and it alone")
			require.NoError(t, second.Delete())
		})
	}
}

// tellWherePortsAre tells testcontainers that published ports are on this machine, where
// they are: in a container with an engine of its own it takes them to be elsewhere.
func tellWherePortsAre(t *testing.T, image string) {
	name := "holdfast-" + image[strings.LastIndex(image, ":")+1:]
	out, err := docker(t, "run", "--detach", "--name", name, "--publish", "8474", image)
	require.NoError(t, err, out)
	defer func() { _, _ = docker(t, "rm", "--force", name) }()
	at, err := docker(t, "port", name, "8474")
	require.NoError(t, err, at)
	first, _, _ := strings.Cut(at, "\n")
	url := "http://localhost" + first[strings.LastIndex(first, ":"):]
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		if versionAt(url) == nil {
			require.NoError(t, os.Setenv("TESTCONTAINERS_HOST_OVERRIDE", "localhost"))
			return
		}
	}
}

// versionAt asks an address for the version of the API there, on a connection of its own.
func versionAt(url string) error {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(url + "/version")
	if err != nil {
		return err
	}
	return res.Body.Close()
}
