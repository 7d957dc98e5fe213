package step

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"holdfast.dev/holdfast/message"
	"holdfast.dev/holdfast/placeholder"
)

// maxBody bounds the answer to a request that is read.
const maxBody = 8 << 20

func (r Request) method() string { return cmp.Or(strings.ToUpper(r.Method), http.MethodGet) }

func (r Request) validate() error {
	var errs []error
	if !strings.HasPrefix(r.Path, "/") || strings.HasPrefix(r.Path, "//") {
		errs = append(errs, fmt.Errorf("the path %q does not begin with a single /", r.Path))
	}
	if _, err := http.NewRequest(r.method(), "http://localhost/", nil); err != nil {
		errs = append(errs, fmt.Errorf("%q is no method", r.Method))
	}
	for name := range r.Header {
		if strings.ContainsAny(name, " :\r\n") || name == "" {
			errs = append(errs, fmt.Errorf("%q is no name of a header", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Capture)) {
		if _, err := message.ParsePath(r.Capture[name]); err != nil {
			errs = append(errs, fmt.Errorf("capture %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// ask sends a request and reads its answer.
func (m Means) ask(ctx context.Context, r Request) (Outcome, error) {
	if m.URL == nil {
		return Outcome{}, errors.New("there is nobody to ask")
	}
	base, err := m.URL(r.To)
	if err != nil {
		return Outcome{}, err
	}
	req, err := m.request(ctx, base, r)
	if err != nil {
		return Outcome{}, err
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true}, // of its own, and no proxy of the environment
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(req)
	if err != nil {
		return Outcome{}, err
	}
	defer answer.Body.Close()
	out := Outcome{Status: answer.StatusCode}
	if out.Body, err = io.ReadAll(io.LimitReader(answer.Body, maxBody)); err != nil {
		return out, fmt.Errorf("read the answer: %w", err)
	}
	out.Log = m.hideAll(firstLines(out.Body))
	if !r.expects(answer.StatusCode) {
		return out, withLog(fmt.Errorf("it was answered %s", answer.Status), out.Log)
	}
	out.Captured, err = r.captured(answer.StatusCode, answer.Header, out.Body)
	return out, err
}

func (m Means) request(ctx context.Context, base string, r Request) (*http.Request, error) {
	body := placeholder.Text(r.Body)
	isJSON := r.Body != "" && json.Valid([]byte(r.Body))
	if isJSON {
		body = placeholder.JSON(r.Body)
	}
	path := placeholder.Path(r.Path).Fill(m.value)
	req, err := http.NewRequestWithContext(ctx, r.method(), strings.TrimSuffix(base, "/")+path, bytes.NewReader([]byte(body.Fill(m.value))))
	if err != nil {
		return nil, err
	}
	if isJSON {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.Header {
		req.Header.Set(name, placeholder.Header(value).Fill(m.value))
	}
	return req, nil
}

func (r Request) expects(status int) bool {
	if len(r.OK) == 0 {
		return status/100 == 2
	}
	return slices.Contains(r.OK, status)
}

// firstLines are a few of an answer, for people.
func firstLines(body []byte) []string {
	t := &tail{}
	_, _ = t.Write(body[:min(len(body), LogLines*maxLogLine)]) // of memory: cannot fail
	return t.lines()
}

// captured are the values that an answer is asked for.
func (r Request) captured(status int, header http.Header, body []byte) (map[string]string, error) {
	if len(r.Capture) == 0 {
		return nil, nil
	}
	answer := &message.Message{Status: status, Header: header, Body: body}
	values := make(map[string]string, len(r.Capture))
	for _, name := range slices.Sorted(maps.Keys(r.Capture)) {
		path, err := message.ParsePath(r.Capture[name])
		if err != nil {
			return nil, fmt.Errorf("capture %s: %w", name, err)
		}
		value, ok := path.Of(answer)
		if !ok {
			return nil, fmt.Errorf("capture %s: the answer has no %s", name, path)
		}
		values[name] = value
	}
	return values, nil
}
