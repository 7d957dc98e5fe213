// Package reply writes the reference program's HTTP answers: JSON, and errors
// as {"error":{"code","message"}}.
package reply

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// problem is the body of every answer that is an error. The code is for
// programs, the message for people; neither holds anything internal.
type problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// JSON answers with a value. It is encoded in full before anything is sent, so
// an answer is never cut short by a value that cannot be encoded.
func JSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil { // a mistake in our types, not in what was asked
		status = http.StatusInternalServerError
		body = []byte(`{"error":{"code":"internal","message":"the answer could not be encoded"}}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) // that the client has gone is no concern of ours
}

// Error answers with a problem.
func Error(w http.ResponseWriter, status int, code, message string) {
	JSON(w, status, struct {
		Error problem `json:"error"`
	}{problem{Code: code, Message: message}})
}

// Unavailable answers 503 and says when to try again, in whole seconds and at
// least one.
func Unavailable(w http.ResponseWriter, retryAfter time.Duration, code, message string) {
	seconds := max(1, int(retryAfter.Round(time.Second)/time.Second))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	Error(w, http.StatusServiceUnavailable, code, message)
}
