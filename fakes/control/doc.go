// Package control is a small HTTP API to steer a fake while it runs, for people
// by hand and for tests in other languages. Tests in Go call the fake itself.
//
//	GET    /                   a page of what arrived and what is in force
//	GET    /arrivals           the latest that arrived, as JSON
//	GET    /faults             what is and was in force: receipts
//	POST   /faults             one fault in the text form per line; all or none
//	DELETE /faults             lift all; with ?id=NAME, one. Returns the receipts
//	GET    /catalogue          all kinds of faults with examples
//	GET    /summary            what the fake saw, counted
//	GET    /journal            every request, as JSON Lines; ?group= ?key= narrow it
//	DELETE /journal            forget it
//
// For a fake that calls its clients back also:
//
//	GET    /callbacks          the latest that it has sent, and what came of each, as JSON
//
// For the e-mail API also:
//
//	PUT    /keys/{key}         the body is valid, sending-only, restricted, suspended or revoked
//	POST   /clock?advance=25h  move the API's clock: idempotency keys expire, quotas are renewed
//
// It listens on loopback unless told otherwise, and refuses what a browser sends on
// behalf of a web page, and who calls it by another name than this machine's: a page
// whose name is made to mean 127.0.0.1 reads nothing. Whoever else can reach it may read;
// what changes something carries the token of this server, which is printed with its
// address: Authorization: Bearer TOKEN. Errors are {"error":{"code","message"}}.
package control
