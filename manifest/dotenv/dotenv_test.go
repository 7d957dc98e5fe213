package dotenv_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/joho/godotenv"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/manifest/dotenv"
)

// The harm: who starts with a clean environment has the developer's own database all
// the same, because the file beside its code says so.
// nobody plays a host.
func nobody(string) bool { return false }

func TestAHostThatIsPlayedIsNobodyElses(t *testing.T) {
	f := dotenv.Parse(".env", []byte("STRIPE_API=https://api.stripe.com/v1\nSTRIPE_HOST=api.stripe.com\nOTHER=https://api.other.example\n"))
	played := func(host string) bool { return host == "api.stripe.com" }
	problems := f.Problems(nil, played)
	require.Len(t, problems, 1)
	require.Equal(t, 3, problems[0].Line)
	require.Len(t, f.Problems(nil, nobody), 3)
}

func TestACleanEnvironmentIsDefeated(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".env")
	require.NoError(t, os.WriteFile(path, []byte("OWN_DATABASE_URL=postgres://me:hunter22@db.example/production\n"), 0o600))
	t.Setenv("OWN_DATABASE_URL", "")
	require.NoError(t, os.Unsetenv("OWN_DATABASE_URL"))
	require.NoError(t, godotenv.Load(path)) // as the stacks do
	require.Contains(t, os.Getenv("OWN_DATABASE_URL"), "production")

	files, err := dotenv.Find(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, files, 1)
	problems := files[0].Problems(nil, nobody)
	require.Len(t, problems, 1)
	require.Equal(t, 1, problems[0].Line)
	require.Contains(t, problems[0].Text, "OWN_DATABASE_URL leads to somebody else's host")
	require.NotContains(t, problems[0].Text, "hunter22")
	require.Empty(t, files[0].Problems(map[string]bool{"OWN_DATABASE_URL": true}, nobody), "what is set already, the file does not set")
}

func TestWhatMayNotReachAService(t *testing.T) {
	for line, want := range map[string]string{
		"DATABASE_URL=postgres://u:p@10.0.0.5/db":                   "somebody else's host",
		"DATABASE_URL=postgres://localhost/shop_development":        "developer's own",
		"CELERY_BROKER_URL='redis://127.0.0.1:6379/0'":              "developer's own",
		"export API_BASE=https://api.payments.example/v1":           "somebody else's host",
		"KAFKA=broker.example:9092":                                 "somebody else's host",
		"PGHOST=db":                                                 "somebody else's host",
		"SMTP_SERVER=mail.example":                                  "somebody else's host",
		"STATSD_ADDR=192.0.2.8:8125":                                "somebody else's host",
		`STRIPE_API_KEY="sk_live_abcdefghijklmnop"`:                 "a secret",
		"APP_PASSWORD=correct-horse":                                "a secret",
		"JWT=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl":     "a secret",
		"SQLALCHEMY_DATABASE_URI=postgresql+psycopg2://localhost/x": "developer's own",
		"BROKEN='unclosed\nSENTRY_DSN=https://k@sentry.example/1":   "somebody else's host",

		"DEBUG=true":                     "",
		"PORT=3000":                      "",
		"# DATABASE_URL=postgres://db/x": "",
		"APP_HOST=localhost":             "",
		"BIND=0.0.0.0:8000":              "",
		"SELF=http://localhost:3000":     "",
		"SECRET_KEY=":                    "",
		"APP_SECRET=dev":                 "",
		"ALLOWED_HOSTS=*":                "",
		"DATABASE_URL=sqlite:///dev.db":  "",
		"TIME=12:30":                     "",
	} {
		t.Run(line, func(t *testing.T) {
			problems := dotenv.Parse(".env", []byte(line+"\n")).Problems(nil, nobody)
			if want == "" {
				require.Empty(t, problems)
				return
			}
			require.Len(t, problems, 1)
			require.Contains(t, problems[0].Text, want)
			require.Contains(t, problems[0].Text, "set ", "it says what to do")
		})
	}
}

func TestWhichFilesAreLookedAt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "odd [name]")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, ".env.d"), 0o700))
	for _, name := range []string{".env", ".env.local", ".env.production", ".env.example", ".flaskenv", "env"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("B=2\nA=1\nAPI=https://api.example\n"), 0o600))
	}
	files, err := dotenv.Find(dir, dir, filepath.Join(dir, "nowhere"))
	require.NoError(t, err)
	var seen, refused []string
	for _, f := range files {
		seen = append(seen, filepath.Base(f.Path))
		require.Equal(t, []string{"A", "API", "B"}, f.Names)
		if len(f.Problems(nil, nobody)) > 0 {
			refused = append(refused, filepath.Base(f.Path))
		}
	}
	require.Equal(t, []string{".env", ".env.local", ".env.production", ".flaskenv"}, seen)
	require.Equal(t, []string{".env", ".env.local", ".flaskenv"}, refused)
}

func TestAFileThatIsNoneIsRefused(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), make([]byte, 2<<20), 0o600))
	_, err := dotenv.Find(dir)
	require.ErrorContains(t, err, "nobody can say what it tells the service")
}

func FuzzParse(f *testing.F) {
	f.Add("A=1\nexport B='x y'\n#c\nC=\"a\nb\"\n")
	f.Add("=\n\x00=\n'")
	f.Fuzz(func(t *testing.T, text string) {
		file := dotenv.Parse(".env", []byte(text))
		for _, p := range file.Problems(nil, nobody) {
			require.NotContains(t, p.Text, "\n", "one line a problem")
		}
	})
}
