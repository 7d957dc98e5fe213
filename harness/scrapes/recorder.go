package scrapes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/safefile"
)

// DefaultEvery is the time between two readings.
const DefaultEvery = 125 * time.Millisecond

// timeout bounds one reading; a monitoring system has one, too.
const timeout = time.Second

// mostPages bounds a recording, in bytes of its pages: what is longer is cut and said.
const mostPages = 128 << 20

// Config is what is recorded.
type Config struct {
	Head
	// Targets are the addresses of the metrics pages, by the name of the program.
	Targets map[string]string
	// Hide makes a text fit to be kept: without secrets. Defaults to the text as it is.
	Hide func(string) string
}

// Recorder reads pages until it is stopped.
type Recorder struct {
	config Config
	client *http.Client
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu    sync.Mutex
	pages []Page
	bytes int
}

// Start begins to read all pages every EveryS, until Stop or the end of ctx.
func Start(ctx context.Context, c Config) *Recorder {
	if c.EveryS <= 0 {
		c.EveryS = DefaultEvery.Seconds()
	}
	c.Schema = Schema
	ctx, cancel := context.WithCancel(ctx)
	r := &Recorder{config: c, cancel: cancel, client: Client()}
	for name, address := range c.Targets {
		r.done.Go(func() { r.follow(ctx, name, address) })
	}
	return r
}

// Stop ends the reading and returns what was read, in the order of time. A recorder
// that was stopped returns the same again.
func (r *Recorder) Stop() *Recording {
	r.cancel()
	r.done.Wait()
	r.client.CloseIdleConnections()
	rec := &Recording{Head: r.config.Head, Pages: r.pages}
	if r.bytes > mostPages {
		rec.Torn = fmt.Sprintf("the pages are more than %d bytes", mostPages)
	}
	return rec
}

// follow reads one page again and again: a reading that is late leaves out those that
// were due meanwhile, as a monitoring system does.
func (r *Recorder) follow(ctx context.Context, name, address string) {
	every := time.Duration(r.config.EveryS * float64(time.Second))
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		p := Page{AtS: time.Since(r.config.Started).Seconds(), Instance: name}
		var err error
		if p.Text, p.Type, err = r.read(ctx, address); err != nil {
			p.Text, p.Error = "", err.Error()
		}
		if ctx.Err() != nil || !r.keep(p) {
			return // what the end cut off is no page that failed
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (r *Recorder) keep(p Page) bool {
	if r.config.Hide != nil {
		p.Text, p.Error = r.config.Hide(p.Text), r.config.Hide(p.Error)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bytes += len(p.Text) + len(p.Error); r.bytes > mostPages {
		return false
	}
	r.pages = append(r.pages, p)
	return true
}

func (r *Recorder) read(ctx context.Context, address string) (text, contentType string, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", "", err
	}
	req.Header.Set("Accept", Accept)
	resp, err := r.client.Do(req)
	if err != nil {
		return "", "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", "", errors.New("answered " + resp.Status)
	}
	var b strings.Builder
	const most = 8 << 20
	if n, err := io.Copy(&b, io.LimitReader(resp.Body, most+1)); err != nil {
		return "", "", err
	} else if n > most {
		return "", "", fmt.Errorf("the page is longer than %d bytes", most)
	}
	return b.String(), resp.Header.Get("Content-Type"), nil
}

// Save writes a recording below the folder of a run's results.
func Save(out string, rec *Recording) error {
	dir := filepath.Join(out, Folder)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("keep recorded scrapes: %w", err)
	}
	return safefile.Write(filepath.Join(dir, Name(rec.Scenario)), func(w io.Writer) error { return Write(w, rec) })
}
