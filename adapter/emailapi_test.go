package adapter_test

import (
	"crypto/rand"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/verdict"
)

// mail is one to somebody.
func mail(to string) string {
	return `{"from":"us@tasks.example","to":["` + to + `@tasks.example"],"subject":"News","text":"There is news."}`
}

// send sends a mail to somebody new as a target does that finds the API by its settings.
func send(t *testing.T, fake harness.Fake, key string) int {
	t.Helper()
	return ask(t, http.MethodPost, fake.Settings()["EMAIL_API_URL"]+"/emails", key, mail(rand.Text()))
}

func TestATargetFindsTheEmailAPIByItsSettings(t *testing.T) {
	d := adapter.EmailAPI("api", emailapi.Config{}, adapter.KeyInEnvironment)
	fake := open(t, d)
	require.Len(t, fake.Settings(), 2)
	require.Equal(t, 200, send(t, fake, fake.Settings()["EMAIL_API_KEY"]))
	require.Equal(t, 401, send(t, fake, ""))
	require.Equal(t, 401, send(t, fake, "another"))
	for name, want := range map[string]float64{
		"api.calls": 3, "api.key_refused": 2, "api.abandoned": 0, "api.retries": 0, "api.attempts.max": 1,
	} {
		require.Equal(t, verdict.Reading{Value: want, Samples: 3}, measured(t, d, fake, name), name)
	}
	require.Positive(t, measured(t, d, fake, "api.call.max").Value)
}

func TestACallThatIsMadeAgainIsARetry(t *testing.T) {
	d := adapter.EmailAPI("api", emailapi.Config{}, adapter.KeyInEnvironment)
	fake := open(t, d)
	for range 3 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fake.Settings()["EMAIL_API_URL"]+"/emails", strings.NewReader(mail("a")))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+fake.Settings()["EMAIL_API_KEY"])
		r.Header.Set("Idempotency-Key", "task-7")
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		res, err := client.Do(r)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
	}
	require.EqualValues(t, 3, measured(t, d, fake, "api.attempts.max").Value)
	require.EqualValues(t, 2, measured(t, d, fake, "api.retries").Value)
	require.Equal(t, []string{"api"}, d.Receives)
	received := fake.(*adapter.Mail).Received("api", fake.(*adapter.Mail).Journal().Start())
	require.Len(t, received, 1, "its key is answered as before, and nothing is sent again")
	require.Equal(t, "a@tasks.example", received[0].Key)
	require.Equal(t, fake.Settings()["EMAIL_API_KEY"], fake.(*adapter.Mail).Values()["key"], "what a target may be told it by")
}

func TestAKeyThatStaysCannotBeReplaced(t *testing.T) {
	fake := open(t, adapter.EmailAPI("api", emailapi.Config{}, adapter.KeyInEnvironment))
	require.ErrorContains(t, fake.Support().Accepts(fault.Fault{Kind: fault.RevokeKey{}}), "not in a file")
}

// A key is refused, and another takes its place in the file when the fault is undone.
func TestAKeyIsRevokedAndReplaced(t *testing.T) {
	fake := open(t, adapter.EmailAPI("api", emailapi.Config{}, adapter.KeyInFile))
	file := fake.Settings()["EMAIL_API_KEY_FILE"]
	require.NotContains(t, fake.Settings(), "EMAIL_API_KEY")
	inFile := func() string {
		t.Helper()
		key, err := os.ReadFile(file)
		require.NoError(t, err)
		return strings.TrimSuffix(string(key), "\n")
	}
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "it is as secret as a key is")

	first := inFile()
	require.Equal(t, 200, send(t, fake, first))
	require.NoError(t, fake.Support().Accepts(fault.Fault{Kind: fault.RevokeKey{}}))
	applied, err := fake.Apply(t.Context(), fault.Fault{ID: "revoked", Kind: fault.RevokeKey{}})
	require.NoError(t, err)
	require.Equal(t, first, inFile(), "nobody has replaced it yet")
	require.Equal(t, 401, send(t, fake, first))
	require.EqualValues(t, 1, applied.Receipt().Fired)
	require.Equal(t, "revoked", applied.Receipt().ID)

	require.NoError(t, applied.Undo(t.Context()))
	require.NotEqual(t, first, inFile())
	require.Equal(t, 200, send(t, fake, inFile()))
	require.Equal(t, 401, send(t, fake, first))
	require.EqualValues(t, 2, applied.Receipt().Fired, "a target that has not read the file again is told so")

	require.NoError(t, fake.Close())
	require.NoDirExists(t, filepath.Dir(file))
}

// A key's file is gone for a while, and is what it was afterwards; a key that has taken
// its place meanwhile stays.
func TestAKeysFileIsTakenAway(t *testing.T) {
	fake := open(t, adapter.EmailAPI("api", emailapi.Config{}, adapter.KeyInFile))
	file := fake.Settings()["EMAIL_API_KEY_FILE"]
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, row := range []struct {
		replaced string
		kind     fault.HideKey
	}{{"", fault.HideKey{}}, {"", fault.HideKey{Empty: true}}, {"another", fault.HideKey{}}, {"another", fault.HideKey{Empty: true}}} {
		away, err := fake.Apply(t.Context(), fault.Fault{ID: "away", Kind: row.kind})
		require.NoError(t, err)
		if row.kind.Empty {
			left, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Empty(t, left)
		} else {
			require.NoFileExists(t, file)
		}
		require.EqualValues(t, 1, away.Receipt().Fired)
		want := string(before)
		if row.replaced != "" {
			want = row.replaced
			require.NoError(t, os.WriteFile(file, []byte(row.replaced), 0o600))
		}
		require.NoError(t, away.Undo(t.Context()))
		after, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, want, string(after))
		before = after
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing stays beside it")
}

func TestAnotherFaultOfTheEmailAPI(t *testing.T) {
	fake := open(t, adapter.EmailAPI("api", emailapi.Config{}, adapter.KeyInFile))
	down := adapter.Misbehave("down", "api", "status 503").What()
	require.NoError(t, fake.Support().Accepts(down))
	applied, err := fake.Apply(t.Context(), down)
	require.NoError(t, err)
	require.Equal(t, 503, send(t, fake, fake.(*adapter.Mail).Secrets()[0]))
	require.NoError(t, applied.Undo(t.Context()))
	require.Equal(t, 200, send(t, fake, fake.(*adapter.Mail).Secrets()[0]))
}

// A fake whose configuration is wrong does not start, and says what is.
func TestAFakeThatCannotStartSaysWhy(t *testing.T) {
	_, err := adapter.EmailAPI("api", emailapi.Config{DailyQuota: -1}, adapter.KeyInFile).Open(t.Context(), harness.Opening{Seed: 1})
	require.Error(t, err)
}
