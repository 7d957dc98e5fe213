package adapter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness/chaos"
)

// API keys of the fake. They are no secrets: they open it alone.
const (
	firstKey  = "re_first_key"
	secondKey = "re_second_key" // takes the first one's place, where that is revoked
)

// KeyAt is where the target finds its API key.
type KeyAt int

// Where a key may be.
const (
	// KeyInEnvironment is EMAIL_API_KEY.
	KeyInEnvironment KeyAt = iota
	// KeyInFile is a file, as a mounted secret is, whose name is EMAIL_API_KEY_FILE.
	// Such a key can be replaced: see [KeyRevoked].
	KeyInFile
)

// keyInFile hands the key over in a file.
func (m *Mail) keyInFile() error {
	dir, err := os.MkdirTemp("", "holdfast-key-")
	if err != nil {
		return fmt.Errorf("a directory for the API key: %w", err)
	}
	m.keyFile = filepath.Join(dir, "key")
	m.Set("EMAIL_API_KEY_FILE", m.keyFile)
	return m.writeKey(firstKey)
}

// Close stops the API and takes the key away.
func (m *Mail) Close() error {
	err := m.Fake.Close()
	if m.keyFile != "" {
		err = errors.Join(err, os.RemoveAll(filepath.Dir(m.keyFile)))
	}
	return err
}

// writeKey puts a key into the file, at once.
func (m *Mail) writeKey(key string) error {
	next := m.keyFile + ".next"
	if err := os.WriteFile(next, []byte(key+"\n"), 0o600); err != nil {
		return fmt.Errorf("write the API key: %w", err)
	}
	if err := os.Rename(next, m.keyFile); err != nil {
		return fmt.Errorf("write the API key: %w", err)
	}
	return nil
}

// KeyRevoked is the fault of an API key that is refused from now on. It is
// undone as people do it: by another key in the file.
type KeyRevoked struct{}

// String is its text form.
func (KeyRevoked) String() string { return "key revoked, then replaced" }

// Accepts knows KeyRevoked beside the faults of any fake.
func (m *Mail) Accepts(kind chaos.Kind) error {
	if _, ok := kind.(KeyRevoked); ok {
		if m.keyFile == "" {
			return errors.New("the API key is not in a file, so it cannot be replaced")
		}
		return nil
	}
	return m.Fake.Accepts(kind)
}

// Apply puts the fault into force.
func (m *Mail) Apply(ctx context.Context, kind chaos.Kind) (chaos.Applied, error) {
	if _, ok := kind.(KeyRevoked); !ok {
		return m.Fake.Apply(ctx, kind)
	}
	m.api.SetKey(firstKey, emailapi.Revoked)
	return &revocation{m, time.Since(m.api.Journal().Start())}, nil
}

// revocation is KeyRevoked in force.
type revocation struct {
	mail  *Mail
	since time.Duration // on the journal's clock
}

// Undo lets another key in and hands it to the target.
func (r *revocation) Undo(context.Context) error {
	r.mail.api.SetKey(secondKey, emailapi.Valid)
	return r.mail.writeKey(secondKey)
}

// Receipt counts the calls that were refused for their key.
func (r *revocation) Receipt() chaos.Receipt {
	refused := int64(r.mail.api.Journal().Count(journal.Filter{From: r.since, Where: keyRefused}))
	return chaos.Receipt{
		Fired: refused, Touched: refused,
		Declared: "the API key is refused, until another takes its place",
		Measured: fmt.Sprintf("%d calls refused", refused),
	}
}

func keyRefused(e journal.Entry) bool {
	return e.Status == http.StatusForbidden || e.Status == http.StatusUnauthorized
}
