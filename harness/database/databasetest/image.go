package databasetest

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	_ "embed" // of the entrypoint's source
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"holdfast.dev/holdfast/harness/database/internal/cluster"
	"holdfast.dev/holdfast/harness/database/internal/engine"

	"github.com/moby/moby/client"
)

//go:embed entrypoint/main.go
var entrypointSource string

const (
	repository = "holdfast-test-postgres"
	dataDir    = "/var/lib/postgresql/data"
	// imageLayout is part of an image's tag: change it with what pack packs.
	imageLayout = "4"
)

// madeImage returns an image with the machine's Postgres in the places where it
// is on the machine, with a shell, and nothing else. One that was
// made before from the same is used again.
func madeImage(ctx context.Context, e *engine.Engine, b cluster.Binaries) (string, error) {
	if runtime.GOOS != "linux" {
		return "", errors.New("that takes Linux; docker pull a Postgres image instead")
	}
	sum := sha256.Sum256([]byte(b.String() + entrypointSource + imageLayout))
	image := fmt.Sprintf("%s:%s-%x", repository, b.Version, sum[:4])
	has, err := e.Has(ctx, image)
	if has || err != nil {
		return image, err
	}
	entrypoint, err := buildEntrypoint(ctx)
	if err != nil {
		return "", err
	}
	files, err := postgresFiles(ctx, b)
	if err != nil {
		return "", err
	}
	read, write := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		err := pack(write, entrypoint, files)
		_ = write.CloseWithError(err)
		packed <- err
	}()
	result, err := e.Client().ImageImport(ctx, client.ImageImportSource{Source: read, SourceName: "-"}, image, client.ImageImportOptions{
		Changes: []string{
			`ENTRYPOINT ["/entrypoint"]`, `CMD ["postgres"]`, "EXPOSE 5432",
			"VOLUME " + dataDir, // as the official image: past the engine's storage driver, which may be slow
			"ENV PGBIN=" + b.Dir, "ENV PGDATA=" + dataDir, "LABEL holdfast.test=true",
		},
	})
	if err == nil {
		_, err = io.Copy(io.Discard, result)
		_ = result.Close()
	}
	_ = read.CloseWithError(io.ErrClosedPipe)
	errPack := <-packed
	if err != nil { // then packing failed too, for want of a reader
		return "", fmt.Errorf("import: %w", err)
	}
	return image, errors.Join(errPack, removeOlder(ctx, e, image))
}

// removeOlder removes the images that were made before, since each is 80 MB. One
// that a container still uses stays.
func removeOlder(ctx context.Context, e *engine.Engine, image string) error {
	list, err := e.Client().ImageList(ctx, client.ImageListOptions{
		Filters: make(client.Filters).Add("label", "holdfast.test").Add("reference", repository),
	})
	if err != nil {
		return fmt.Errorf("list images: %w", err)
	}
	for _, old := range list.Items {
		for _, tag := range old.RepoTags {
			if tag != image {
				_, _ = e.Client().ImageRemove(ctx, tag, client.ImageRemoveOptions{})
			}
		}
	}
	return nil
}

// buildEntrypoint compiles the image's first process, as a static binary.
func buildEntrypoint(ctx context.Context) ([]byte, error) {
	dir, err := os.MkdirTemp("", "holdfast-entrypoint-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "entrypoint")
	if err := os.WriteFile(source, []byte(entrypointSource), 0o600); err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the entrypoint: %w: %s", err, out)
	}
	return os.ReadFile(binary)
}

// postgresFiles lists what Postgres needs: its programs, its library and share
// folders, the time zones, and the shared libraries of all of these. Compiled
// queries (LLVM, 100 MB) stay out: Postgres does without.
func postgresFiles(ctx context.Context, b cluster.Binaries) ([]string, error) {
	lib, share := filepath.Join(b.Dir, "../lib"), filepath.Join(b.Dir, "../share")
	if config := filepath.Join(b.Dir, "pg_config"); exec.CommandContext(ctx, config).Run() == nil {
		for flag, dir := range map[string]*string{"--pkglibdir": &lib, "--sharedir": &share} {
			out, err := exec.CommandContext(ctx, config, flag).Output()
			if err != nil {
				return nil, fmt.Errorf("pg_config %s: %w", flag, err)
			}
			*dir = strings.TrimSpace(string(out))
		}
	}
	files := []string{filepath.Join(b.Dir, "postgres"), filepath.Join(b.Dir, "initdb")}
	for _, dir := range []string{lib, share, "/usr/share/zoneinfo", "/usr/lib/locale/C.utf8"} {
		found, err := filesBelow(dir)
		if errors.Is(err, os.ErrNotExist) {
			continue // the last two are built in here and there
		}
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	files = append(files, "/bin/sh") // initdb starts postgres by way of it
	linked := []string{files[0], files[1], "/bin/sh"}
	for _, module := range []string{"plpgsql.so", "dict_snowball.so", "pg_trgm.so", "unaccent.so", "libpqwalreceiver.so"} {
		path := filepath.Join(lib, module)
		if _, err := os.Stat(path); err == nil {
			linked = append(linked, path)
		}
	}
	libraries, err := sharedLibraries(ctx, linked)
	return append(files, libraries...), err
}

func filesBelow(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "bitcode" || entry.Name() == "man" || entry.Name() == "right"):
			return filepath.SkipDir
		case entry.IsDir() || strings.HasPrefix(entry.Name(), "llvmjit"):
			return nil
		}
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() { // no link to a folder, or to nothing
			files = append(files, path)
		}
		return nil
	})
	return files, err
}

// sharedLibraries asks the loader what the programs are linked with.
func sharedLibraries(ctx context.Context, programs []string) ([]string, error) {
	out, err := exec.CommandContext(ctx, "ldd", programs...).Output()
	if err != nil {
		return nil, fmt.Errorf("ldd: %w", err)
	}
	var libraries []string
	for _, word := range strings.Fields(string(out)) {
		if strings.HasPrefix(word, "/") && !strings.HasSuffix(word, ":") {
			libraries = append(libraries, word)
		}
	}
	return libraries, nil
}

// pack writes the image's one layer. Links are followed, so that what is found
// under a name on the machine is found under it in the image.
func pack(w io.Writer, entrypoint []byte, files []string) error {
	archive := tar.NewWriter(w)
	for _, dir := range []struct {
		name string
		mode int64
	}{{"tmp", 0o1777}, {"run", 0o1777}, {"run/postgresql", 0o1777}, {"var/run/postgresql", 0o1777}, {strings.TrimPrefix(dataDir, "/"), 0o755}} {
		header := &tar.Header{Typeflag: tar.TypeDir, Name: dir.name + "/", Mode: dir.mode}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
	}
	passwd := []byte("root:x:0:0:root:/:\npostgres:x:999:999::" + dataDir + ":\n")
	for _, f := range []struct {
		name    string
		mode    int64
		content []byte
	}{{"entrypoint", 0o755, entrypoint}, {"etc/passwd", 0o644, passwd}, {"etc/group", 0o644, []byte("root:x:0:\npostgres:x:999:\n")}} {
		if err := addFile(archive, f.name, f.mode, f.content); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for _, path := range files {
		if seen[path] {
			continue
		}
		seen[path] = true
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := addFile(archive, strings.TrimPrefix(path, "/"), 0o755, content); err != nil {
			return err
		}
	}
	return archive.Close()
}

func addFile(archive *tar.Writer, name string, mode int64, content []byte) error {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(content))}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err := archive.Write(content)
	return err
}
