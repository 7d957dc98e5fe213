package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"holdfast.dev/holdfast/safefile"
)

// account is the system user that the server runs as. The zero value is this
// process's own.
type account struct {
	name     string // empty: ourselves
	uid, gid uint32
}

// serverAccount picks the user postgres, or nobody, where this process is root,
// which Postgres refuses to be.
func serverAccount() (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(errUID, errGID); err != nil {
			return account{}, fmt.Errorf("look up user %s: %w", name, err)
		}
		return account{name: name, uid: uint32(uid), gid: uint32(gid)}, nil
	}
	return account{}, errors.New("as root, Postgres refuses to run, and there is neither a user postgres nor a user nobody to run it as: run holdfast as another user")
}

// credential is what a child is to be started with; nil for ourselves.
func (a account) credential() *syscall.Credential {
	if a.name == "" {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}

// own gives a path to the account.
func (a account) own(path string) error {
	if a.name == "" {
		return nil
	}
	if err := os.Chown(path, int(a.uid), int(a.gid)); err != nil {
		return fmt.Errorf("give to user %s: %w", a.name, err)
	}
	return nil
}

// reaches says whether the account may pass through every folder down to path,
// and if not which one bars it.
func (a account) reaches(path string) error {
	if a.name == "" {
		return nil
	}
	for dir := filepath.Clean(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && !a.passes(info.Mode(), stat) {
			return fmt.Errorf("user %s, as whom Postgres runs since it refuses to be root, cannot enter %s (%v): choose another cache directory",
				a.name, dir, info.Mode())
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

func (a account) passes(mode os.FileMode, stat *syscall.Stat_t) bool {
	switch {
	case stat.Uid == a.uid:
		return mode&0o100 != 0
	case stat.Gid == a.gid:
		return mode&0o010 != 0
	}
	return mode&0o001 != 0
}

// makeDir makes a folder and those above it, and sees that nobody else may have put
// anything there. Those it makes as root are open to pass through.
func (a account) makeDir(dir string) error {
	perm := fs.FileMode(0o755)
	if a.name == "" {
		perm = 0o700
	}
	return safefile.Secure(dir, perm)
}
