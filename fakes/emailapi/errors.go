package emailapi

import (
	"cmp"
	"encoding/json"
	"net/http"

	"holdfast.dev/holdfast/fakes/httpfault"
)

// Class is what a correct client makes of an error.
type Class string

// The classes of errors.
const (
	Temporary Class = "temporary" // try again, within a budget
	Permanent Class = "permanent" // never try again
	Unknown   Class = "unknown"   // may have been sent: again only with the same key
	Parked    Class = "parked"    // not before the quota is renewed: permanent for this run
)

// Error is one error of the API.
type Error struct {
	Status  int
	Name    string
	Message string
	Class   Class
	// ByFault says that this fake never answers it on its own, only by a fault
	// such as "status 451 name=security_error".
	ByFault bool
}

// Messages that clients have been seen to go by.
const (
	messageRefusedKey = "API key is invalid"
	messageAddress    = " The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."
)

// Errors returns every error of the API, those that its documentation no longer has
// included: docs/fakes.md tells which answer is known from where.
func Errors() []Error {
	return []Error{
		{400, "invalid_idempotency_key", "The key must be between 1 and 256 characters.", Permanent, false},
		{400, "validation_error", "We found an error with one or more fields in the request.", Permanent, false}, // or messageRefusedKey
		{401, "missing_api_key", "Missing API key in the authorization header.", Permanent, false},
		{401, "restricted_api_key", "This API key is restricted to only send emails.", Permanent, false},
		{401, "validation_error", messageRefusedKey, Permanent, false},
		{403, "invalid_api_key", "The API key is not valid.", Permanent, true},
		{403, "restricted_api_key", "API key is not active", Permanent, true},
		{403, "suspended_api_key", "The API key is suspended.", Permanent, false},
		{403, "validation_error", "The domain is not verified.", Permanent, false},
		{404, "not_found", "The requested endpoint does not exist.", Permanent, false},
		{405, "method_not_allowed", "This endpoint does not support the method.", Permanent, false},
		{409, "invalid_idempotent_request", "The same idempotency key was used with a different payload.", Permanent, false},
		{409, "concurrent_idempotent_requests", "The same idempotency key is in use by a request in progress.", Temporary, false},
		{413, "validation_error", "The request is too large.", Permanent, false},
		{422, "missing_required_field", "The request body is missing one or more required fields.", Permanent, false},
		{422, "invalid_attachment", "An attachment must have either content or a path.", Permanent, false},
		{422, "invalid_parameter", "A parameter is not valid.", Permanent, false},
		{422, "invalid_access", "Access must be full_access or sending_access.", Permanent, true},
		{422, "invalid_region", "The region is not valid.", Permanent, true},
		{422, "invalid_from_address", "The from field is not a valid address.", Permanent, true},
		{422, "validation_error", "Invalid `to` field." + messageAddress, Permanent, false},
		{429, "rate_limit_exceeded", "Too many requests.", Temporary, false},
		{429, "daily_quota_exceeded", "You have reached your daily email quota.", Parked, false},
		{429, "monthly_quota_exceeded", "You have reached your monthly email quota.", Parked, false},
		{451, "security_error", "We may have found a security issue with the request.", Permanent, true},
		{500, "application_error", "An unexpected error occurred.", Unknown, true},
		{500, "internal_server_error", "An unexpected error occurred.", Unknown, true},
		{503, "service_unavailable", "API is temporarily unavailable", Temporary, true},
	}
}

// ErrorOf is the error that the fake answers where a fault asks for a status and
// perhaps a name. One that is not among [Errors] has no class.
func ErrorOf(status int, name string) Error { return find(status, name) }

// find returns the error of that status and name; of the name alone, if the
// status has changed over time; or one of the status.
func find(status int, name string) Error {
	byName, byStatus := Error{}, Error{}
	for _, e := range Errors() {
		switch {
		case e.Name == name && e.Status == status:
			return e
		case e.Name == name && byName.Name == "":
			byName = e
		case e.Status == status && byStatus.Name == "":
			byStatus = e
		}
	}
	e := byStatus
	if name != "" {
		e = byName
	}
	if e.Status != status {
		e.Class = ""
	}
	e.Status = status
	e.Name = cmp.Or(name, e.Name, "application_error")
	e.Message = cmp.Or(e.Message, http.StatusText(status), "Unknown error.")
	return e
}

// answer is the error as the API says it, with a message of its own if given.
func (e Error) answer(message string) httpfault.Answer {
	body, _ := json.Marshal(struct {
		StatusCode int    `json:"statusCode"`
		Name       string `json:"name"`
		Message    string `json:"message"`
	}{e.Status, e.Name, cmp.Or(message, e.Message)})
	return httpfault.Answer{Status: e.Status, ContentType: "application/json", Body: body}
}

// refusal is an answer that is an error; nil is none.
type refusal = *httpfault.Answer

func refuse(status int, name, message string) refusal {
	a := find(status, name).answer(message)
	return &a
}
