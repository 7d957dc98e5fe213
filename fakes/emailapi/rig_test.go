package emailapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"holdfast.dev/holdfast/fakes/emailapi"

	"github.com/resend/resend-go/v2"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, c emailapi.Config) *emailapi.Server {
	t.Helper()
	s, err := emailapi.Start(c)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

// bare is a client that uses a connection for each request.
func bare() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
}

// official is the API's own client for Go.
func official(t *testing.T, s *emailapi.Server, key string) *resend.Client {
	t.Helper()
	c := resend.NewCustomClient(bare(), key)
	base, err := url.Parse(s.URL(0) + "/")
	require.NoError(t, err)
	c.BaseURL = base
	return c
}

// apiError is an error as the API says it.
type apiError struct {
	StatusCode int    `json:"statusCode"`
	Name       string `json:"name"`
	Message    string `json:"message"`
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
	err    apiError // if it is one
}

// request is what is sent; what is empty is left out, but for the API key.
type request struct {
	method, path string
	key          string // API key; defaults to re_1, "-" is none
	idempotency  *string
	header       http.Header
	body         any
}

func call(t *testing.T, s *emailapi.Server, r request) reply {
	t.Helper()
	got, err := try(t, s, r)
	require.NoError(t, err)
	return got
}

func try(t *testing.T, s *emailapi.Server, r request) (reply, error) {
	t.Helper()
	var body bytes.Buffer
	if text, ok := r.body.(string); ok {
		body.WriteString(text)
	} else if r.body != nil {
		require.NoError(t, json.NewEncoder(&body).Encode(r.body))
	}
	req, err := http.NewRequestWithContext(t.Context(), r.method, s.URL(0)+r.path, &body)
	require.NoError(t, err)
	if r.header != nil {
		req.Header = r.header.Clone()
	}
	switch r.key {
	case "-":
	case "":
		req.Header.Set("Authorization", "Bearer re_1")
	default:
		req.Header.Set("Authorization", "Bearer "+r.key)
	}
	if r.idempotency != nil {
		req.Header.Set("Idempotency-Key", *r.idempotency)
	}
	res, err := bare().Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	got := reply{status: res.StatusCode, header: res.Header, body: string(text)}
	if res.StatusCode >= 400 {
		_ = json.Unmarshal(text, &got.err) // an HTML page is none
	}
	return got, err
}

// mail is a good mail, with changes.
func mail(changes ...any) map[string]any {
	m := map[string]any{"from": "Holdfast <team@example.org>", "to": "ann@example.org", "subject": "Hello", "text": "Well met."}
	for i := 0; i < len(changes); i += 2 {
		name, _ := changes[i].(string)
		if changes[i+1] == nil {
			delete(m, name)
		} else {
			m[name] = changes[i+1]
		}
	}
	return m
}

func sending(body any) request { return request{method: "POST", path: "/emails", body: body} }

func keyed(key string, body any) request {
	return request{method: "POST", path: "/emails", idempotency: &key, body: body}
}

// ids are those of an answer to one mail or to a batch.
func (r reply) ids(t *testing.T) []string {
	t.Helper()
	var answer struct {
		ID   string `json:"id"`
		Data []struct{ ID string }
	}
	require.NoError(t, json.Unmarshal([]byte(r.body), &answer), r.body)
	if answer.ID != "" {
		return []string{answer.ID}
	}
	out := []string{}
	for _, d := range answer.Data {
		out = append(out, d.ID)
	}
	return out
}
