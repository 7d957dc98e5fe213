package target

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/internal/port"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/undo"
	"holdfast.dev/holdfast/redact"
)

func TestAStrangersAnswerAtItsPortIsNotTakenForItsOwn(t *testing.T) {
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer stranger.Close()
	ended := make(chan struct{})
	require.NoError(t, awaitReady(t.Context(), asksHTTP(stranger.URL), time.Second, ended))
	close(ended)
	require.ErrorIs(t, awaitReady(t.Context(), asksHTTP(stranger.URL), time.Second, ended), errEndedFirst)
}

func TestAPortLostBeforeTheFirstStartIsReplaced(t *testing.T) {
	p := Program{}.withDefaults("x")
	r := newRunner(p, nil)
	first, err := r.settleAddress()
	require.NoError(t, err)
	again, err := r.settleAddress()
	require.NoError(t, err)
	require.Equal(t, first, again)
	r.ends = make([]result.End, 1)
	require.True(t, r.forgetPort())
	require.Empty(t, r.URL())
	require.Empty(t, r.Ends(), "the failed attempt is no life of the target")

	p.Address = "127.0.0.1:1"
	require.False(t, newRunner(p, nil).forgetPort(), "someone chose the port")
}

func TestAPortIsKeptWhileItIsStoppedAndClaimedAnewBeforeItStarts(t *testing.T) {
	r := newRunner(Program{}.withDefaults("x"), nil)
	first, err := r.settleAddress()
	require.NoError(t, err)
	r.giveBack()
	other, err := port.ClaimAt(first)
	require.NoError(t, err, "while it is stopped others may have it")
	_, err = r.settleAddress()
	require.ErrorIs(t, err, errPortTaken)
	other.Release()
	again, err := r.settleAddress()
	require.NoError(t, err)
	require.Equal(t, first, again)
	r.giveBack()
}

func TestTheLogKeepsTheLastLines(t *testing.T) {
	l := newLines(3, nil, nil)
	w := l.writer(nil)
	_, _ = w.Write([]byte("one\ntwo\r\nth"))
	require.Equal(t, []string{"one", "two"}, l.list())
	_, _ = w.Write([]byte("ree\n\nfive\xff"))
	require.NoError(t, w.Close())
	require.Equal(t, []string{"three", "", "five�"}, l.list())
}

func TestALongLineIsCutButNotThroughASecret(t *testing.T) {
	const secret = "correct horse battery staple"
	for _, before := range []int{0, maxLine - len(secret) - 1, maxLine - 10, maxLine - 1, maxLine, maxLine + 5, 10 * maxLine} {
		l := newLines(1, []string{secret}, nil)
		w := l.writer(nil)
		for _, r := range strings.Repeat("x", before) + secret + strings.Repeat("y", 3*maxLine) + "\n" {
			_, _ = w.Write([]byte(string(r)))
		}
		line := l.list()[0]
		require.LessOrEqual(t, len(line), maxLine+len(cut))
		require.True(t, strings.HasSuffix(line, cut))
		require.NotContains(t, line, "corr", "with %d characters before it", before)
	}
}

func TestNoFormOfASecretIsEverLogged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`S3[a-z@:/?#&=+ "'<>%]{6,20}`).Draw(t, "secret")
		form := rapid.SampledFrom(redact.Forms(secret)).Draw(t, "form")
		l := newLines(10, []string{"S3", secret, ""}, nil)
		w := l.writer(nil)
		text := rapid.StringMatching(`[a-z ]{0,40}`).Draw(t, "before") + form + "\n"
		at := rapid.IntRange(0, len(text)).Draw(t, "cut")
		_, _ = w.Write([]byte(text[:at]))
		_, _ = w.Write([]byte(text[at:]))
		for _, line := range l.list() {
			require.NotContains(t, line, form)
			require.Contains(t, line, redact.Hidden)
			require.NotContains(t, line, strings.TrimPrefix(form, "S3"), "the longest secret is hidden whole")
		}
	})
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nb\n"), 1)
	f.Add([]byte(strings.Repeat("z", 3*maxLine)), 100)
	f.Fuzz(func(t *testing.T, data []byte, at int) {
		l := newLines(5, []string{"secret"}, nil)
		w := l.writer(nil)
		if at < 0 || at > len(data) {
			at = len(data)
		}
		for _, part := range [][]byte{data[:at], data[at:]} {
			n, err := w.Write(part)
			require.NoError(t, err)
			require.Equal(t, len(part), n)
		}
		require.NoError(t, w.Close())
		require.LessOrEqual(t, len(l.list()), 5)
		for _, line := range l.list() {
			require.LessOrEqual(t, len(line), maxLine+len(cut))
			require.True(t, utf8.ValidString(line))
			require.NotContains(t, line, "secret")
		}
	})
}

func TestAConfigurationSaysAllThatIsWrongWithItAtOnce(t *testing.T) {
	bad := Program{
		Address: "nowhere", ReadyPath: "readyz", ReadyTimeout: -1, Grace: -1, LogLines: -1,
		Env: map[string]string{"A=B": "", "HOLDFAST_RUN": "mine", "HOLDFAST_STEP": "mine", "ZERO": "\x00"},
	}
	_, process := NewProcess(ProcessConfig{Program: bad})
	_, plain := New(bad, nil)
	for _, err := range []error{process, plain} {
		for _, part := range []string{"Start", "Journal", "Address", "ReadyPath", "ReadyTimeout", "Grace", "LogLines",
			"A=B", "HOLDFAST_RUN", "HOLDFAST_STEP", "ZERO"} {
			require.ErrorContains(t, err, part)
		}
	}
	require.ErrorContains(t, process, "Command")
	_, url := NewURL(URLConfig{URL: "ftp://me:hunter2@x", ReadyPath: "x", ReadyTimeout: -1})
	require.ErrorContains(t, url, "http or https")
	require.ErrorContains(t, url, "ReadyPath")
	require.ErrorContains(t, url, "ReadyTimeout")
	require.NotContains(t, url.Error(), "hunter2")
}

// countedGate counts who passes.
type countedGate struct{ started []string }

func (g *countedGate) Start(process string, start func() error) error {
	g.started = append(g.started, process)
	return start()
}

func TestDefaultsFillWhatIsEmptyAndNothingElse(t *testing.T) {
	full := Program{
		Name: "n", Args: []string{"a"}, Env: map[string]string{"K": "v"}, AddrVariable: "ADDR", Address: "127.0.0.1:1",
		ReadyPath: "/r", ReadyTimeout: 1, Grace: 2, LogLines: 3, Secrets: []string{"s"}, Line: func(string) {}, Gate: new(countedGate), Start: time.Now(), Journal: new(undo.Journal),
	}
	v := reflect.ValueOf(full)
	for i := range v.NumField() {
		require.False(t, v.Field(i).IsZero(), "this test sets every field: %s", v.Type().Field(i).Name)
	}
	got := full.withDefaults("other")
	require.NotNil(t, got.Line)
	full.Line, got.Line = nil, nil // functions can't be compared
	require.Equal(t, full, got)
	empty := Program{}.withDefaults("other")
	require.Equal(t, Program{
		Name: "other", AddrVariable: "LISTEN_ADDR", ReadyPath: "/readyz",
		ReadyTimeout: 30 * time.Second, Grace: 10 * time.Second, LogLines: 200,
	}, empty)
}

func TestAnEndIsToldInWords(t *testing.T) {
	code := 3
	for want, end := range map[string]result.End{
		"was killed by the kernel for memory": {OOMKilled: true, Signal: "killed"},
		"was stopped with signal killed":      {Signal: "killed", Expected: true},
		"died of signal segmentation fault":   {Signal: "segmentation fault"},
		"exited with code 3":                  {ExitCode: &code},
		"ended, unknown how":                  {},
	} {
		require.Equal(t, want, howItEnded(end))
	}
}

func TestAnErrorShowsTheLastLinesOnly(t *testing.T) {
	var log []string
	for i := range 50 {
		log = append(log, fmt.Sprintf("line %d.", i))
	}
	err := &StartError{Name: "x", Err: errEndedFirst, Ended: true, Log: log}
	require.ErrorContains(t, err, "line 49.")
	require.ErrorContains(t, err, "line 30.")
	require.NotContains(t, err.Error(), "line 29.")
	require.ErrorContains(t, &StartError{Err: errEndedFirst, Ended: true}, "wrote nothing")
}

func TestALifeIsToldItsAddressAndItsMark(t *testing.T) {
	journal, err := undo.Open(t.TempDir(), "r1")
	require.NoError(t, err)
	defer journal.Close()
	p := Program{
		Args: []string{"--port={port}", "--host={host}", "plain"}, AddrVariable: "ADDR",
		Env: map[string]string{"SELF": "http://{addr}/", "A": "{other}"}, Journal: journal,
	}.withDefaults("x")
	log := newLines(10, nil, nil)
	invoke := func() Invocation {
		args, env, err := p.compose("127.0.0.1:8080")
		require.NoError(t, err)
		return p.invocation(args, env, func() io.WriteCloser { return log.writer(nil) })
	}
	i := invoke()
	require.Equal(t, []string{"--port=8080", "--host=127.0.0.1", "plain"}, i.Args)
	require.NotEmpty(t, i.Step)
	require.Equal(t, []string{
		"A={other}", "ADDR=127.0.0.1:8080", "HOLDFAST_RUN=r1", "HOLDFAST_STEP=" + i.Step, "SELF=http://127.0.0.1:8080/",
	}, i.Env, "sorted, and nothing else")
	require.NotEqual(t, i.Step, invoke().Step, "each life has a mark of its own")

	w := i.Log()
	_, err = w.Write([]byte("one\ntw"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.Equal(t, []string{"one", "tw"}, log.list())
}
