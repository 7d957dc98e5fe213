// Package oracle is the reference program's impact service: GET
// /projects/{id}/impact asks the project's oracles, which are outside services,
// and puts their answers together.
//
// Enter at [New] and [Service.ServeHTTP]. [Config] holds the protections, each
// a plain value that can be switched off on its own, and [FromEnv] reads it
// from environment variables. With all of them off, what remains is a loop over
// every active oracle without a timeout, which the first error ends.
//
// # Which oracles are asked, and how
//
// Those that are active, in the order of their position and then of their id,
// and of these the first [Config.Cap]. The answer says how many are active and
// how many were asked.
//
//	GET {oracle.url}?project=7      X-Attempt: 1
//
//	200 {"project_id":7,"oracle":"oracle-3","data":{"as_of":"2026-01-31T00:00:00Z",
//	     "beneficiaries":1234,"co2_kg":56.7,"score":0.89}}
//
// A call is one request: nothing here tries again, and Go's HTTP client is kept
// from doing so by itself (see once). What an answer means is up to the
// oracle's adapter.
//
// An oracle that fails is a part of the answer, not its end: it has one of the
// classes of [failureClass]. No detail holds an address or anything internal.
package oracle

import (
	"encoding/json"
	"errors"
)

// errNoProject is in the chain of the error for a project that does not exist.
var errNoProject = errors.New("no such project")

// impactBody is the answer about one project.
type impactBody struct {
	ProjectID int64                   `json:"project_id"`
	Active    int                     `json:"active"`    // oracles of the project that are active
	Queried   int                     `json:"queried"`   // how many of them were to be asked
	Truncated bool                    `json:"truncated"` // there are more than were asked
	Results   map[string]oracleResult `json:"results"`   // by oracle, one of each that was to be asked; never null
}

// Statuses of a [oracleResult].
const (
	statusOK    = "ok"
	statusError = "error"
)

// oracleResult is what came of asking one oracle: data, or an error with its detail.
type oracleResult struct {
	Status string          `json:"status"`
	Data   json.RawMessage `json:"data,omitempty"`
	Error  failureClass    `json:"error,omitempty"`
	Detail string          `json:"detail,omitempty"` // for people; may be shown to anyone
}

// source is an oracle as the database has it.
type source struct {
	name    string
	url     string
	adapter string
}
