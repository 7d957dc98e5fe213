package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/shellwords"
)

// needsMore are the commands whose examples need what no folder of a test has: the
// source of Holdfast, a log of the machine, a file with contracts. They are read, flags
// and all, and no more.
var needsMore = []string{"holdfast mutate", "holdfast contract", "/var/log/"}

// Every example of every --help is carried out, in a folder with the files that it
// names, by a program that is interrupted at once: what it says it starts is planned and
// given up, and no example may be wrong.
func TestTheExamplesOfHelpRun(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("../../examples/flask")))
	payments, err := os.ReadFile("../../openapi/testdata/payments.yaml")
	require.NoError(t, err)
	for name, text := range map[string]string{
		"payments.yaml": string(payments), "slo.yaml": "limits:\n  - metric: search.latency.p99\n    limit: 150ms\n",
		"routes.yaml":    "routes:\n  charge:\n    request: { method: POST, path: /v1/charges }\n    response: { status: 201 }\n    webhook: { path: /hooks }\n",
		"toxiproxy.json": `[{"name":"redis","upstream":"127.0.0.1:6379"}]`,
		"worker.creds":   "-----BEGIN NATS USER JWT-----\nx\n------END NATS USER JWT------\n",
		"requests.sh":    "curl http://localhost:8000/orders -d item=7\n",
		"checkout.har":   `{"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[{"startedDateTime":"2026-01-01T00:00:00Z","time":1,"request":{"method":"GET","url":"http://localhost:8000/orders","httpVersion":"HTTP/1.1","headers":[],"queryString":[],"cookies":[],"headersSize":-1,"bodySize":-1},"response":{"status":200,"statusText":"","httpVersion":"HTTP/1.1","headers":[],"cookies":[],"content":{"size":0,"mimeType":"text/plain"},"redirectURL":"","headersSize":-1,"bodySize":-1},"cache":{},"timings":{"send":0,"wait":1,"receive":0}}]}}`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	for n, path := range []string{"before/run.json", "after/run.json", "out/bench/run.json", "results/main/run.json", "results/branch/run.json"} {
		writeRun(t, filepath.Join(dir, path), n, 60)
	}
	t.Chdir(dir)
	tried := 0
	for line := range examplesOf(newRoot(environ{getenv: os.Getenv})) {
		t.Run(line, func(t *testing.T) { tryExample(t, line) })
		tried++
	}
	require.Greater(t, tried, 20)
}

// examplesOf are the command lines of Holdfast in the examples of a command and of those
// below it.
func examplesOf(cmd *cobra.Command) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for line := range strings.Lines(cmd.Example) {
			line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
			if strings.HasPrefix(line, "holdfast ") && !yield(line) {
				return
			}
		}
		for _, sub := range cmd.Commands() {
			for line := range examplesOf(sub) {
				if !yield(line) {
					return
				}
			}
		}
	}
}

func tryExample(t *testing.T, line string) {
	line, _, _ = strings.Cut(line, " > ")
	commands, err := shellwords.Split(line)
	require.NoError(t, err)
	args := commands[0].Words[1:]
	if args[0] == "init" { // it writes over no file
		args = append(args, "--force")
	}
	for _, more := range needsMore {
		if strings.Contains(line, more) {
			cmd, rest, err := newRoot(environ{getenv: os.Getenv}).Find(args)
			require.NoError(t, err)
			require.NoError(t, cmd.ParseFlags(rest))
			require.NoError(t, cmd.ValidateArgs(cmd.Flags().Args()))
			return
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(&harness.Interrupted{Signal: syscall.SIGINT})
	var out, errs bytes.Buffer
	code := run(ctx, environ{args: args, stdout: &out, stderr: &errs, getenv: func(string) string { return "" }})
	require.Contains(t, []int{exitPass, exitEnvironment, exitInterrupted}, code, "%s%s", errs.String(), out.String())
}

func TestWhatIsTakenAwayAndGuardedByNothingThatRuns(t *testing.T) {
	f := everything()
	f.all, f.profile, f.database, f.without = false, "smoke", "local", []string{"search.sql-limit"}
	env := environ{getenv: func(string) string { return "" }}
	p, err := newPlan(env, f, []string{"search/popular-term"})
	require.NoError(t, err)
	require.Empty(t, p.unguarded())
	p, err = newPlan(env, f, []string{"task"})
	require.NoError(t, err)
	require.Len(t, p.unguarded(), 1)
	require.Regexp(t, `^warning: --without search\.sql-limit: no scenario of this run guards it; these do: .*search/popular-term`, p.unguarded()[0])
}
