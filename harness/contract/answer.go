package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// judge says how an answer of this kind is not as it should be.
func (a compiled) judge(header http.Header, body []byte) error {
	for _, name := range a.Headers {
		if header.Get(name) == "" {
			return fmt.Errorf("it has no %s", name)
		}
	}
	if a.MediaType != "" {
		if got, _, _ := mime.ParseMediaType(header.Get("Content-Type")); got != a.MediaType {
			return fmt.Errorf("its Content-Type is %q, and not %s", header.Get("Content-Type"), a.MediaType)
		}
	}
	if a.schema == nil || a.members != nil && a.members.fit(body) {
		return nil
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("its body is no JSON: %w", err)
	}
	if err := a.schema.Validate(value); err != nil {
		return errors.New("its body is not of the shape that was promised: " + first(err))
	}
	return nil
}

// first is the innermost cause of what a schema says, in one line.
func first(err error) string {
	e, ok := err.(*jsonschema.ValidationError)
	if !ok {
		return err.Error()
	}
	for len(e.Causes) > 0 {
		e = e.Causes[0]
	}
	return "at /" + strings.Join(e.InstanceLocation, "/") + ": " + e.ErrorKind.LocalizedString(message.NewPrinter(language.English))
}

// MaxAge is how old an answer says that it may be, by Cache-Control: max-age; false
// where it says nothing.
func MaxAge(h http.Header) (time.Duration, bool) {
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		text, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(directive)), "max-age=")
		if seconds, err := strconv.Atoi(text); ok && err == nil && seconds >= 0 {
			return time.Duration(seconds) * time.Second, true
		}
	}
	return 0, false
}

// longestRetryAfter is the most that a client can be told to wait by a service that
// means it.
const longestRetryAfter = 24 * time.Hour

// Orderly says what no answer over HTTP may be, by whatever contract: a refusal for
// now that does not say when to come again, JSON that is none, a body that is not of
// the length that was announced.
func Orderly(status int, header http.Header, body []byte) error {
	return orderly(status, header, body, true)
}

// orderly is [Orderly], which reads the body only if nobody else does.
func orderly(status int, header http.Header, body []byte, read bool) error {
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		if err := retryAfter(header.Get("Retry-After")); err != nil {
			return fmt.Errorf("it is a %d %w", status, err)
		}
	}
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if len(body) > 0 && err != nil {
		return fmt.Errorf("it has a body, and its Content-Type is %q", header.Get("Content-Type"))
	}
	if read && len(body) > 0 && (media == "application/json" || strings.HasSuffix(media, "+json")) {
		if err := isJSON(body); err != nil {
			return fmt.Errorf("it says that it is %s and is not: %w", media, err)
		}
	}
	return nil
}

// isJSON says what is wrong with a text as JSON. It is read into values only if something
// is: this is asked of each answer of a run, and to look is a fifth of the work.
func isJSON(text []byte) error {
	if json.Valid(text) {
		return nil
	}
	_, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	return err
}

// retryAfter says what is wrong with that header.
func retryAfter(text string) error {
	if text == "" {
		return errors.New("without Retry-After")
	}
	if seconds, err := strconv.Atoi(text); err == nil {
		if seconds < 0 || time.Duration(seconds)*time.Second > longestRetryAfter {
			return fmt.Errorf("whose Retry-After is %s s", text)
		}
		return nil
	}
	if _, err := http.ParseTime(text); err != nil {
		return fmt.Errorf("whose Retry-After is %q, neither seconds nor a date", text)
	}
	return nil
}
