package task

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// maxAnswer is how much of an answer is read, in bytes: a batch of 100 ids is
// about 5 KiB.
const maxAnswer = 1 << 20

// mailer calls a Resend-compatible e-mail API. It is our own rather than the
// official client because that one turns every 4xx into a text and every 429
// into a rate limit: status and name are lost, and with them the classification.
type mailer struct {
	base    string
	timeout time.Duration // of a whole call; 0 is none
	client  *http.Client
}

// newMailer returns a mailer with connections of its own for so many calls at
// once.
func newMailer(base string, timeout time.Duration, calls int) *mailer {
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: calls,
		IdleConnTimeout:     30 * time.Second,
		ForceAttemptHTTP2:   true,
	}
	return &mailer{base: strings.TrimRight(base, "/"), timeout: timeout, client: &http.Client{
		Transport: transport,
		// A mail is not sent again to wherever an answer points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (m *mailer) close() { m.client.CloseIdleConnections() }

// email is a message as the API wants it.
type email struct {
	From    string   `json:"from"`
	To      []string `json:"to"`
	Subject string   `json:"subject"`
	Text    string   `json:"text"`
}

// call is what all calls of the API carry in their headers.
type call struct {
	key         string // the API key
	idempotency string // empty: none
	attempt     int    // of the task
}

// refusal is a message of a batch that the API did not take.
type refusal struct {
	Index   int    `json:"index"` // in the call
	Message string `json:"message"`
}

// send sends one mail. The error is an [answerError] or a [callError], or one of
// ctx.
func (m *mailer) send(ctx context.Context, c call, one email) error {
	var answer struct {
		ID string `json:"id"`
	}
	if err := m.post(ctx, "/emails", c, one, &answer); err != nil {
		return err
	}
	if answer.ID == "" {
		return &answerError{status: http.StatusOK, message: "there is no id in it"}
	}
	return nil
}

// sendBatch sends up to 100 mails, those of them that the API finds valid, and
// returns the others.
func (m *mailer) sendBatch(ctx context.Context, c call, mails []email) ([]refusal, error) {
	var answer struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
		Errors []refusal `json:"errors"`
	}
	if err := m.post(ctx, "/emails/batch", c, mails, &answer); err != nil {
		return nil, err
	}
	if len(answer.Data)+len(answer.Errors) != len(mails) {
		return nil, &answerError{status: http.StatusOK, message: fmt.Sprintf("it tells of %d messages and %d problems for %d messages",
			len(answer.Data), len(answer.Errors), len(mails))}
	}
	seen := map[int]bool{}
	for _, r := range answer.Errors {
		if r.Index < 0 || r.Index >= len(mails) || seen[r.Index] {
			return nil, &answerError{status: http.StatusOK, message: "its problems are with messages that are not in the call"}
		}
		seen[r.Index] = true
	}
	return answer.Errors, nil
}

// post makes one call: exactly one request, whatever happens.
func (m *mailer) post(ctx context.Context, path string, c call, body, answer any) error {
	if m.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, m.timeout)
		defer cancel()
	}
	var sent atomic.Bool // set by a goroutine of the transport
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	request, err := m.request(ctx, path, c, body)
	if err != nil {
		return &callError{err: err, unusable: true}
	}
	response, err := m.client.Do(request)
	if err != nil {
		return &callError{err: withoutAddress(err), sent: sent.Load()}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return problem(response, text) // the status counts even if its body was cut
	}
	if err != nil {
		return &callError{err: err, sent: true}
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return &answerError{status: response.StatusCode, message: "it is not what the API says it answers"}
	}
	return nil
}

func (m *mailer) request(ctx context.Context, path string, c call, body any) (*http.Request, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode the message: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.base+path, bytes.NewReader(text))
	if err != nil {
		return nil, withoutAddress(err)
	}
	// With GetBody the transport repeats a POST that has an idempotency key when a
	// reused connection breaks: a second request that no attempt accounts for.
	request.GetBody = nil
	request.Header.Set("Authorization", "Bearer "+c.key)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "holdfast-reference")
	request.Header.Set("X-Attempt", strconv.Itoa(c.attempt))
	if c.idempotency != "" {
		request.Header.Set("Idempotency-Key", c.idempotency)
	}
	if path == "/emails/batch" {
		request.Header.Set("X-Batch-Validation", "permissive")
	}
	return request, nil
}

// withoutAddress takes the API's address out of an error that is told to
// anybody who asks for the task.
func withoutAddress(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// problem makes an error of an answer that is none of success. What is not the
// API's JSON, such as a gateway's page, has its status only.
func problem(response *http.Response, text []byte) error {
	var said struct {
		Name    string `json:"name"`
		Message string `json:"message"`
	}
	if json.Unmarshal(text, &said) != nil {
		said.Name, said.Message = "", "the answer is not the API's"
	}
	return &answerError{
		status: response.StatusCode, name: shorten(said.Name, 60), message: shorten(said.Message, 300),
		retryAfter: response.Header.Get("Retry-After"),
	}
}

// shorten cuts a foreign text, and makes it one that Postgres can store.
func shorten(text string, characters int) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
	if r := []rune(text); len(r) > characters {
		return string(r[:characters]) + "…"
	}
	return text
}
