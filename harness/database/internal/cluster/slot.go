package cluster

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"holdfast.dev/holdfast/safefile"
)

const (
	maxSlots = 64 // runs at once; far more than a machine can carry
	// keepUnused is how long a cluster that nobody used stays in the cache.
	keepUnused = 14 * 24 * time.Hour
)

// slot is one numbered folder: the lock that says who uses it, the cluster's
// data, its superuser's password and its log. Two runs at once take two.
type slot struct {
	dir  string
	who  account
	held *os.File // the lock, as long as it is ours
}

func (s *slot) data() string { return filepath.Join(s.dir, "data") }
func (s *slot) log() string  { return filepath.Join(s.dir, "log") }

// takeSlot locks the first folder that is free, and removes clusters that were
// not used for long.
func takeSlot(config Config, who account) (*slot, error) {
	kind, err := filepath.Abs(filepath.Join(config.Dir, kindOf(config.Binaries)))
	if err != nil {
		return nil, fmt.Errorf("find the cache directory: %w", err)
	}
	if err := who.makeDir(kind); err != nil {
		return nil, err
	}
	// Orphans are known by the real path of where they stand.
	if kind, err = filepath.EvalSymlinks(kind); err != nil {
		return nil, fmt.Errorf("find the cache directory: %w", err)
	}
	for _, path := range []string{kind, config.Binaries.Dir} {
		if err := who.reaches(path); err != nil {
			return nil, err
		}
	}
	for n := 1; n <= maxSlots; n++ {
		s := &slot{dir: filepath.Join(kind, fmt.Sprintf("%02d", n)), who: who}
		if err := who.makeDir(s.dir); err != nil {
			return nil, err
		}
		locked, err := s.lock()
		if err != nil {
			return nil, err
		}
		if locked {
			now := time.Now()
			_ = os.Chtimes(s.held.Name(), now, now)
			removeUnused(config.Dir, now)
			return s, nil
		}
	}
	return nil, fmt.Errorf("all %d clusters below %s are in use", maxSlots, kind)
}

// kindOf names a folder for clusters that one set of binaries can read: data
// directories belong to a major version, and two builds of it may differ in what
// they were built with.
func kindOf(b Binaries) string {
	sum := sha256.Sum256([]byte(b.Dir))
	return fmt.Sprintf("%d-%x", b.Major, sum[:4])
}

// lock tries to make the slot ours. It reports false where it is somebody
// else's.
func (s *slot) lock() (bool, error) {
	f, err := safefile.Lock(filepath.Join(s.dir, "lock"), safefile.Exclusive)
	if errors.Is(err, safefile.ErrLocked) || errors.Is(err, fs.ErrNotExist) { // or it was removed just now
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lock cluster: %w", err)
	}
	s.held = f
	return true, nil
}

func (s *slot) release() {
	if s.held != nil {
		_ = s.held.Close()
		s.held = nil
	}
}

// removeUnused removes free clusters that nobody used for long, of any kind of
// binaries. What it cannot remove stays for the next time.
func removeUnused(root string, now time.Time) {
	locks, _ := filepath.Glob(filepath.Join(root, "*", "[0-9][0-9]", "lock"))
	for _, path := range locks {
		info, err := os.Stat(path)
		if err != nil || now.Sub(info.ModTime()) < keepUnused {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), killPatience)
		_ = remove(ctx, filepath.Dir(path))
		cancel()
	}
}

// password returns the superuser's password, which only we can read.
func (s *slot) password() (string, error) {
	data, err := os.ReadFile(filepath.Join(s.dir, "password"))
	if err != nil {
		return "", fmt.Errorf("read the cluster's password: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// initialize makes the data directory where there is none, and says whether it
// did. It comes to be by a rename: one that is there is whole.
func (s *slot) initialize(ctx context.Context, b Binaries) (made bool, err error) {
	if _, err := os.Stat(filepath.Join(s.data(), "PG_VERSION")); err == nil {
		if _, err := s.password(); err == nil {
			spread(filepath.Join(s.data(), "base"))
			return false, nil
		}
	}
	fresh := s.data() + ".new"
	for _, leftover := range []string{fresh, s.data()} {
		if err := os.RemoveAll(leftover); err != nil {
			return false, fmt.Errorf("make a data directory: %w", err)
		}
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return false, fmt.Errorf("make a data directory: %w", err)
	}
	if err := s.who.own(fresh); err != nil {
		return false, err
	}
	password := rand.Text()
	if err := s.initdb(ctx, b, fresh, password); err != nil {
		return false, err
	}
	if err := os.WriteFile(filepath.Join(s.dir, "password"), []byte(password), 0o600); err != nil {
		return false, fmt.Errorf("keep the cluster's password: %w", err)
	}
	spread(filepath.Join(fresh, "base"))
	return true, os.Rename(fresh, s.data())
}

// initdb runs initdb with a UTF-8 locale: without one, Postgres folds no case
// but ASCII's and trigram search ignores every other letter.
func (s *slot) initdb(ctx context.Context, b Binaries, dir, password string) error {
	file := filepath.Join(s.dir, "password.new")
	if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
		return fmt.Errorf("hand initdb a password: %w", err)
	}
	defer os.Remove(file)
	if err := s.who.own(file); err != nil {
		return err
	}
	var err error
	for _, locale := range []string{"C.UTF-8", "en_US.UTF-8"} {
		// --no-sync: a power cut while the cache is made costs the cache, no more.
		cmd := exec.CommandContext(ctx, b.program("initdb"), "-D", dir, "--no-sync", "--no-instructions",
			"-U", superuser, "--pwfile", file, "--auth", "scram-sha-256",
			"--encoding", "UTF8", "--locale", "C", "--lc-ctype", locale)
		cmd.Dir = "/"
		cmd.Env = environment("")
		cmd.SysProcAttr = childAttributes(s.who, unix.SIGKILL)
		var out []byte
		if out, err = combinedOutput(cmd); err == nil {
			return nil
		}
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		err = fmt.Errorf("initdb of %s: %w: %s", b, err, strings.Join(lines[max(0, len(lines)-3):], " | "))
		if ctx.Err() != nil || !strings.Contains(string(out), "invalid locale name") {
			break
		}
	}
	return err
}
