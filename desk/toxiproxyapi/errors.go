package toxiproxyapi

import (
	"errors"
	"net/http"
)

// apiError is an error as Toxiproxy sends it.
type apiError struct {
	Message string `json:"error"`
	Status  int    `json:"status"`
}

func (e *apiError) Error() string { return e.Message }

// with is the error and more of it.
func (e *apiError) with(more string) *apiError { return &apiError{e.Message + more, e.Status} }

// Toxiproxy's own errors, by their words, which clients look for.
var (
	errProxyNotFound = &apiError{"proxy not found", http.StatusNotFound}
	errProxyExists   = &apiError{"proxy already exists", http.StatusConflict}
	errInvalidStream = &apiError{"stream was invalid, can be either upstream or downstream", http.StatusBadRequest}
	errInvalidType   = &apiError{"invalid toxic type", http.StatusBadRequest}
	errToxicExists   = &apiError{"toxic already exists", http.StatusConflict}
	errToxicNotFound = &apiError{"toxic not found", http.StatusNotFound}
)

// badBody is what is wrong with what was sent.
func badBody(err error) *apiError {
	var already *apiError
	if errors.As(err, &already) {
		return already
	}
	return &apiError{"bad request body: " + err.Error(), http.StatusBadRequest}
}

// missing is a field that must be given.
func missing(field string) *apiError {
	return &apiError{"missing required field: " + field, http.StatusBadRequest}
}

// asAPI gives an error Toxiproxy's shape.
func asAPI(err error) *apiError {
	var already *apiError
	if errors.As(err, &already) {
		return already
	}
	return &apiError{err.Error(), http.StatusInternalServerError}
}
