package examples_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/harness/egress"
	"holdfast.dev/holdfast/harness/replace"
	"holdfast.dev/holdfast/message"
)

// stack is one that a host can be replaced for.
type stack struct {
	name    string   // in the table of docs/replaces.md
	command []string // calls the host once, in testdata/stacks
	trusts  string   // the variable by which it trusts the run's certificate
	version []string // says which version is here
}

func stacks(t *testing.T) []stack {
	client := filepath.Join(t.TempDir(), "nethttp")
	out, err := exec.Command("go", "build", "-o", client, "testdata/stacks/nethttp.go").CombinedOutput()
	require.NoError(t, err, string(out))
	curl := []string{"curl", "--silent", "--show-error", "--fail", "--max-time", "5", "--data", "{}", paymentsURL}
	return []stack{
		{"Python requests", []string{"/usr/bin/python3", "with_requests.py"}, "REQUESTS_CA_BUNDLE", []string{"/usr/bin/python3", "-c", "import requests; print(requests.__version__)"}},
		{"Python urllib", []string{"/usr/bin/python3", "with_urllib.py"}, "SSL_CERT_FILE", []string{"/usr/bin/python3", "--version"}},
		{"Node https", []string{"node", "https.mjs"}, "NODE_EXTRA_CA_CERTS", []string{"node", "--version"}},
		{"Node fetch", []string{"node", "fetch.mjs"}, "NODE_EXTRA_CA_CERTS", []string{"node", "--version"}},
		{"Go net/http", []string{client}, "SSL_CERT_FILE", []string{"go", "version"}},
		{"curl", curl, "CURL_CA_BUNDLE", []string{"curl", "--version"}},
		{"Java HttpClient", []string{"java", "Client.java"}, "JAVA_TOOL_OPTIONS", []string{"java", "-version"}},
		{"Java HttpURLConnection", []string{"java", "Connection.java"}, "JAVA_TOOL_OPTIONS", []string{"java", "-version"}},
		{"Ruby Net::HTTP", []string{"ruby", "nethttp.rb"}, "SSL_CERT_FILE", []string{"ruby", "--version"}},
		{"PHP curl", []string{"php", "curl.php"}, "PHP_INI_SCAN_DIR", []string{"php", "--version"}},
		{"PHP streams", []string{"php", "streams.php"}, "PHP_INI_SCAN_DIR", []string{"php", "--version"}},
	}
}

const paymentsURL = "https://api.payments.example/v1/charges"

// TestStacks holds the table of docs/replaces.md to what each stack does. Java alone may be
// missing: scripts/setup-examples.sh installs all others.
func TestStacks(t *testing.T) {
	if err := egress.Possible(); err != nil {
		t.Skip(err)
	}
	table := tableOfStacks(t)
	all := stacks(t)
	require.Len(t, table, len(all), "each row is tried, and each that is tried has a row")
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			row := table[s.name]
			require.Len(t, row, 5, "the table has no such row")
			_, err := exec.LookPath(s.command[0])
			if err != nil && s.command[0] == "java" {
				tell(t, "docs/replaces.md: the row of "+s.name+" was not tried: there is no java here")
				t.Skip(err)
			}
			require.NoError(t, err, "scripts/setup-examples.sh installs it")
			require.Contains(t, row[4], "`"+s.trusts+"`")
			require.Equal(t, "yes", row[2])
			require.Equal(t, outcome{played: true}, s.try(t, led, s.trusts), "led by the gate")
			require.Equal(t, outcome{distrusts: true}, s.try(t, led, ""), "it trusts by nothing else, and that is seen")
			byProxy := s.try(t, proxied, "")
			here, err := exec.Command(s.version[0], s.version[1:]...).CombinedOutput()
			require.NoError(t, err, string(here))
			if !isOf(string(here), row[1]) {
				first, _, _ := strings.Cut(string(here), "\n")
				tell(t, fmt.Sprintf("docs/replaces.md: the row of %s is to be updated: it was tried with %s, and here is %s. On Linux it is played as the row says; by the proxy: %v, and the row says %q.",
					s.name, row[1], first, byProxy.played, row[3]))
				return
			}
			require.Equal(t, outcome{played: strings.HasPrefix(row[3], "yes")}, byProxy, "with the variables of the proxy")
		})
	}
}

// isOf reports whether what a program says of its version is a release of that one: 3.11.2
// is of 3.11, and of v20 is v20.19.2.
func isOf(says, version string) bool {
	return regexp.MustCompile(`(^|[^0-9.])` + regexp.QuoteMeta(version) + `([^0-9]|$)`).MatchString(says)
}

func TestWhatIsOfAVersion(t *testing.T) {
	for says, of := range map[string]bool{
		"Python 3.11.2": true, "3.11": true, "Python 3.1.2": false, "Python 3.110.1": false, "Python 13.11.2": false, "Python 2.3.11": false, "": false,
	} {
		require.Equal(t, of, isOf(says, "3.11"), says)
	}
	require.True(t, isOf("v20.19.2", "v20"))
	require.False(t, isOf("v22.20.0", "v20"))
}

// tell says what somebody should know of tests that pass, whose log nobody sees: make
// examples shows the file at its end.
func tell(t *testing.T, line string) {
	t.Helper()
	t.Log(line)
	path := os.Getenv("HOLDFAST_EXAMPLES_TELL")
	if path == "" {
		return
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = file.WriteString(line + "\n")
	require.NoError(t, errors.Join(err, file.Close()))
}

// tableOfStacks is the table of the page, by its first column.
func tableOfStacks(t *testing.T) map[string][]string {
	page, err := os.ReadFile("../docs/replaces.md")
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(page), "\n| stack |")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := map[string][]string{}
	for _, line := range strings.Split(table, "\n")[2:] {
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "| "), "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		rows[cells[0]] = cells
	}
	return rows
}

// How a program is told of the host's player.
const (
	led     = "led by the gate"
	proxied = "by the proxy"
)

// outcome is what came of one call.
type outcome struct{ played, distrusts bool }

// try has the stack call the host once. With a name it is told of nobody to trust but by
// that variable.
func (s stack) try(t *testing.T, how, trusts string) outcome {
	h, err := replace.ParseHost("https://api.payments.example")
	require.NoError(t, err)
	hosts := []replace.Host{h}
	authority, err := replace.NewAuthority(hosts)
	require.NoError(t, err)
	own, err := authority.Certificate(hosts)
	require.NoError(t, err)
	files, err := authority.Write(t.TempDir(), false)
	require.NoError(t, err)
	api, err := stub.Start(stub.Config{
		Config: host.Config{Certificate: own},
		Routes: []stub.Route{{Name: "charge", Request: message.Matcher{Method: "POST", Path: "/v1/charges"}, Response: stub.Response{Status: 201}}},
	})
	require.NoError(t, err)
	defer api.Close()
	player := netip.MustParseAddrPort(strings.TrimPrefix(api.URL(0), "http://"))
	proxy, err := replace.StartProxy(func(_ context.Context, c replace.Caller) (string, error) {
		if h.Covers(c.Host, c.Port) {
			return player.String(), nil
		}
		return "", errors.New("nobody")
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, proxy.Close()) }()
	gate, err := egress.Open("", func(egress.Contact) {})
	require.NoError(t, err)
	defer func() { require.NoError(t, gate.Close()) }()
	told := replace.Variables(hosts, files, proxy.Address(), how == led)
	if how == led {
		gate.Replace(h.Name, h.Port, player)
		told = map[string]string{trusts: told[trusts]}
	} else {
		gate.Watch(netip.MustParseAddrPort(proxy.Address()))
	}
	code := s.call(t, gate, told)
	seen := api.Secured()
	calls := len(api.Journal().PerConnection(journal.Filter{}))
	require.Equal(t, calls == 1, code == 0, "it says what the other side has seen")
	return outcome{played: calls == 1, distrusts: len(seen.Refused)+len(seen.Silent) > 0}
}

// call runs the stack's program behind a gate, and returns how it ended.
func (s stack) call(t *testing.T, gate *egress.Gate, told map[string]string) int {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.command[0], s.command[1:]...)
	cmd.Dir = filepath.Join("testdata", "stacks")
	for _, name := range []string{"PATH", "HOME"} {
		cmd.Env = append(cmd.Env, name+"="+os.Getenv(name))
	}
	for name, value := range told {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var out []byte
	over := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is behind the gate
		over <- gate.Start(s.name, func() (err error) { out, err = cmd.CombinedOutput(); return err })
	}()
	err := <-over
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		t.Logf("%s", out)
		return exit.ExitCode()
	}
	require.NoError(t, err)
	return 0
}
