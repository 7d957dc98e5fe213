package deploy

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"holdfast.dev/holdfast/harness/witness/witnesstest"
)

// patience is how long a command may take on a machine that has more to do.
const patience = 3 * time.Minute

// service is a service that every machine with Python can start, in a folder with
// nothing else.
const service = `version: 1
name: hello
processes:
  web:
    command: [python3, -m, http.server, "{port}", --bind, "{host}"]
    ready: { http: / }
scenarios:
  - name: hello/steady
    claim: While all is well, what is asked for is there.
    timeline: { warm_up: 500ms, baseline: 1s }
    load:
      - name: page
        rate: 20/s
        request: { path: "%s" }
        ok: { status: 200 }
    checks:
      - page.ok_ratio >= 99%
`

// TestWhatIsDeployed builds the program once, as make image does, and tries it where it
// is meant to be.
func TestWhatIsDeployed(t *testing.T) {
	folder := t.TempDir()
	program := filepath.Join(folder, "holdfast")
	build := exec.Command("go", "build", "-trimpath", "-tags", "slim", "-ldflags", "-s -w", "-o", program, "../cmd/holdfast")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))

	t.Run("each step of CI", func(t *testing.T) {
		for name, steps := range map[string][]step{"GitHub": gitHub(t), "GitLab": gitLab(t), "Jenkins": jenkins(t)} {
			require.NotEmpty(t, steps, name)
			for _, s := range steps {
				t.Run(name, func(t *testing.T) {
					t.Parallel() // what neighbours disturb is tried again
					s.holds(t, folder)
				})
			}
		}
	})
	t.Run("what it is without", func(t *testing.T) { saysWhatItIsWithout(t, program) })
	t.Run("the image", func(t *testing.T) { theImageRuns(t, program) })
	t.Run("the image of Toxiproxy's API", func(t *testing.T) { testcontainersStartToxiproxy(t, program) })
}

// What the small build was made without says so, on one line, before anything starts.
func saysWhatItIsWithout(t *testing.T, program string) {
	info, err := os.Stat(program)
	require.NoError(t, err)
	require.LessOrEqual(t, info.Size(), int64(40_000_000), "look at what weighs: go tool nm -size -sort size")
	imaged := filepath.Join(t.TempDir(), "holdfast.yaml")
	image := strings.NewReplacer(`command: [python3, -m, http.server, "{port}", --bind, "{host}"]`, "image: hello:1\n    ports: [default]", "%s", "/")
	require.NoError(t, os.WriteFile(imaged, []byte(image.Replace(service)), 0o600))
	script := filepath.Join(t.TempDir(), "load.js")
	require.NoError(t, os.WriteFile(script, []byte("export default function () {}"), 0o600))
	for command, is := range map[string]string{
		"man pages": "has no man pages", "mutate --drawn 3": "makes no mutants", "soak-verdicts --runs 1": "does not try itself",
		"import k6 " + script:                      "plays no scripts of k6",
		"run search/overload --target container":   "starts no containers",
		"run --all --service " + imaged:            "runs hello:1: this is the small build of the image, which starts no containers",
		"run search/overload --database container": "starts no Postgres in a container",
		"run search/overload --database embedded":  "fetches no Postgres",
	} {
		cmd := exec.CommandContext(t.Context(), program, strings.Fields(command)...)
		cmd.Dir = t.TempDir()
		out, err := cmd.CombinedOutput()
		require.Error(t, err, command)
		require.Contains(t, string(out), "this is the small build of the image, which ", command)
		require.Contains(t, string(out), is, command)
		require.Contains(t, string(out), "use the whole program, as make build makes it", command)
	}
}

// step is a command of a CI job with its shell and its variables.
type step struct {
	shell   []string
	command string
	env     []string
	files   []string // that it leaves for the system's pages
}

// holds carries the step out in a folder with a service that is as claimed, and with one
// that is not: the step passes and fails with it, and the reports are there in both.
func (s step) holds(t *testing.T, programs string) {
	for path, passes := range map[string]bool{"/": true, "/missing": false} {
		dir, out, err := s.run(t, programs, path)
		for tries := 1; disturbed(err, out) && tries < 10; tries++ {
			dir, out, err = s.run(t, programs, path)
		}
		if disturbed(err, out) {
			witnesstest.TooBusy(t, string(out))
		}
		require.Equal(t, passes, err == nil, "%v: %s", err, out)
		require.NotContains(t, string(out), "\x1b")
		for _, name := range []string{"run.json", "report.html", "junit.xml", "summary.md"} {
			require.FileExists(t, filepath.Join(dir, "holdfast-results", name))
		}
		require.FileExists(t, filepath.Join(dir, "page.md"))
		for _, name := range s.files {
			require.FileExists(t, filepath.Join(dir, name))
		}
	}
}

// run carries the step out in a new folder.
func (s step) run(t *testing.T, programs, path string) (dir string, out []byte, err error) {
	dir = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "holdfast.yaml"), []byte(strings.Replace(service, "%s", path, 1)), 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.shell[0], append(s.shell[1:], s.command)...)
	cmd.Dir, cmd.WaitDelay = dir, time.Second
	cmd.Env = append(s.env, "PATH="+programs+":"+os.Getenv("PATH"), "HOME="+t.TempDir(), "CI=true", "GITHUB_STEP_SUMMARY="+filepath.Join(dir, "page.md"))
	out, err = cmd.CombinedOutput()
	return dir, out, err
}

// disturbed reports whether a run showed nothing for what else the machine did.
func disturbed(err error, out []byte) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.ExitCode() == 3 && bytes.Contains(out, []byte("the run was disturbed"))
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(data, into))
}

// gitHub are the steps of the composite action that run something, with its defaults.
func gitHub(t *testing.T) (steps []step) {
	var action struct {
		Inputs map[string]struct{ Default string }
		Runs   struct {
			Using string
			Steps []struct {
				Shell, Run, Uses string
				Env              map[string]string
			}
		}
	}
	read(t, "ci/github/action.yml", &action)
	require.Equal(t, "composite", action.Runs.Using)
	input := regexp.MustCompile(`^\$\{\{ inputs\.(\w+) \}\}$`)
	for _, s := range action.Runs.Steps {
		if s.Run == "" {
			require.NotEmpty(t, s.Uses)
			continue
		}
		require.NotContains(t, s.Run, "${{", "an input in a script is a way to run another")
		found := step{shell: []string{s.Shell, "-e", "-o", "pipefail", "-c"}, command: s.Run}
		for name, value := range s.Env {
			named := input.FindStringSubmatch(value)
			require.Len(t, named, 2, value)
			require.Contains(t, action.Inputs, named[1])
			found.env = append(found.env, name+"="+action.Inputs[named[1]].Default)
		}
		steps = append(steps, found)
	}
	return steps
}

func gitLab(t *testing.T) []step {
	var file struct {
		Variables map[string]string
		Holdfast  struct {
			Script    []string
			Artifacts struct {
				When    string
				Paths   []string
				Reports map[string]string
			}
		}
	}
	read(t, "ci/gitlab/holdfast.gitlab-ci.yml", &file)
	require.Equal(t, "always", file.Holdfast.Artifacts.When)
	require.Contains(t, file.Holdfast.Artifacts.Reports, "junit")
	require.Contains(t, file.Holdfast.Artifacts.Reports, "load_performance")
	s := step{files: slices.Collect(maps.Values(file.Holdfast.Artifacts.Reports)), shell: []string{"sh", "-e", "-c"}, command: strings.Join(file.Holdfast.Script, "\n")}
	for name, value := range file.Variables {
		s.env = append(s.env, name+"="+value)
	}
	return []step{s}
}

func jenkins(t *testing.T) (steps []step) {
	data, err := os.ReadFile("ci/jenkins/Jenkinsfile")
	require.NoError(t, err)
	var env []string
	for _, p := range regexp.MustCompile(`string\(name: '(\w+)', defaultValue: '([^']*)'`).FindAllStringSubmatch(string(data), -1) {
		env = append(env, p[1]+"="+p[2])
	}
	for _, sh := range regexp.MustCompile(`\bsh '([^']*)'`).FindAllStringSubmatch(string(data), -1) {
		steps = append(steps, step{shell: []string{"sh", "-xe", "-c"}, command: sh[1], env: env})
	}
	return steps
}

// The image holds one static program, and runs it as nobody.
func theImageRuns(t *testing.T, program string) {
	needEngine(t)
	file, err := elf.Open(program)
	require.NoError(t, err)
	defer file.Close()
	for _, p := range file.Progs {
		require.NotEqual(t, elf.PT_INTERP, p.Type, "it would need a loader, which the image has not")
	}
	image := imageOf(t, program)
	out, err := docker(t, "image", "inspect", "--format", "{{.Config.User}} {{len .RootFS.Layers}}", image)
	require.NoError(t, err, out)
	require.Regexp(t, `^65532:65532 [12]\n$`, out)
	out, err = docker(t, "run", "--rm", "--network", "none", "--read-only", "--cap-drop", "ALL", image, "version")
	require.NoError(t, err, out)
	require.Regexp(t, `^holdfast \S+, go`, out)
	out, err = docker(t, "run", "--rm", "--network", "none", image, "run", "zebra")
	require.ErrorContains(t, err, "exit status 2", out)
}

// needEngine skips where no Docker engine answers.
func needEngine(t *testing.T) {
	if out, err := docker(t, "version", "--format", "{{.Server.Version}}"); err != nil {
		t.Skipf("no Docker engine: %s", out)
	}
}

// imageOf is the image of the program that the Dockerfile makes, with further flags of
// docker build, for the time of a test.
func imageOf(t *testing.T, program string, flags ...string) string {
	dir := t.TempDir()
	require.NoError(t, os.Link(program, filepath.Join(dir, "holdfast")))
	recipe, err := os.ReadFile("../Dockerfile")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Dockerfile"), recipe, 0o600))
	image := strings.ToLower("holdfast-test:" + filepath.Base(filepath.Dir(dir)))
	out, err := docker(t, slices.Concat([]string{"build", "--tag", image}, flags, []string{dir})...)
	require.NoError(t, err, out)
	t.Cleanup(func() { _, _ = docker(t, "image", "rm", "--force", image) })
	return image
}

func docker(t *testing.T, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.WaitDelay = time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}
