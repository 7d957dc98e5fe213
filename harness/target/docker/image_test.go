package docker

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/target/internal/conformance"
)

// importedImage is the test program as an image that the machine has.
func importedImage(t *testing.T) string {
	t.Helper()
	needEngine(t)
	e, err := dialEngine("")
	require.NoError(t, err)
	name := ownPrefix + "image-test:" + strings.ToLower(filepath.Base(filepath.Dir(t.TempDir())))
	require.NoError(t, e.importImage(t.Context(), name, "test", conformance.Subject(t)))
	t.Cleanup(func() {
		defer e.close()
		require.NoError(t, e.removeImage(context.Background(), name, "test"))
	})
	return name
}

func serviceOf(t *testing.T, all ...target.Process) *target.System {
	t.Helper()
	p := conformance.Program(t, nil)
	s, err := target.NewSystem(target.SystemConfig{Processes: all, Start: p.Start, Journal: p.Journal, Image: Runtime("").Image})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(t.Context())) })
	return s
}

func TestAnImageIsAProcessOfAService(t *testing.T) {
	image := importedImage(t)
	web := target.Process{
		Name: "web", Image: image, Command: []string{"--replica={replica}"}, Replicas: 2, Memory: 67_000_000, CPUs: 0.5,
		Env:   map[string]string{"LISTEN_ADDR": "{address}", "SUBJECT_WORKERS": "2"},
		Ready: target.Ready{HTTP: "/readyz"}, Restart: target.RestartOnFailure, Grace: 5 * time.Second,
	}
	s := serviceOf(t, web)
	require.NoError(t, s.Start(t.Context()))
	second, _ := s.Instance("web.2")
	require.Eventually(t, func() bool { return slices.Contains(second.Log(), "args [--replica=2]") }, 30*time.Second, 20*time.Millisecond)
	require.Contains(t, second.Describe(), "container web.2 of image "+image+", memory limit 67\u00a0MB, 0.5 CPUs, Docker")
	resp, err := http.Get(second.URL() + "/readyz")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Len(t, second.Members(), 3)
	reached, err := second.SignalTo(syscall.SIGKILL, target.ToOldestChild)
	require.NoError(t, err)
	require.Len(t, reached, 1)
	_, hasCPU := second.CgroupDir("cpu")
	require.True(t, hasCPU)

	require.NoError(t, second.Signal(syscall.SIGKILL))
	require.Eventually(t, func() bool { return second.Restarts() == 1 && len(second.Members()) == 3 }, 30*time.Second, 20*time.Millisecond)
	require.NoError(t, s.Stop(t.Context()))
	require.Len(t, second.Ends(), 2)
	require.EqualValues(t, 67_000_000, *second.Ends()[0].LimitBytes)
}

func TestAnImageThatCannotBeToldWhereToListenIsPublished(t *testing.T) {
	image := importedImage(t)
	p := conformance.Program(t, nil)
	at, release, err := target.PickAddresses([]target.Process{{Name: "db", Image: image}})
	require.NoError(t, err)
	t.Cleanup(release)
	address := at["db"][target.DefaultPort]
	archive := filepath.Join(t.TempDir(), "data.tar")
	writeArchive(t, archive, "tmp/kept", "of an earlier life")
	launcher, err := Image("", ImageConfig{
		ImageSpec: target.ImageSpec{Name: "db", Image: image, Journal: p.Journal},
		Port:      8080, Publish: func() string { return address }, Data: "/tmp", Archive: archive, Save: true,
	})
	require.NoError(t, err)
	p.Address, p.AddrVariable, p.Env = address, "UNUSED", map[string]string{"LISTEN_ADDR": "0.0.0.0:8080"}
	db, err := target.New(p, launcher)
	require.NoError(t, err)
	require.NoError(t, db.Start(t.Context()))
	_, err = db.Stop(t.Context())
	require.NoError(t, err)
	require.Equal(t, "of an earlier life", readArchive(t, archive)["tmp/kept"])
}

func writeArchive(t *testing.T, path, name, text string) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	w := tar.NewWriter(f)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(text))}))
	_, err = io.WriteString(w, text)
	require.NoError(t, errors.Join(err, w.Close(), f.Close()))
}

func readArchive(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	all := map[string]string{}
	for r := tar.NewReader(f); ; {
		header, err := r.Next()
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		all[header.Name] = string(text)
	}
}

func TestAnImageThatIsNowhereIsOneClearError(t *testing.T) {
	needEngine(t)
	s := serviceOf(t, target.Process{Name: "web", Image: "registry.invalid/no/such:image"})
	err := s.Start(t.Context())
	require.ErrorContains(t, err, "start web: the machine has no image registry.invalid/no/such:image, and it cannot be pulled")
}

func TestAnImageSaysAllThatIsWrongWithItAtOnce(t *testing.T) {
	_, err := Image("", ImageConfig{ImageSpec: target.ImageSpec{MemoryLimit: 1}, Port: -1, Data: "data"})
	for _, part := range []string{"Image", "Journal", "MemoryLimit", "Port -1", `"data"`, "Archive"} {
		require.ErrorContains(t, err, part)
	}
	_, err = Image("", ImageConfig{Port: 80})
	require.ErrorContains(t, err, "Publish")
	_, err = target.NewSystem(target.SystemConfig{Processes: []target.Process{{Name: "web", Image: "x"}}})
	require.ErrorContains(t, err, "process web is an image, and no runtime of containers was chosen")
}
