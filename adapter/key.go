package adapter

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/safefile"
)

// keys are the API keys of one fake: secrets of this run alone, so that wherever one
// turns up the target has told it. The second takes the first one's place, where that
// is revoked.
type keys struct{ first, second string }

func newKeys() keys { return keys{"re_" + rand.Text(), "re_" + rand.Text()} }

// Values are where the API is found, and {key} is the key that it takes.
func (m *Mail) Values() map[string]string {
	values := m.Fake.Values()
	values["key"] = m.own.first
	return values
}

// Secrets are the keys that the target is given.
func (m *Mail) Secrets() []string { return []string{m.own.first, m.own.second} }

// KeyAt is where the target finds its API key.
type KeyAt int

// Where a key may be.
const (
	// KeyInEnvironment is EMAIL_API_KEY.
	KeyInEnvironment KeyAt = iota
	// KeyInFile is a file, as a mounted secret is, whose name is EMAIL_API_KEY_FILE.
	// Such a key can be replaced: see [fault.RevokeKey].
	KeyInFile
)

// keyInFile hands the key over in a file.
func (m *Mail) keyInFile() error {
	dir, remove, err := safefile.Temporary(safefile.TempKey)
	if err != nil {
		return fmt.Errorf("a directory for the API key: %w", err)
	}
	m.removeKey = remove
	m.keyFile = filepath.Join(dir, "key")
	m.Set("EMAIL_API_KEY_FILE", m.keyFile)
	return m.writeKey(m.own.first)
}

// Close stops the API and takes the key away.
func (m *Mail) Close() error {
	err := m.Fake.Close()
	if m.removeKey != nil {
		err = errors.Join(err, m.removeKey())
		m.removeKey = nil
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

// EmailSupport is what can be done to the e-mail API: what any fake does, and to
// have its key revoked, which is undone as people do it: by another key in the
// file.
func EmailSupport(key KeyAt) fault.Support {
	s := Support()
	s.Place = "a fake e-mail API"
	s.Kinds = append(s.Kinds, fault.Carried{
		Kind: fault.RevokeKey{}.Name(), Acts: "every call with the key that was good",
		Counts: "calls that were refused for their key", Undoing: "another key is good, and stands in the file",
	}, fault.Carried{
		Kind: fault.HideKey{}.Name(), Acts: "who reads the key's file; a call with a key that was read before is answered as ever",
		Counts: "one: the file, which nobody was seen to look for", Undoing: "the file is where it was",
	})
	limits := s.Limits
	s.Limits = func(f fault.Fault) error {
		if !slices.ContainsFunc(fault.Steps(f.Kind), OfKey) {
			return limits(f)
		}
		switch {
		case key != KeyInFile:
			return errors.New("the API key is not in a file, so it can be neither replaced nor taken away")
		case !OfKey(f.Kind) || len(f.When.Used()) > 0:
			return fmt.Errorf("%s is for all calls: it takes no selectors and is no step", f.Kind)
		}
		return nil
	}
	return s
}

// OfKey reports whether a fault is one of the API's key, for which it has to be in a file.
func OfKey(kind fault.Kind) bool {
	switch kind.(type) {
	case fault.RevokeKey, fault.HideKey:
		return true
	default:
		return false
	}
}

// Support implements [chaos.Place].
func (m *Mail) Support() fault.Support {
	if m.keyFile == "" {
		return EmailSupport(KeyInEnvironment)
	}
	return EmailSupport(KeyInFile)
}

// Apply puts the fault into force.
func (m *Mail) Apply(ctx context.Context, f fault.Fault) (chaos.Applied, error) {
	switch kind := f.Kind.(type) {
	case fault.HideKey:
		return m.hide(f, kind.Empty)
	case fault.RevokeKey:
		return m.revoke(f), nil
	default:
		return m.Fake.Apply(ctx, f)
	}
}

func (m *Mail) revoke(f fault.Fault) chaos.Applied {
	m.api.SetKey(m.own.first, emailapi.Revoked)
	return &revocation{m, f, time.Since(m.api.Journal().Start())}
}

// revocation is a [fault.RevokeKey] in force.
type revocation struct {
	mail  *Mail
	fault fault.Fault
	since time.Duration // on the journal's clock
}

// Undo lets another key in and hands it to the target.
func (r *revocation) Undo(context.Context) error {
	second := r.mail.own.second
	r.mail.api.SetKey(second, emailapi.Valid)
	r.mail.mu.Lock()
	r.mail.keys = append(r.mail.keys, second)
	r.mail.mu.Unlock()
	return r.mail.writeKey(second)
}

// Receipt counts the calls that were refused for their key.
func (r *revocation) Receipt() fault.Receipt {
	refused := int64(r.mail.api.Journal().Count(journal.Filter{From: r.since, Where: keyRefused}))
	return fault.Receipt{
		ID: r.fault.Name(), Text: r.fault.Text(),
		Fired: refused, Touched: refused,
		Declared: "the API key is refused, until another takes its place",
		Measured: fmt.Sprintf("%d calls refused", refused),
	}
}

func keyRefused(e journal.Entry) bool {
	return e.Status == http.StatusForbidden || e.Status == http.StatusUnauthorized
}

// hide takes the key's file away, and may leave one without a key in its place.
func (m *Mail) hide(f fault.Fault, empty bool) (chaos.Applied, error) {
	if err := os.Rename(m.keyFile, m.keyFile+hiddenAs); err != nil {
		return nil, fmt.Errorf("take the API key's file away: %w", err)
	}
	if empty {
		if err := os.WriteFile(m.keyFile, nil, 0o600); err != nil {
			return nil, errors.Join(fmt.Errorf("empty the API key's file: %w", err), os.Rename(m.keyFile+hiddenAs, m.keyFile))
		}
	}
	return absence{m.keyFile, f}, nil
}

const hiddenAs = ".away"

// absence is a [fault.HideKey] in force.
type absence struct {
	file  string
	fault fault.Fault
}

// Undo puts the file back, unless another has taken its place.
func (h absence) Undo(context.Context) error {
	if left, err := os.Stat(h.file); err == nil && left.Size() == 0 {
		if err := os.Remove(h.file); err != nil {
			return fmt.Errorf("put the API key's file back: %w", err)
		}
	}
	if err := os.Link(h.file+hiddenAs, h.file); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("put the API key's file back: %w", err)
	}
	if err := os.Remove(h.file + hiddenAs); err != nil {
		return fmt.Errorf("put the API key's file back: %w", err)
	}
	return nil
}

// Receipt says that the file was away.
func (h absence) Receipt() fault.Receipt {
	return fault.Receipt{
		ID: h.fault.Name(), Text: h.fault.Text(), Fired: 1, Touched: 1,
		Declared: "the file with the API key is gone, or empty", Measured: "1 file taken away",
	}
}
