package database

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
)

// kind is what a database or a role of ours is for.
type kind byte

const (
	templateKind kind = 't' // seeded and whole; token: of the data set
	buildKind    kind = 'b' // a template that is being seeded; token: of the session
	cloneKind    kind = 'c' // a scenario's own copy; token: of the session
	ownerKind    kind = 'o' // a role that owns what targets use; token: of the role that made it
	loginKind    kind = 'r' // a role that targets log in as; token: of the session
)

// name is the name of a database or a role of ours:
//
//	holdfast_c_0123456789ab_7_89abcdef
//
// prefix, kind, token, number, mark. The mark is a hash of the rest, so that a
// database which merely looks like ours is not taken for it: nothing without a
// right mark is ever dropped. It is in the name, not in a comment, since a run
// may be killed between CREATE DATABASE and any second statement.
type name struct {
	kind   kind
	token  string
	number int // of the session's databases of that kind; 0 for templates and roles
}

func (n name) String() string {
	unmarked := fmt.Sprintf("holdfast_%c_%s_%d", n.kind, n.token, n.number)
	return unmarked + "_" + mark(unmarked)
}

func mark(unmarked string) string {
	sum := sha256.Sum256([]byte("mark of " + unmarked))
	return fmt.Sprintf("%x", sum[:4])
}

// parseName reads a name, and says whether it is one of ours.
func parseName(text string) (name, bool) {
	m := regexp.MustCompile(`^holdfast_([tbcor])_([0-9a-f]{12})_(0|[1-9][0-9]{0,8})_[0-9a-f]{8}$`).FindStringSubmatch(text)
	if m == nil {
		return name{}, false
	}
	n := name{kind: kind(m[1][0]), token: m[2]}
	_, _ = fmt.Sscanf(m[3], "%d", &n.number) // the pattern leaves nothing else
	return n, n.String() == text
}

// token shortens any texts to 12 hexadecimal digits.
func token(texts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	return fmt.Sprintf("%x", sum[:6])
}

// templateFormat changes with what is done to a template beside its Build, so that
// those which an earlier version left in a cache are not taken for today's.
const templateFormat = "5"

// templateToken stands for a data set as one role made it and another owns it.
func templateToken(key, user, owner string) string { return token(templateFormat, key, user, owner) }

// lockKey is the key of the advisory lock that stands for a session or a
// template.
func lockKey(k kind, token string) int64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "holdfast lock %c %s", k, token))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// lock is the key that whoever uses a database or a role of ours holds: of a template
// and of an owner its own, of all else that of the session that made it.
func (n name) lock() int64 {
	if n.ofSession() {
		return lockKey(cloneKind, n.token)
	}
	return lockKey(n.kind, n.token)
}

// ofSession is whether it goes with the session that made it.
func (n name) ofSession() bool { return n.kind != templateKind && n.kind != ownerKind }

func (n name) isRole() bool { return n.kind == ownerKind || n.kind == loginKind }
