package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// look is how a page is looked at.
type look struct {
	width, height int64
	scheme        string // light, dark
	contrast      bool   // forced colours
	noScript      bool
}

func desktop() look { return look{width: 1280, height: 844, scheme: "light"} }
func phone() look   { return look{width: 390, height: 844, scheme: "light"} }

func (l look) in(scheme string) look { l.scheme = scheme; return l }

func (l look) String() string {
	s := fmt.Sprintf("%d-%s", l.width, l.scheme)
	if l.contrast {
		s += "-forced-colours"
	}
	return s
}

// start starts a Chromium that ends with the test.
func start(t *testing.T) context.Context {
	t.Helper()
	found := false
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "headless-shell"} {
		_, err := exec.LookPath(name)
		found = found || err == nil
	}
	if !found {
		if os.Getenv("CI") != "" {
			t.Fatal("no Chromium on this machine: scripts/setup-browser.sh installs one")
		}
		t.Skip("no Chromium on this machine: make report-test installs one")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-dev-shm-usage", true), chromedp.WSURLReadTimeout(time.Minute))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, stopBrowser := chromedp.NewContext(alloc)
	t.Cleanup(stopBrowser)
	require.NoError(t, chromedp.Do(ctx))
	return ctx
}

// tab is one page, open, with all that it did.
type tab struct {
	t        *testing.T
	ctx      context.Context
	mu       sync.Mutex // guards what follows
	requests []string
	said     []string // console, log, exceptions, dialogs
}

// open loads a URL and waits until it is drawn.
func open(t *testing.T, browser context.Context, url string, l look) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(stop)
	b := &tab{t: t, ctx: ctx}
	require.NoError(t, chromedp.Do(ctx))
	require.NoError(t, chromedp.Listen(ctx, b.hear))
	must(call(b, network.Enable, network.EnableParams{}))
	must(call(b, cdplog.Enable, struct{}{}))
	must(call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: l.features()}))
	if l.noScript {
		must(call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	}
	b.do(chromedp.EmulateViewport(l.width, l.height), chromedp.Navigate(url))
	return b
}

func (l look) features() []*emulation.MediaFeature {
	list := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.scheme}}
	if l.contrast {
		list = append(list, &emulation.MediaFeature{Name: "forced-colors", Value: "active"})
	}
	return list
}

// hear keeps what the page did. It runs in the loop that reads from the browser.
func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, "data:") {
			b.requests = append(b.requests, e.Request.URL)
		}
	case *runtime.EventConsoleAPICalled:
		b.said = append(b.said, "console: "+string(e.Type))
	case *runtime.EventExceptionThrown:
		b.said = append(b.said, "exception: "+e.ExceptionDetails.Text)
	case *cdplog.EventEntryAdded:
		b.said = append(b.said, "log: "+e.Entry.Text)
	case *page.EventJavascriptDialogOpening:
		b.said = append(b.said, "dialog: "+e.Message)
	}
}

// quiet asserts that the page asked for nothing but itself and said nothing.
func (b *tab) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Len(b.t, b.requests, 1, "the page is its only request")
	require.Empty(b.t, b.said)
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, steps...))
}

// eval runs an expression in the page and returns its value, or what its promise
// comes to.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err, expression)
	return v
}

// box is a rectangle on the screen.
type box struct{ X, Y, W, H float64 }

// boxOf is where the n-th element is, once it is scrolled into view.
func (b *tab) boxOf(selector string, n int) box {
	b.t.Helper()
	return eval[box](b, fmt.Sprintf(`(() => { const n = document.querySelectorAll(%q)[%d]; n.scrollIntoView({block: "center"}); const r = n.getBoundingClientRect(); return {X: r.x, Y: r.y, W: r.width, H: r.height} })()`, selector, n))
}

func (b *tab) mouse(kind input.DispatchMouseEventType, x, y float64) {
	b.t.Helper()
	opts := []chromedp.MouseOption{}
	if kind != chromedp.MouseMoved {
		opts = append(opts, chromedp.ButtonLeft, func(p *input.DispatchMouseEventParams) { p.ClickCount = 1 })
	} else {
		opts = append(opts, func(p *input.DispatchMouseEventParams) { p.Buttons = 1 })
	}
	b.do(chromedp.MouseEvent(kind, x, y, opts...))
}

// golden is the address of one of the pages of package reports.
func golden(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "testdata", name))
	require.NoError(t, err)
	return "file://" + path
}

// keep writes what was seen where go test keeps artefacts.
func (b *tab) keep(name string, data []byte) {
	b.t.Helper()
	require.NoError(b.t, os.WriteFile(filepath.Join(b.t.ArtifactDir(), name), data, 0o644))
}
