package control

import (
	"bytes"
	"encoding/json"
	"html/template"
	"net/http"

	"holdfast.dev/holdfast/fault"
)

// page shows what arrived and what is in force, newest first. It asks again by
// itself, and has no script.
func (c *controller) page(w http.ResponseWriter, _ *http.Request) {
	counted, err := json.MarshalIndent(c.panel.Summary(), "", "  ")
	if err != nil {
		fail(w, http.StatusInternalServerError, "summary", err)
		return
	}
	var page bytes.Buffer
	err = arrivedPage.Execute(&page, struct {
		Place     string
		Receipts  []fault.Receipt
		Arrivals  []Arrival
		Callbacks []Callback
		Summary   string
	}{c.panel.Support().Place, c.panel.Receipts(), c.panel.Arrivals(mostArrivals), c.callbacks(), string(counted)})
	if err != nil {
		fail(w, http.StatusInternalServerError, "page", err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
	h.Set("Refresh", "2")
	_, _ = w.Write(page.Bytes()) // whoever asked is gone
}

var arrivedPage = template.Must(template.New("arrived").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>What arrived at {{.Place}}</title>
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 1.5rem; color: #222; background: #fff }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .25rem .6rem; border-bottom: 1px solid #ccc }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 12em; overflow: auto }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818 } th, td { border-color: #444 } }
</style>
<h1>What arrived at {{.Place}}</h1>
<h2>Faults</h2>
{{if .Receipts}}<table><tr><th>fault</th><th>acted</th><th>of</th><th>in force</th><th>measured</th></tr>
{{range .Receipts}}<tr><td>{{.ID}}</td><td>{{.Fired}}</td><td>{{.Selected}}</td><td>{{if .Lifted}}no{{else}}yes{{end}}</td><td>{{.Measured}}</td></tr>
{{end}}</table>{{else}}<p>None.</p>{{end}}
<h2>Arrivals</h2>
{{if .Arrivals}}<table><tr><th>at</th><th>what</th><th>group</th><th>key</th><th>outcome</th><th>faults</th><th>said</th></tr>
{{range .Arrivals}}<tr><td>{{.At.Format "15:04:05.000"}}</td><td>{{.What}}</td><td>{{.Group}}</td><td>{{.Key}}</td><td>{{.Outcome}}{{if .Status}} {{.Status}}{{end}}</td><td>{{range .Faults}}{{.}} {{end}}</td><td>{{range .Invalid}}<strong>{{.}}</strong><br>{{end}}<pre>{{.Detail}}</pre></td></tr>
{{end}}</table>{{else}}<p>None that is told one by one.</p>{{end}}
{{if .Callbacks}}<h2>Callbacks</h2>
<table><tr><th>due</th><th>route</th><th>key</th><th>answered</th><th>faults</th></tr>
{{range .Callbacks}}<tr><td>{{.Due.Format "15:04:05.000"}}</td><td>{{.Route}}</td><td>{{.Key}}</td><td>{{if .Lost}}sent to nobody{{end}}{{range .Statuses}}{{if .}}{{.}}{{else}}nothing{{end}} {{end}}{{if not .Over}}…{{end}}</td><td>{{range .Faults}}{{.}} {{end}}</td></tr>
{{end}}</table>
{{end}}<h2>Counted</h2>
<pre>{{.Summary}}</pre>
</html>
`))
