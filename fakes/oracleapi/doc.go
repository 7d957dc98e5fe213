// Package oracleapi is a fake of the API that impact oracles are asked through.
// One fake serves any number of oracles, behind one address or several.
//
//	GET  /oracles/{oracle}/impact?project={id}
//	POST /oracles/{oracle}/impact               {"project_id": id}
//
//	200  {"project_id":7,"oracle":"oracle-3","data":{"as_of":"2026-01-31T00:00:00.000Z",
//	      "beneficiaries":1234,"co2_kg":56.7,"score":0.89}}
//	400  no project, or not a number above 0      404  no such oracle or route
//	405  neither GET nor POST
//
// Errors are {"error":{"code":"…","message":"…"}}. A client may stamp X-Attempt on
// a request. One that is not a GET without a body, with the project's number once
// and X-Attempt: 1, is answered, and odd in the journal.
//
// The data depend on the seed, the oracle, the project and the moment that the
// call arrived, which is their as_of: what is passed on says of itself which call
// it came from, so that an answer that was kept, swapped or made up is seen.
//
// Faults pick a request by the oracle's id, or by "project/7". The journal's
// group is the oracle and its key is the project's id.
package oracleapi
