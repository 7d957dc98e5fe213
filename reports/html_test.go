package reports

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"holdfast.dev/holdfast/harness/result"
)

// parse reads a page as a browser does; each calls f for every element.
func parse(t testing.TB, page string) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	return root
}

func elements(root *html.Node) []*html.Node {
	var list []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			list = append(list, n)
		}
	}
	return list
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if strings.EqualFold(a.Key, name) {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func text(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

func everyPage(t *testing.T, f func(t *testing.T, page string, root *html.Node)) {
	for name, run := range sampleRuns(t) {
		t.Run(name, func(t *testing.T) {
			page := draw(t, HTML, run)
			f(t, page, parse(t, page))
		})
	}
}

func TestThePolicyAllowsOurScriptAndStyleAndNothingElse(t *testing.T) {
	everyPage(t, func(t *testing.T, page string, root *html.Node) {
		var policy, script, style string
		for _, n := range elements(root) {
			switch {
			case n.Data == "meta" && attr(n, "http-equiv") == "Content-Security-Policy":
				policy = attr(n, "content")
				require.Empty(t, script+style, "the policy comes before what it governs")
			case n.Data == "script":
				require.Empty(t, script, "one script")
				require.Empty(t, n.Attr)
				script = text(n)
			case n.Data == "style":
				require.Empty(t, style, "one stylesheet")
				style = text(n)
			}
		}
		require.Equal(t, "default-src 'none'; script-src '"+hash(script)+"'; style-src '"+hash(style)+"'; img-src data:; base-uri 'none'; form-action 'none'; "+
			"require-trusted-types-for 'script'; trusted-types unfold", policy)
	})
}

func TestNothingIsLoadedAndNothingRunsFromMarkup(t *testing.T) {
	everyPage(t, func(t *testing.T, page string, root *html.Node) {
		require.NotContains(t, page, "ZgotmplZ")
		for _, n := range elements(root) {
			require.NotContains(t, []string{"img", "iframe", "object", "embed", "base", "form", "image", "foreignObject", "animate", "set"}, n.Data)
			for _, a := range n.Attr {
				require.False(t, strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "srcdoc", "%s has %s", n.Data, a.Key)
				if a.Key == "href" && a.Val != "data:," {
					out := strings.HasPrefix(a.Val, "https://") && n.Data == "a" && attr(n, "rel") == "noreferrer noopener" && text(n) == a.Val
					require.True(t, strings.HasPrefix(a.Val, "#") || out, "a link to %s", a.Val)
				}
			}
		}
	})
	page := draw(t, HTML, mixedRun(t))
	require.NotContains(t, page, "http://")
	require.NotContains(t, page, "https://")
}

func TestIdsAreUniqueAndLinksLeadSomewhere(t *testing.T) {
	everyPage(t, func(t *testing.T, page string, root *html.Node) {
		ids := map[string]bool{}
		for _, n := range elements(root) {
			if id := attr(n, "id"); id != "" {
				require.False(t, ids[id], "id %s twice", id)
				require.Regexp(t, `^[a-z][a-z0-9-]*$`, id, "ids are generated")
				ids[id] = true
			}
		}
		for _, n := range elements(root) {
			for _, target := range append(strings.Fields(attr(n, "aria-labelledby")), strings.TrimPrefix(attr(n, "href"), "#")) {
				if target != "" && target != "data:," {
					require.True(t, ids[target], "nothing has the id %s", target)
				}
			}
		}
	})
}

func TestThePageIsBuiltForEveryReader(t *testing.T) {
	everyPage(t, func(t *testing.T, page string, root *html.Node) {
		level, firsts := 0, 0
		for _, n := range elements(root) {
			switch n.Data {
			case "html":
				require.Equal(t, "en", attr(n, "lang"))
			case "h1", "h2", "h3", "h4":
				now, _ := strconv.Atoi(n.Data[1:])
				require.LessOrEqual(t, now, level+1, "heading %q jumps", text(n))
				level = now
				if now == 1 {
					firsts++
				}
			case "th":
				require.Contains(t, []string{"row", "col"}, attr(n, "scope"))
			case "input":
				require.NotEmpty(t, attr(n, "aria-label"))
			case "button":
				require.Equal(t, "button", attr(n, "type"))
				require.NotEmpty(t, strings.TrimSpace(text(n)))
			}
			if attr(n, "role") == "img" || attr(n, "role") == "region" {
				require.NotEmpty(t, attr(n, "aria-label"))
			}
			if n.Data == "svg" && attr(n, "role") != "img" {
				hidden := false
				for p := n; p != nil; p = p.Parent {
					hidden = hidden || attr(p, "aria-hidden") == "true" || attr(p, "role") == "img"
				}
				require.True(t, hidden, "a picture without a name")
			}
		}
		require.Equal(t, 1, firsts, "one h1")
	})
}

func TestHostileTextStaysText(t *testing.T) {
	calm := draw(t, HTML, hostileRun(t, "calm"))
	page := draw(t, HTML, hostileRun(t, hostile))
	count := func(page string) map[string]int {
		n := map[string]int{}
		for _, e := range elements(parse(t, page)) {
			n[e.Data]++
		}
		return n
	}
	require.Equal(t, count(calm), count(page), "text adds no element")
	for _, r := range page {
		require.True(t, r == '\n' || r == '\t' || unicode.IsGraphic(r), "%U is in the page as itself", r)
	}
	require.Contains(t, page, `\u202egnp.exe`)
	require.Contains(t, page, `\x00\x1b[31m\ufeff\u200d`)
	require.Contains(t, page, `\xff\xfe`)
}

func TestTheVerdictComesFirst(t *testing.T) {
	page := draw(t, HTML, mixedRun(t))
	require.Contains(t, page, "<title>FAIL – Holdfast run 20260102-030405-7f3a</title>")
	root := parse(t, page)
	for _, n := range elements(root) {
		if n.Data == "h1" {
			require.Equal(t, "Holdfast ✕ FAIL", strings.Join(strings.Fields(text(n)), " "))
		}
	}
	var names []string
	for _, n := range elements(root) {
		if attr(n, "class") == "c-name" && attr(n, "role") == "rowheader" {
			names = append(names, strings.Fields(text(n))[0])
		}
	}
	require.Equal(t, []string{"search/popular-term", "oracle/one-drips", "oracle/hundred-active", "task/mail-refuses-key", "search/short-terms", "task/invalid-key"}, names)
}

func TestWhatIsMissingIsSaidPlainly(t *testing.T) {
	page := text(parse(t, draw(t, HTML, partialRun(t))))
	for _, want := range []string{
		"NO VERDICT", "This result is partial: the run did not reach its end.", "ended early by a signal (terminated)",
		"no verdict: the run stopped before this scenario was judged", `could not be carried out: start target: exec: "reference": not found`,
	} {
		require.Contains(t, page, want)
	}
	require.Contains(t, text(parse(t, draw(t, HTML, &result.Run{Complete: true}))), "No scenario was run: nothing was shown.")
}

func TestTheScenarioSaysWhatItSaw(t *testing.T) {
	page := text(parse(t, draw(t, HTML, mixedRun(t))))
	for _, want := range []string{
		"target killed by the kernel for memory (limit 100\u00a0MB)", "shown by docker inspect: OOMKilled=true; memory.events oom_kill 1",
		"oracle call timeout: 1\u00a0s here, 10\u00a0s in production (10× shorter): smoke profile", "never", "falls to 0 within 1\u00a0s",
		"median 20.4 ms over 2,812 reads", "yes, read back", "not sent: the generator was late", "10000 rows loaded", "max per 0.25 s",
		"MAX_SEARCH_RESULTS", "planned but not answered", "Run without search.sql-limit.", "The slowest requests", "/search?q=one%20row", "no answer (timeout)", "missed search.shed-load was taken away and nothing noticed", "99.96\u00a0%",
	} {
		require.Contains(t, page, want)
	}
}

func TestTheTracesOfTheSlowestAreNamed(t *testing.T) {
	const slowest, traced = "0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736"
	s := passingScenario(t, "search/x", 3)
	run := baseRun()
	run.Scenarios = []result.Scenario{s}
	require.NotContains(t, text(parse(t, draw(t, HTML, run))), "trace", "where nothing was traced nothing is said of it")
	st := &s.Streams[0]
	st.Slowest[1].TraceID = slowest
	st.SlowestTraced = []result.Request{{N: 4, Path: "/search?q=traced", Status: 200, LatencyMS: 12, TraceID: traced}}
	page := text(parse(t, draw(t, HTML, run)))
	for _, want := range []string{"trace " + slowest, "The slowest requests that were traced", "trace " + traced, "/search?q=traced"} {
		require.Contains(t, page, want)
	}
}

// The page's data is the source's: see chart's own tests for the coding.
func TestThePageCarriesTheData(t *testing.T) {
	s := passingScenario(t, "search/x", 3)
	run := baseRun()
	run.Scenarios = []result.Scenario{s}
	var got []int
	for _, n := range elements(parse(t, draw(t, HTML, run))) {
		if n.Data != "path" || !has(n, "data-t") {
			continue
		}
		points := len(regexp.MustCompile(`-?\d+`).FindAllString(attr(n, "d"), -1)) / 2
		got = append(got, points)
	}
	var want []int
	for _, series := range s.Series {
		want = append(want, len(series.T))
	}
	require.Equal(t, want, got, "every sample of a line is in its path")
}

func TestOurSourcesTakeNoShortcut(t *testing.T) {
	for _, pattern := range []string{"*.go", "chart/*.go", "chart/*.gohtml", "page/*.gohtml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			forbidden := `template\.(HTML|HTMLAttr|URL|JSStr|Srcset)\b|https?://`
			if strings.HasSuffix(file, ".gohtml") {
				forbidden += `|(?i)\s(style|on[a-z]+|src)\s*=`
			}
			require.Empty(t, regexp.MustCompile(forbidden).FindAllString(string(data), -1), file)
		}
	}
	fill, err := os.ReadFile("page/fill.js")
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(fill), "XMLHttpRequest"), "a page that fills asks for itself")
	script, err := os.ReadFile("page/report.js")
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(script), "createContextualFragment"), "what is folded in a page of hundreds is built of what the page itself says")
	require.Equal(t, 1, strings.Count(string(script), ".createHTML("))
	script = append(script, strings.ReplaceAll(string(fill), "XMLHttpRequest", "")...)
	require.NotRegexp(t, `innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(|fetch\(|XMLHttp|import\(|\.style\b|wheel`, string(script))
}

// The shades of a heat go from light to dark, and in the dark from dark to light: they are
// told apart by how bright they are, which no eye confuses.
func TestShadesAreToldApartByBrightness(t *testing.T) {
	css, err := source("report.css")
	require.NoError(t, err)
	bright := func(colour string) float64 {
		v, err := strconv.ParseUint(colour, 16, 32)
		require.NoError(t, err)
		linear := func(c uint64) float64 { return math.Pow(float64(c&0xff)/255, 2.2) }
		return 0.2126*linear(v>>16) + 0.7152*linear(v>>8) + 0.0722*linear(v)
	}
	light, dark, ok := strings.Cut(css, "@media screen and (prefers-color-scheme:dark)")
	require.True(t, ok)
	for scheme, sheet := range map[float64]string{-1: light, 1: dark} {
		paper := bright(regexp.MustCompile(`--bg:#([0-9a-f]{6})`).FindStringSubmatch(strings.ReplaceAll(sheet, "#fff;", "#ffffff;"))[1])
		last := paper
		for _, name := range []string{"h1", "h2", "q1", "q2", "q3"} {
			now := bright(regexp.MustCompile(`--` + name + `:#([0-9a-f]{6})`).FindStringSubmatch(sheet)[1])
			ratio := (max(now, last) + 0.05) / (min(now, last) + 0.05)
			require.Greater(t, scheme*(now-last), 0.0, "%s after the one before, or the paper", name)
			require.Greater(t, ratio, 1.25, name)
			last = now
		}
	}
}

func TestBudgets(t *testing.T) {
	run := bigRun(t, 600)
	page := draw(t, HTML, run)
	require.LessOrEqual(t, len(page), 620_000)
	require.LessOrEqual(t, len(elements(parse(t, page))), 8_200)
	for i := range run.Scenarios {
		run.Scenarios[i].Streams[0].Heat = heat(200, 12, 420, 60, 13, 25)
	}
	require.LessOrEqual(t, len(draw(t, HTML, run))-len(page), 12*6_000, "of each stream all latencies over time")
	if !testing.Short() {
		require.LessOrEqual(t, len(draw(t, HTML, bigRun(t, 3600))), 2_500_000)
	}
	for name, most := range map[string]int{"report.js": 14_000, "fill.js": 3_000, "report.css": 10_240} {
		text, err := source(name)
		require.NoError(t, err)
		require.LessOrEqual(t, len(text), most, name)
		require.NotContains(t, text, "\r", "hashes are of these bytes")
	}
}

// The page of twelve scenarios should take no more than 100 ms; more than 250 ms
// fails the benchmark.
func BenchmarkHTML(b *testing.B) {
	run := bigRun(b, 600)
	size := 0
	for b.Loop() {
		size = len(draw(b, HTML, run))
	}
	b.ReportMetric(float64(size), "page-bytes")
	if each := b.Elapsed() / time.Duration(b.N); each > 250*time.Millisecond && !testing.Short() {
		b.Errorf("%s a page, the limit is 250 ms", each)
	}
}
