// Package message names the parts of an HTTP request or answer, and says whether
// one is as it should be. One syntax serves wherever a part is meant: what a fake
// matches a request by, what of an answer counts as success, what is captured of
// it, what tells one business request from another.
//
// Enter at [ParsePath], which reads the name of a part:
//
//	json.order.id         in a JSON body, by gjson: dots, array indexes, \. for a dot in a key
//	json                  the whole of a JSON body
//	form.metadata[cart]   a field of a form; the name is all that follows
//	header.Retry-After    a header, in any case
//	query.q               a parameter of the query
//	path.id               what {id} of a path template stood for
//	status method path body
//
// and at [Matcher], which holds conditions on them. [ConditionOf] reads one:
//
//	present   there, and not null in JSON
//	absent    not there, or null in JSON
//	~^ch_     a regular expression that matches somewhere in it
//	paid      that text exactly; 3, true and null are what they are in JSON
//	=present  that text exactly, where it would mean something else
//
// All of these are values and have a printer that is their parser's inverse.
package message
