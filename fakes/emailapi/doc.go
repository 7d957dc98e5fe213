// Package emailapi is a fake of an e-mail API in the manner of Resend: real
// enough for the official client, and for telling a mail that was sent from one
// whose sender never heard of it.
//
//	POST /emails        {"from","to","subject","html"|"text",…}   200 {"id"}
//	POST /emails/batch  [{…},…], at most 100                      200 {"data":[{"id"},…]}
//	GET  /emails/{id}                                             200 {"object":"email","id",…}
//	PATCH /emails/{id}         {"scheduled_at"}                   200 {"object":"email","id"}
//	POST /emails/{id}/cancel                                      200 {"object":"email","id"}
//
// Errors are {"statusCode":422,"name":"missing_required_field","message":"…"};
// [Errors] lists them all, and docs/fakes.md what is known of each. Requests are authorised by "Authorization: Bearer
// KEY". A batch is all or nothing, unless "x-batch-validation: permissive" asks
// for what is valid, with "errors":[{"index","message"}].
//
// A mail may be scheduled, at a time or in words such as "in 1 hour", and canceled
// or put off until then. It is in the journal from when it was taken on.
//
// Idempotency-Key (1 to 256 characters) on a POST: the same key with the same
// payload is answered as before and not sent again; with another payload, 409
// invalid_idempotent_request; while the first is still in the works, 409
// concurrent_idempotent_requests. Keys expire after 24 hours on the API's clock,
// which [Server.Advance] moves. A request that was refused leaves its key free.
//
// With a rate limit, every answer carries ratelimit-limit, ratelimit-remaining
// and ratelimit-reset, and a 429 also retry-after; with a quota,
// x-resend-daily-quota and x-resend-monthly-quota tell what is used.
//
// Faults pick a request by any of its recipients, or by its API key. The
// journal's groups are send, batch, get, update, cancel and other; the key is the idempotency
// key, or else made from the payload. What was accepted is in the journal for
// each recipient, whatever the client was told: see [journal.Journal.PerRecipient]
// and [journal.Journal.Duplicates].
package emailapi
