package scaffold_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/scaffold"
)

// onDisk drafts of a real folder, as the command line does, within a time.
func onDisk(t *testing.T, dir string) (string, scaffold.Drafted) {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, root.Close()) })
	begun := time.Now()
	d := scaffold.Draft(root.FS(), scaffold.Options{Name: "x", LookPath: nothingOnPath})
	require.Less(t, time.Since(begun), 20*time.Second)
	var b bytes.Buffer
	_, err = d.WriteTo(&b)
	require.NoError(t, err)
	_, err = manifest.Read(b.Bytes(), filepath.Join(dir, manifest.FileName), manifest.Options{})
	require.NoError(t, err, "%s", b.String())
	return b.String(), d
}

func TestAHostileFolderIsReadUpToABoundAndNoFurther(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	put := func(dir, name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	put(outside, "package.json", `{"scripts":{"start":"node outside.js"},"dependencies":{"pg":"1"}}`)
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "Procfile"), 0o644))
	require.NoError(t, os.Symlink(filepath.Join(outside, "package.json"), filepath.Join(dir, "package.json")))
	require.NoError(t, os.Symlink("compose.yaml", filepath.Join(dir, "compose.yaml")))
	require.NoError(t, os.Symlink(".", filepath.Join(dir, "round")))
	require.NoError(t, os.Symlink("/dev/zero", filepath.Join(dir, "Gemfile")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "manage.py"), 0o755))
	put(dir, "go.mod", "\xff\xfem\x00o\x00d\x00")
	put(dir, "requirements.txt", strings.Repeat("a", 2<<20))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pom.xml"), nil, 0o644))
	require.NoError(t, os.Truncate(filepath.Join(dir, "pom.xml"), 100<<20))
	put(dir, "mix.exs", "{:phoenix, \xff \"~> 1\"}")
	text, d := onDisk(t, dir)
	require.Contains(t, text, "command: [mix, phx.server]")
	require.NotContains(t, text, "outside.js")
	unread := strings.Join(d.Unread, "\n")
	require.Contains(t, unread, "Procfile: it is no file")
	require.Contains(t, unread, "package.json: it cannot be read: a link leads out of the folder or nowhere")
	require.Contains(t, unread, "compose.yaml: it cannot be read")
	require.Contains(t, unread, "go.mod: it is no text in UTF-8")
	require.Contains(t, unread, "requirements.txt: it has more than 1048576 bytes")
	require.Contains(t, unread, "pom.xml: it has more than 1048576 bytes")
	require.Contains(t, unread, "mix.exs: not all of it is UTF-8")
}

func TestAFileThatMayNotBeReadIsTold(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Procfile"), []byte("web: a\n"), 0))
	_, d := onDisk(t, dir)
	require.Contains(t, d.Unread[0], "Procfile: it may not be read by this user")
}

func TestAnEmptyFolderBecomesAFileThatSaysWhatToFillIn(t *testing.T) {
	text, d := onDisk(t, t.TempDir())
	require.Contains(t, text, "# fill in: command, how this service is started")
	require.Len(t, d.FillIn, 2)
}

// What a Procfile asks of a shell, by what becomes of it.
func TestLinesOfAProcfileBecomeCommandsWithoutAShellWherePossible(t *testing.T) {
	for line, want := range map[string]string{
		"gunicorn app:app":                             "gunicorn|app:app|--bind|{address}",
		"gunicorn app:app -b :$PORT":                   "gunicorn|app:app|-b|{address}",
		"gunicorn app:app --bind=0.0.0.0:${PORT:-80}":  "gunicorn|app:app|--bind={address}",
		"bundle exec puma -p $PORT":                    "bundle|exec|puma|-p|{port}|--bind|tcp://{address}",
		"bin/rails server -p ${PORT:-5000} -e staging": "bin/rails|server|-p|{port}|-e|staging|-b|{host}",
		"exec node 'my server.js' --port 8000":         "node|my server.js|--port|{port}",
		"cd app && gunicorn wsgi --bind 0.0.0.0:$PORT": "gunicorn|wsgi|--bind|{address}",
		"npm run build && npm start -- -p $PORT":       "sh|-c|npm run build && npm start -- -p {port}",
		"./run.sh | tee log/$DYNO.log":                 "sh|-c|./run.sh | tee log/$DYNO.log",
		"MODE=fast ./run":                              "./run",
	} {
		_, d := draft(t, map[string]string{"Procfile": "web: " + line + "\n"}, scaffold.Options{Name: "x"})
		p := d.File.Processes[0].Value
		require.Equal(t, want, strings.Join(p.Command, "|"), line)
		switch mode, _ := p.Env.Get("MODE"); {
		case strings.HasPrefix(line, "cd app"):
			require.Equal(t, "app", p.WorkingDir)
		case strings.HasPrefix(line, "MODE"):
			require.Equal(t, "fast", mode)
		}
	}
}

func TestASecretInACommandIsTakenOut(t *testing.T) {
	text, d := draft(t, map[string]string{"Procfile": "web: ./run --token=ghp_0123456789abcdefghijABCDEFGHIJ012345 --port $PORT\n"}, scaffold.Options{Name: "x"})
	require.NotContains(t, text, "ghp_0123")
	require.NotEmpty(t, d.LeftOut)
}

// Whatever stands in the files, the draft is a file that holds.
func TestAnyFolderBecomesAFileThatHolds(t *testing.T) {
	names := []string{"Procfile", "compose.yaml", "package.json", "manage.py", "requirements.txt", "Gemfile", "go.mod", "main.go", "composer.json", "mix.exs", "pom.xml", "build.gradle", "Dockerfile", ".env.example", ".env"}
	pieces := []string{
		"web: ", "worker: ", "services:\n  ", "image: ", "build: .\n", "postgres", "redis", "{", "}", "\"", "'", "\n", "\t", "${", "$PORT", "#", ": ", "=", "DATABASE_URL", "STRIPE_API_BASE", "https://a.example", "postgres://",
		"command: ", "environment:\n      ", "- ", "CMD ", "[", "]", "é", "\x1b[31m", "\x00", "{port}", "{{", "database", "ports: [80]\n    ", "gem \"rails\"\n", "{:phoenix, 1}", "\"dependencies\": {\"pg\": \"1\"}", "<artifactId>spring-boot</artifactId>", "Django\n", "_HOST=", "x",
	}
	rapid.Check(t, func(rt *rapid.T) {
		files := map[string]string{}
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, 5, rapid.ID[string]).Draw(rt, "names") {
			files[name] = strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 30).Draw(rt, name), "")
		}
		holds(rt, scaffold.Draft(inMemory(files), scaffold.Options{Name: rapid.String().Draw(rt, "name"), LookPath: nothingOnPath}))
	})
}

// holds requires a draft to be a file that holds.
func holds(t require.TestingT, d scaffold.Drafted) {
	var b bytes.Buffer
	_, err := d.WriteTo(&b)
	require.NoError(t, err)
	_, err = manifest.Read(b.Bytes(), "holdfast.yaml", manifest.Options{})
	require.NoError(t, err, "%s", b.String())
}
