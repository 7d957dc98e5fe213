// Package mavenfake is a Maven repository on the loopback address that has one
// set of Postgres binaries, for tests of how they are fetched.
package mavenfake

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// Repository serves the same archive for every version and system. Change its
// fields before it is asked.
type Repository struct {
	*httptest.Server
	Jar      []byte // nil: not found
	Checksum string // of the jar, in hexadecimal; empty: not found
	Jars     atomic.Int32
}

// Start starts a repository that serves the files as binaries, by their path in
// the archive, until the test ends.
func Start(t testing.TB, files map[string][]byte) *Repository {
	r := &Repository{}
	r.Serve(files)
	r.Server = httptest.NewServer(http.HandlerFunc(r.answer))
	t.Cleanup(r.Close)
	return r
}

// Serve replaces what is served.
func (r *Repository) Serve(files map[string][]byte) {
	r.Jar = jar(files)
	r.Sum()
}

// Sum makes the checksum that of the jar.
func (r *Repository) Sum() { r.Checksum = fmt.Sprintf("%x", sha256.Sum256(r.Jar)) }

func (r *Repository) answer(w http.ResponseWriter, request *http.Request) {
	path := request.URL.Path
	switch {
	case !strings.Contains(path, "/io/zonky/test/postgres/embedded-postgres-binaries-"):
		http.NotFound(w, request)
	case strings.HasSuffix(path, ".jar") && r.Jar != nil:
		r.Jars.Add(1)
		_, _ = w.Write(r.Jar)
	case strings.HasSuffix(path, ".jar.sha256") && r.Checksum != "":
		_, _ = w.Write([]byte(r.Checksum))
	default:
		http.NotFound(w, request)
	}
}

// jar packs the files as the publisher does: a zip with one .txz, a tar packed
// by xz. The writers write to memory, which does not fail.
func jar(files map[string][]byte) []byte {
	var plain bytes.Buffer
	archive := tar.NewWriter(&plain)
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		mode := int64(0o600)
		if strings.HasPrefix(name, "bin/") {
			mode = 0o700
		}
		_ = archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(files[name]))})
		_, _ = archive.Write(files[name])
	}
	_ = archive.Close()

	var packed bytes.Buffer
	zipped := zip.NewWriter(&packed)
	file, _ := zipped.Create("postgres.txz")
	_, _ = file.Write(storeXZ(plain.Bytes()))
	_ = zipped.Close()
	return packed.Bytes()
}
