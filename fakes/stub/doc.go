// Package stub is a fake of any plain HTTP API: named routes, each with the
// requests that it is for and the answer that it gives.
//
// Enter at [Start] with a [Config]. A [Route] matches requests by method, path,
// query, headers and body ([message.Matcher]) and answers with a text in which the
// request's own values may stand:
//
//	{key}                     what the route's Key says of the request
//	{path.id} {query.q} {header.X} {form.a[b]} {json.order.id} {method}
//	{currency}                {path.currency} for short
//	{id}                      16 letters and digits that are always the same for a route and a key
//	{uuid}                    the same as a UUID
//	{n} {attempt}             the number of the request at its route; at its key
//	{url} {host} {port} {address}   of the fake itself
//
// and the names of [Config.Values]. In JSON, "{n:int}" is a number. What a request
// does not have is empty, or null where a number is to be.
//
// The more particular route is asked first: a literal path before one with names,
// more conditions before fewer, and else the earlier one. What no route is for is
// answered with 404 and why, and counted.
//
// A route's Key tells one business request from another, however often it is
// tried and whatever idempotency key it bears. By it attempts and faults are
// counted, and duplicates found. A route without one knows a request by its
// method, path, query and body, which is enough to draw faults and too little to
// say what is a retry.
//
// Where [Config.Judge] knows a description of the API, each request is held against it, and
// answered all the same; [Server.Invalid] is what was wrong.
//
// A route may have a [Webhook], which is sent to a process of the service once the
// route's work is done; [Server.Callbacks] is what became of each, and
// [Server.WebhookFaults] what goes wrong with them.
//
// The journal's group is the route's name, or [Unmatched]; its key is the route's
// key. Faults pick requests by the route's name, by the key, or by ROUTE/KEY, and
// those of a route without a key by what a name in its path stands for; [At] is a
// fault of one route.
package stub
