package importer_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/importer"
)

// What nobody means well with, or nobody looked at: an error of one line with the file's
// name, soon, and nothing of the outside is touched.
func TestHostileFiles(t *testing.T) {
	deep := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	long := `[{"name": "` + strings.Repeat("x", 10<<20) + `", "upstream": "127.0.0.1:1"}]`
	for _, row := range []struct {
		name, tool, text, says string
	}{
		{"an endless loop outside of functions", "k6", "for (;;) {}", "does not end within"},
		{"an endless loop in the function", "k6", "export default function () { while (true); }", "does not end within"},
		{"endless recursion", "k6", "function f() { f(); }\nf();", "in.js:"},
		{"a promise that never comes", "k6", "await new Promise(() => {});", "never comes"},
		{"a module of Node", "k6", "const c = require('child_process');", `in.js:1: the script cannot be played: Error: require("child_process")`},
		{"a file beyond its folder", "k6", "open('../../../etc/passwd');", "in.js:1: "},
		{"an absolute file", "k6", "open('/etc/passwd');", "in.js:1: "},
		{"an import beyond its folder", "k6", "import x from '../secret.js';", "in.js: open(\"../secret.js\")"},
		{"an import of itself", "k6", "import './in.js';", "in.js"},
		{"memory", "k6", "let s = 'x'; const all = []; for (;;) { s += s; all.push(s); }", "MiB of memory"},
		{"a huge text at once", "k6", "'x'.repeat(1 << 29);", "more than an import allows"},
		{"a huge list at once", "k6", "new Array(2 ** 32 - 1).fill(0);", "more than an import allows"},
		{"a huge buffer at once", "k6", "new ArrayBuffer(2 ** 40);", "larger than an import allows"},
		{"a huge replacement", "k6", "'a'.repeat(1 << 19).replace(/a/g, 'b'.repeat(1 << 19));", "more than an import allows"},
		{"no JavaScript", "k6", "export default function ( {", "in.js"},
		{"deep brackets", "k6", deep, "nested deeper"},
		{"a source map", "k6", "throw new Error('x');\n//# sourceMappingURL=/etc/passwd", "in.js:1: "},
		{"a script too long", "k6", "//" + strings.Repeat("x", 1<<20), "is not read"},
		{"options that are none", "k6", `{"a": 1}`, "in.js:1: these are no options of k6"},
		{"an empty file", "wiremock", "", "in.js:1: the file is empty"},
		{"blanks", "vegeta", " \r\n\t", "in.js:1: the file is empty"},
		{"bytes", "toxiproxy", "\x00\x01\xff\xfe", "in.js:1: this is no text"},
		{"UTF-16", "artillery", "\xff\xfec\x00o\x00", "in.js:1: this is no text"},
		{"deep JSON", "wiremock", deep, "in.js:1: this is no JSON: it is nested deeper than 100"},
		{"JSON that breaks off", "toxiproxy", "[\n{\"name\":", "in.js:2: this is no JSON"},
		{"two documents", "wiremock", "{}\n{}", "in.js:2: this is no JSON: something stands behind"},
		{"another type", "wiremock", "7", "in.js:1: this is no mapping"},
		{"another type of proxies", "toxiproxy", `"x"`, "in.js:1: these are no proxies"},
		{"a long line", "toxiproxy", long, "carried over"},
		{"aliases that multiply", "artillery", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e]", "more than 100000"},
		{"no script of Artillery", "artillery", "a: 1", "in.js:1: this is no script of Artillery"},
		{"no target", "vegeta", "hello", "in.js:1: "},
		{"a header without a value", "vegeta", "GET http://127.0.0.1/\nX:\n", "in.js:2: "},
		{"escapes of a terminal", "vegeta", "\x1b[31mred\n", "in.js:1: "},
	} {
		t.Run(row.name, func(t *testing.T) {
			began := time.Now()
			result, err := tools()[row.tool]([]importer.File{{Name: "in.js", Text: []byte(row.text)}}, importer.Options{Beside: os.DirFS("testdata")})
			if err == nil { // what was asked is not carried over, and that is said
				require.Contains(t, said(result, nil), row.says)
				return
			}
			require.Contains(t, err.Error(), row.says)
			require.NotContains(t, err.Error(), "\x1b")
			require.NotContains(t, err.Error(), "root:")
			require.LessOrEqual(t, len(err.Error()), 600)
			require.Less(t, time.Since(began), 30*time.Second)
		})
	}
}

// A mark of byte order and the ends of lines of Windows change nothing.
func TestAMarkAndTheEndsOfLinesOfWindowsChangeNothing(t *testing.T) {
	for tool := range tools() {
		for _, f := range corpus(t, tool) {
			other := f
			other.Text = []byte("\xef\xbb\xbf" + strings.ReplaceAll(string(f.Text), "\n", "\r\n"))
			require.Equal(t, said(imported(tool, f)), said(imported(tool, other)), f.Name)
		}
	}
}

// Whatever the bytes, an import ends soon, and what it makes is whole.
func fuzz(f *testing.F, tool string) {
	for _, file := range corpus(f, tool) {
		f.Add(file.Text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		result, err := imported(tool, importer.File{Name: "in", Text: text})
		if err != nil {
			return
		}
		require.NotEmpty(t, result.Carried)
		require.NoError(t, valid(tool, result), "%s", result.Text)
	})
}

func FuzzArtillery(f *testing.F) { fuzz(f, "artillery") }
func FuzzK6(f *testing.F)        { fuzz(f, "k6") }
func FuzzToxiproxy(f *testing.F) { fuzz(f, "toxiproxy") }
func FuzzVegeta(f *testing.F)    { fuzz(f, "vegeta") }
func FuzzWiremock(f *testing.F)  { fuzz(f, "wiremock") }
