package task

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
)

// keyRule classifies an answer by its status and message: a key that is refused is
// told as 401 where mails are sent, as 400 elsewhere, with a name that stands for any
// request that is not valid.
type keyRule struct {
	classRule
	matches func(*answerError) bool
}

func keyRules() []keyRule {
	row := func(cause string, matches func(*answerError) bool) keyRule {
		return keyRule{classRule{areaKey, cause, classPermanent, "the key is refused", true}, matches}
	}
	return []keyRule{
		row("401", func(e *answerError) bool { return e.status == 401 }),
		row("400 or 403 with a message about the API key", func(e *answerError) bool {
			return (e.status == 400 || e.status == 403) && strings.Contains(strings.ToLower(e.message), "api key")
		}),
	}
}

// nameRule classifies the "name" of an answer. Names come before statuses: the
// status of a name has changed over time (invalid_from_address from 403 to 422).
// The names application_error and internal_server_error are not among them: they
// stand for any failure, and their status says more.
type nameRule struct{ classRule }

func nameRules() []nameRule {
	var all []nameRule
	add := func(class errorClass, refused bool, why string, names ...string) {
		for _, name := range names {
			all = append(all, nameRule{classRule{areaName, name, class, why, refused}})
		}
	}
	add(classPermanent, true, "the key is missing or may not do this",
		"missing_api_key", "restricted_api_key", "invalid_api_key", "suspended_api_key")
	add(classPermanent, false, "the message is not one that can be sent", "validation_error", "missing_required_field",
		"invalid_attachment", "invalid_parameter", "invalid_from_address", "security_error")
	add(classPermanent, false, "the API is called in a wrong way", "not_found", "method_not_allowed", "invalid_access",
		"invalid_region", "invalid_idempotency_key")
	add(classTemporary, false, "the API refuses load", "service_unavailable")
	add(classPermanent, false, "the key was used with other messages: our mistake", "invalid_idempotent_request")
	add(classTemporary, false, "an earlier attempt is still in the works; the same key tells later", "concurrent_idempotent_requests")
	add(classTemporary, false, "too many calls just now", "rate_limit_exceeded")
	add(classPermanent, false, "the quota is spent: no retry of this run comes late enough", "daily_quota_exceeded", "monthly_quota_exceeded")
	return all
}

// statusRule classifies a range of statuses, for answers without a known name.
type statusRule struct {
	classRule
	from, to int
}

func statusRules() []statusRule {
	row := func(cause string, from, to int, class errorClass, why string) statusRule {
		return statusRule{classRule{areaStatus, cause, class, why, false}, from, to}
	}
	return []statusRule{
		row("408", 408, 408, classTemporary, "the API did not get the whole request"),
		row("425", 425, 425, classTemporary, "the API would not risk a replay"),
		row("429", 429, 429, classTemporary, "too many calls just now"),
		row("503", 503, 503, classTemporary, "the API refuses load"),
		row("521–523", 521, 523, classTemporary, "the edge did not reach the API"),
		row("501", 501, 501, classPermanent, "the API cannot do this"),
		row("505", 505, 505, classPermanent, "the API does not speak this protocol"),
		row("506", 506, 506, classPermanent, "the API is set up in a wrong way"),
		row("508", 508, 508, classPermanent, "the API goes round in circles"),
		row("511", 511, 511, classPermanent, "the network wants a login"),
		row("other 5xx", 500, 599, classUnknown, "the API or a gateway failed, perhaps after the mail was taken on"),
		row("other 4xx", 400, 499, classPermanent, "the request is refused as it is"),
		row("3xx", 300, 399, classPermanent, "the API is elsewhere: a mail is not sent after a redirect"),
		row("2xx that cannot be read", 0, 299, classUnknown, "it was most likely sent, but what was is not known"),
		row("anything else", 600, 999, classUnknown, "no status that HTTP knows"),
	}
}

// transportRule classifies a call that had no answer.
type transportRule struct {
	classRule
	matches func(*callError) bool
}

func transportRules() []transportRule {
	row := func(cause string, class errorClass, why string, matches func(*callError) bool) transportRule {
		return transportRule{classRule{areaTransport, cause, class, why, false}, matches}
	}
	return []transportRule{
		row("no such host", classPermanent, "the address is wrong", func(e *callError) bool {
			dns, ok := errors.AsType[*net.DNSError](e.err)
			return ok && dns.IsNotFound
		}),
		row("certificate or TLS not accepted", classPermanent, "the other side is not who it should be, or speaks no TLS", func(e *callError) bool {
			return !e.sent && badTLS(e.err)
		}),
		row("request that cannot be made", classPermanent, "our mistake", func(e *callError) bool { return e.unusable }),
		row("failure before anything was sent: refused, unreachable, name server, TLS handshake, too many open files, timeout",
			classTemporary, "the API never heard of it", func(e *callError) bool { return !e.sent }),
		row("timeout after the request was sent", classUnknown, "the API may have done it", func(e *callError) bool {
			network, ok := errors.AsType[net.Error](e.err)
			return errors.Is(e.err, context.DeadlineExceeded) || ok && network.Timeout()
		}),
		row("connection lost, or an answer that is no HTTP, after the request was sent", classUnknown, "the API may have done it",
			func(*callError) bool { return true }),
	}
}

// badTLS reports whether the other side failed to prove who it is.
func badTLS(err error) bool {
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, hostname := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	return authority || hostname || invalid || verification || record
}
