package reports

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/chart"
	"holdfast.dev/holdfast/reports/view"
)

//go:embed page
var sources embed.FS

// HTML writes run as one page that stands alone: no network, no library, its
// one script and one stylesheet allowed by their hashes. Charts are SVG in the
// page itself, so that it can be read without scripts and printed.
func HTML(w io.Writer, run *result.Run) error {
	return writePage(w, "page", view.Drawn(run), false)
}

// LiveHTML is [HTML] of a run that goes on: now says how it stands. Such a page may ask the
// server that it came from, and is told at /events when there is something new.
func LiveHTML(w io.Writer, run *result.Run, now view.Now) error {
	return writePage(w, "page", view.Live(run, now), true)
}

// writePage executes one of the pages: "page", "comparison", "history". One that fills may
// ask its server, and is loaded again where scripts are off.
func writePage(w io.Writer, name string, data any, fills bool) error {
	style, err := source("report.css")
	if err != nil {
		return err
	}
	script, err := source("report.js")
	if err != nil {
		return err
	}
	if fills {
		fill, err := source("fill.js")
		if err != nil {
			return err
		}
		script = strings.Replace(script, "/* FILL */", fill, 1)
	}
	t, err := pageTemplate(style, script, fills)
	if err != nil {
		return err
	}
	if err := t.ExecuteTemplate(w, name, data); err != nil {
		return fmt.Errorf("write HTML report: %w", err)
	}
	return nil
}

func source(name string) (string, error) {
	data, err := sources.ReadFile("page/" + name)
	if err != nil {
		return "", fmt.Errorf("write HTML report: %w", err)
	}
	text := strings.TrimSpace(string(data))
	if strings.HasSuffix(name, ".css") {
		text = strings.ReplaceAll(text, "\n", "") // a rule needs no line of its own
	}
	return text, nil
}

// pageTemplate parses the page. Style and script are ours and go in verbatim,
// the very bytes that the policy's hashes are of; everything else is escaped.
func pageTemplate(style, script string, fills bool) (*template.Template, error) {
	parts := []string{chart.Template()}
	var connect, head, body string
	if fills {
		connect, head, body = "connect-src 'self'; ", `<noscript><meta http-equiv="refresh" content="2"></noscript>`, ` data-events="/events"`
	}
	places := strings.NewReplacer("SCRIPT-HASH", hash(script), "STYLE-HASH", hash(style), "CONNECT-SELF", connect, "FILLS-HEAD", head, "FILLS-BODY", body)
	for _, name := range []string{"head", "answer", "scenario", "proof", "alerts", "coverage", "page", "comparison", "history"} {
		text, err := source(name + ".gohtml")
		if err != nil {
			return nil, err
		}
		parts = append(parts, places.Replace(text))
	}
	t := template.New("page").Funcs(template.FuncMap{
		"style":  func() template.CSS { return template.CSS(style) },
		"script": func() template.JS { return template.JS(script) },
	})
	for _, part := range parts {
		if _, err := t.Parse(part); err != nil {
			return nil, fmt.Errorf("write HTML report: %w", err)
		}
	}
	return t, nil
}

// hash is how a content security policy names a script or a style.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
