package traffic

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

// harEntry is one exchange of an HTTP archive; what nobody asks here is not read.
type harEntry struct {
	Started time.Time `json:"startedDateTime"`
	Time    float64   `json:"time"`
	Request struct {
		Method   string    `json:"method"`
		URL      string    `json:"url"`
		Headers  []harPair `json:"headers"`
		PostData *struct {
			MimeType string    `json:"mimeType"`
			Text     string    `json:"text"`
			Params   []harPair `json:"params"`
		} `json:"postData"`
	} `json:"request"`
	Response struct {
		Status  int `json:"status"`
		Content struct {
			MimeType string `json:"mimeType"`
		} `json:"content"`
	} `json:"response"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// ErrNoHAR is what a text meets that is no HTTP archive.
var ErrNoHAR = errors.New("it is no HTTP archive: a browser's tools for developers save one by “Save all as HAR”, an object with log.entries")

// ReadHAR reads an HTTP archive (HAR 1.2). An archive has what a page loaded from
// anywhere: the host with most answers that are neither pages nor their parts is taken for the
// service's own, and the others are in [Summary.Elsewhere].
func ReadHAR(r io.Reader) (Summary, error) {
	byHost := map[string]*collector{}
	calls := map[string]int{}
	err := eachEntry(r, func(e harEntry) {
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return // data:, blob:, an extension of the browser
		}
		if byHost[u.Host] == nil {
			if len(byHost) >= mostSiblings {
				return
			}
			byHost[u.Host] = newCollector()
		}
		calls[u.Host] += e.weight(u)
		byHost[u.Host].add(e.line(u))
	})
	if err != nil {
		return Summary{}, err
	}
	if len(byHost) == 0 {
		return Summary{}, ErrNoHAR
	}
	return ofHosts(byHost, calls), nil
}

// ofHosts is the summary of the host that is the service's own.
func ofHosts(byHost map[string]*collector, calls map[string]int) Summary {
	own := ""
	for _, host := range sorted(byHost) {
		if own == "" || calls[host] > calls[own] {
			own = host
		}
	}
	c := byHost[own]
	c.summary.Host = own
	for _, host := range sorted(byHost) {
		for range byHost[host].summary.Lines {
			if host != own {
				c.elsewhere(host)
			}
		}
	}
	return c.result()
}

// weight is how much an exchange speaks for its host being the service's own.
func (e harEntry) weight(u *url.URL) int {
	kind := e.Response.Content.MimeType
	switch {
	case strings.Contains(kind, "json") || e.Request.Method != http.MethodGet:
		return 100
	case strings.Contains(kind, "html"):
		return 10
	case isAsset(u.Path):
		return 0
	}
	return 1
}

// isAsset reports whether a path is that of a part of a page.
func isAsset(p string) bool {
	switch strings.ToLower(path.Ext(p)) {
	case ".js", ".mjs", ".css", ".map", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ico", ".webp", ".avif", ".woff", ".woff2", ".ttf", ".otf", ".mp4", ".webm":
		return true
	}
	return false
}

func (e harEntry) line(u *url.URL) line {
	l := line{at: e.Started, status: e.Response.Status, took: time.Duration(e.Time * float64(time.Millisecond)), timed: e.Time > 0}
	l.request = requestOf(strings.ToUpper(e.Request.Method), u.RequestURI())
	for _, h := range e.Request.Headers {
		l.request.setHeader(h.Name, h.Value)
	}
	if post := e.Request.PostData; post != nil {
		l.request.Body = post.Text
		if l.request.Body == "" && len(post.Params) > 0 {
			form := url.Values{}
			for _, p := range post.Params {
				form.Add(p.Name, p.Value)
			}
			l.request.Body = form.Encode()
		}
		if l.request.Header.Get("Content-Type") == "" {
			l.request.setHeader("Content-Type", post.MimeType)
		}
	}
	return l
}

// eachEntry reads the entries of an archive one by one: an archive has the bodies of
// all answers and may be very long.
func eachEntry(r io.Reader, visit func(harEntry)) error {
	d := json.NewDecoder(skipMark(r))
	if err := enter(d, '{', "log"); err != nil {
		return err
	}
	if err := enter(d, '{', "entries"); err != nil {
		return err
	}
	if start, err := d.Token(); err != nil || start != json.Delim('[') {
		return ErrNoHAR
	}
	for n := 1; d.More(); n++ {
		var e harEntry
		if err := d.Decode(&e); err != nil {
			return fmt.Errorf("read entry %d of an HTTP archive: %w", n, ofJSON(err))
		}
		visit(e)
	}
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("read an HTTP archive to its end: %w", ofJSON(err))
	}
	return nil
}

// ofJSON says what is wrong without what stands in the file.
func ofJSON(err error) error {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		return fmt.Errorf("%s is a %s at byte %d", wrongType.Field, wrongType.Value, wrongType.Offset)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends in the middle")
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("it is no JSON at byte %d", syntax.Offset)
	}
	return errors.New("it is no entry with a request and a time")
}

// enter goes on to the value of a key of the object that is next.
func enter(d *json.Decoder, open json.Delim, key string) error {
	if start, err := d.Token(); err != nil || start != open {
		return ErrNoHAR
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return ErrNoHAR
		}
		if name == key {
			return nil
		}
		if err := pass(d); err != nil {
			return ErrNoHAR
		}
	}
	return ErrNoHAR
}

// pass reads over one value without keeping it.
func pass(d *json.Decoder) error {
	for depth := 0; ; {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}
