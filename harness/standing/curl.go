package standing

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/load"
)

// Curl is a command for a POSIX shell that sends a request again, as it may be shown:
// values that were given to it stand as their names.
func Curl(base string, r load.Request) string {
	r = r.Shown()
	var b strings.Builder
	b.WriteString("curl -i")
	if r.Method != "" && r.Method != http.MethodGet {
		b.WriteString(" -X " + quoted(r.Method))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, v := range r.Header[name] {
			b.WriteString(" -H " + quoted(name+": "+v))
		}
	}
	if len(r.Body) > 0 {
		b.WriteString(" --data-binary " + quoted(string(r.Body)))
	}
	b.WriteString(" " + quoted(base+r.Path))
	return b.String()
}

// quoted is a word that a shell takes as it stands.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
