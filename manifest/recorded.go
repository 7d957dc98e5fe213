package manifest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/manifest/notation"
	"holdfast.dev/holdfast/recording"
	"holdfast.dev/holdfast/safefile"
)

// recordedBy begins a file that a recording may take the place of.
const recordedBy = "# Recorded by holdfast"

// Record is a file that answers of an API are kept in, as [ReadRoutes] reads it.
type Record struct {
	path, from string
	seen       *recording.Recording
}

// NewRecord makes a record of what the API at an address answers. The file at path is
// written by [Record.Save], and must not be there already, unless it is a recording, too.
func NewRecord(path, from string) (*Record, error) {
	if err := mayTakeThePlace(path); err != nil {
		return nil, err
	}
	return &Record{path, from, recording.New()}, nil
}

// mayTakeThePlace reports a file that is somebody's own.
func mayTakeThePlace(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
			return fmt.Errorf("the folder of %s is not there", path)
		}
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no file: name another to record into", path)
	}
	f, err := safefile.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if line, _ := bufio.NewReaderSize(f, 256).ReadString('\n'); !strings.HasPrefix(line, recordedBy) {
		return fmt.Errorf("%s is there already and is no recording: name another, or move it away", path)
	}
	return nil
}

// See takes note of an answer.
func (r *Record) See(p stub.Passed) {
	r.seen.See(recording.Answer{Method: p.Method, Path: p.Path, Status: p.Status, Header: p.Header, Body: p.Body})
}

// Save writes what was seen so far, whole or not at all, and says what it has, a line each.
// Where nothing was seen there is no file.
func (r *Record) Save() ([]string, error) {
	routes := r.seen.Routes()
	said := []string{fmt.Sprintf("%s: %d routes recorded", r.path, len(routes))}
	if len(routes) == 0 {
		said = []string{"nothing was recorded: no request was answered well; " + r.path + " is not written"}
	}
	for _, left := range r.seen.Left() {
		said = append(said, "not kept: "+left)
	}
	for _, f := range r.seen.Found() {
		said = append(said, fmt.Sprintf("taken out: %s of %s", f.Kind, f.Where))
	}
	if len(routes) == 0 {
		return said, nil
	}
	h, comments := HTTP{}, map[string]string{"": recordedBy[2:] + " from " + r.from + "\n" + strings.Join(said[1:], "\n")}
	for _, route := range routes {
		h.Routes = append(h.Routes, notation.Row[Route]{Name: route.Name, Value: ofRecorded(route)})
		if route.Different > 1 {
			comments["routes."+route.Name] = fmt.Sprintf("%d different answers were seen; this is the first", route.Different)
		}
	}
	var b bytes.Buffer
	if err := WriteRoutes(&b, h, comments); err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	if err := r.replace(b.Bytes()); err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	return said, nil
}

func ofRecorded(r recording.Route) Route {
	out := Route{Request: RouteRequest{Method: r.Method, Path: r.Path}, Response: Response{Status: r.Status, JSON: notation.JSON(r.JSON), Body: r.Text}}
	if r.ContentType != "" {
		out.Response.Headers = notation.Table[string]{{Name: "Content-Type", Value: r.ContentType}}
	}
	return out
}

// replace puts the file in its place in one step, for its owner alone.
func (r *Record) replace(text []byte) error {
	if err := mayTakeThePlace(r.path); err != nil {
		return err
	}
	return safefile.WritePrivate(r.path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}
