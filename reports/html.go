package reports

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"holdfast/harness/result"
	"holdfast/reports/chart"
)

//go:embed page/page.gohtml page/scenario.gohtml page/report.css page/report.js
var sources embed.FS

// HTML writes run as one page that stands alone: no network, no library, its
// one script and one stylesheet allowed by their hashes. Charts are SVG in the
// page itself, so that it can be read without scripts and printed.
func HTML(w io.Writer, run *result.Run) error {
	style, err := source("report.css")
	if err != nil {
		return err
	}
	script, err := source("report.js")
	if err != nil {
		return err
	}
	t, err := pageTemplate(style, script)
	if err != nil {
		return err
	}
	if err := t.ExecuteTemplate(w, "page", newPage(shown(run))); err != nil {
		return fmt.Errorf("write HTML report: %w", err)
	}
	return nil
}

func source(name string) (string, error) {
	data, err := sources.ReadFile("page/" + name)
	if err != nil {
		return "", fmt.Errorf("write HTML report: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// pageTemplate parses the page. Style and script are ours and go in verbatim,
// the very bytes that the policy's hashes are of; everything else is escaped.
func pageTemplate(style, script string) (*template.Template, error) {
	text, err := source("page.gohtml")
	if err != nil {
		return nil, err
	}
	scenario, err := source("scenario.gohtml")
	if err != nil {
		return nil, err
	}
	text = strings.NewReplacer("SCRIPT-HASH", hash(script), "STYLE-HASH", hash(style)).Replace(text)
	t := template.New("page").Funcs(template.FuncMap{
		"style":  func() template.CSS { return template.CSS(style) },
		"script": func() template.JS { return template.JS(script) },
	})
	for _, part := range []string{chart.Template(), scenario, text} {
		if t, err = t.Parse(part); err != nil {
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
