package task

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// expected is a list of causes and their class, written from the documentation
// of the API and of Postgres rather than from the code.
type expected map[errorClass][]string

func TestEveryErrorOfTheAPIIsClassified(t *testing.T) {
	for class, errors := range (expected{
		classPermanent: {"400 invalid_idempotency_key", "400 validation_error", "401 missing_api_key", "401 restricted_api_key",
			"401 validation_error", "422 validation_error", "403 restricted_api_key",
			"403 invalid_api_key", "403 suspended_api_key", "403 validation_error", "404 not_found", "405 method_not_allowed",
			"409 invalid_idempotent_request", "413 validation_error", "422 missing_required_field", "422 invalid_attachment",
			"422 invalid_parameter", "422 invalid_access", "422 invalid_region", "422 invalid_from_address",
			"403 invalid_from_address", "429 daily_quota_exceeded", "429 monthly_quota_exceeded", "451 security_error",
			"400 a_name_of_tomorrow", "402 a_name_of_tomorrow", "409 a_name_of_tomorrow", "403 -", "401 -", "410 -", "422 -", "418 -",
			"301 -", "302 -", "308 -", "501 -", "505 -", "506 -", "508 -", "511 -"},
		classTemporary: {"409 concurrent_idempotent_requests", "429 rate_limit_exceeded", "429 a_name_of_tomorrow", "408 -", "425 -",
			"429 -", "503 -", "503 service_unavailable", "503 application_error", "503 internal_server_error", "521 -", "522 -", "523 -"},
		classUnknown: {"500 application_error", "500 internal_server_error", "500 a_name_of_tomorrow", "500 -", "502 -", "504 -",
			"502 application_error", "504 application_error", "520 -", "524 -", "507 -", "599 -", "200 -", "204 -", "0 -", "999 -"},
	}) {
		for _, text := range errors {
			e := &answerError{}
			_, err := fmt.Sscanf(text, "%d %s", &e.status, &e.name)
			require.NoError(t, err)
			e.name = strings.Trim(e.name, "-")
			require.Equal(t, class, classify(fmt.Errorf("around: %w", e)).Class, text)
		}
	}
}

func TestWhichErrorsParkTheQueue(t *testing.T) {
	var names []string
	for _, r := range allRules() {
		if r.KeyRefused {
			require.Equal(t, classPermanent, r.Class)
			names = append(names, r.Cause)
		}
	}
	require.Equal(t, []string{"401", "400 or 403 with a message about the API key",
		"missing_api_key", "restricted_api_key", "invalid_api_key", "suspended_api_key", causeNoKey}, names)
}

// A key that is refused is told with a name that stands for other mistakes, too.
func TestARefusedKeyIsKnownByStatusAndMessage(t *testing.T) {
	for _, row := range []struct {
		e       answerError
		refused bool
	}{
		{answerError{status: 401, name: "validation_error", message: "API key is invalid"}, true},
		{answerError{status: 400, name: "validation_error", message: "API key is invalid"}, true},
		{answerError{status: 403, name: "validation_error", message: "This API key is suspended"}, true},
		{answerError{status: 401}, true},
		{answerError{status: 403, name: "restricted_api_key", message: "API key is not active"}, true},
		{answerError{status: 400, name: "validation_error", message: "Invalid `to` field."}, false},
		{answerError{status: 422, name: "validation_error", message: "The tag api key is too long"}, false},
		{answerError{status: 403, name: "validation_error", message: "The example.org domain is not verified."}, false},
		{answerError{status: 400, name: "invalid_idempotency_key", message: "Idempotency keys must have between 1 and 256 characters."}, false},
	} {
		rule := classify(&row.e)
		require.Equal(t, row.refused, rule.KeyRefused, "%+v", row.e)
		require.Equal(t, classPermanent, rule.Class)
	}
}

func TestEveryStateOfPostgresIsClassified(t *testing.T) {
	for class, states := range (expected{
		classTemporary: {"08000", "08001", "08003", "08004", "08006", "25006", "25P02", "25P03", "25P04", "26000", "40001", "40P01", "40000",
			"53000", "53100", "53200", "53300", "53400", "55000", "55006", "55P03", "57014", "57P01", "57P02", "57P03", "57P05",
			"58000", "58030"},
		classUnknown: {"08007", "40003"},
		classPermanent: {"08P01", "0A000", "22001", "22P02", "22P05", "23502", "23503", "23505", "28000", "28P01", "3D000", "3F000",
			"40002", "42501", "42601", "42703", "42P01", "54000", "55P04", "57P04", "58P01", "P0001", "XX000", "XX001", "XX002", "99999", ""},
	}) {
		for _, state := range states {
			for _, err := range []error{&pgconn.PgError{Code: state}, fmt.Errorf("connect: %w", &pgconn.PgError{Code: state})} {
				require.Equal(t, class, classify(&databaseError{doing: "x", err: err}).Class, state)
			}
		}
	}
	cached := &pgconn.PgError{Code: "0A000", Routine: "RevalidateCachedQuery"}
	require.Equal(t, classTemporary, classify(&databaseError{err: cached}).Class)
}

func TestFailuresOfTheWayAreClassified(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	reset := &net.OpError{Op: "read", Err: syscall.ECONNRESET}
	broken := &net.OpError{Op: "write", Err: syscall.EPIPE}
	for _, row := range []struct {
		name string
		err  error
		want errorClass
	}{
		{"API: refused", &callError{err: refused}, classTemporary},
		{"API: unreachable", &callError{err: &net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}}, classTemporary},
		{"API: too many files", &callError{err: &net.OpError{Op: "dial", Err: syscall.EMFILE}}, classTemporary},
		{"API: timeout while connecting", &callError{err: context.DeadlineExceeded}, classTemporary},
		{"API: no such host", &callError{err: &net.DNSError{IsNotFound: true}}, classPermanent},
		{"API: name server down", &callError{err: &net.DNSError{IsTemporary: true}}, classTemporary},
		{"API: name server slow", &callError{err: &net.DNSError{IsTimeout: true}}, classTemporary},
		{"API: unknown authority", &callError{err: x509.UnknownAuthorityError{}}, classPermanent},
		{"API: another host's certificate", &callError{err: x509.HostnameError{}}, classPermanent},
		{"API: certificate not accepted", &callError{err: &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{}}}, classPermanent},
		{"API: no TLS", &callError{err: tls.RecordHeaderError{}}, classPermanent},
		{"API: request not made", &callError{err: errors.New("x"), unusable: true}, classPermanent},
		{"API: reset", &callError{err: reset, sent: true}, classUnknown},
		{"API: broken pipe", &callError{err: broken, sent: true}, classUnknown},
		{"API: EOF", &callError{err: io.EOF, sent: true}, classUnknown},
		{"API: answer cut short", &callError{err: io.ErrUnexpectedEOF, sent: true}, classUnknown},
		{"API: timeout", &callError{err: context.DeadlineExceeded, sent: true}, classUnknown},
		{"API: no HTTP", &callError{err: errors.New("malformed HTTP response"), sent: true}, classUnknown},
		{"DB: refused", &databaseError{err: &pgconn.ConnectError{}}, classTemporary},
		{"DB: refused while writing", &databaseError{err: &pgconn.ConnectError{}, write: true}, classTemporary},
		{"DB: pool starved", &databaseError{err: context.DeadlineExceeded, write: true}, classTemporary},
		{"DB: read lost", &databaseError{err: reset}, classTemporary},
		{"DB: write lost", &databaseError{err: reset, write: true}, classUnknown},
		{"DB: read on a closed connection", &databaseError{err: pgconn.ErrConnClosed}, classTemporary},
		{"DB: write on a closed connection", &databaseError{err: pgconn.ErrConnClosed, write: true}, classUnknown},
		{"DB: write ended by EOF", &databaseError{err: io.ErrUnexpectedEOF, write: true}, classUnknown},
		{"DB: no row", &databaseError{err: pgx.ErrNoRows}, classPermanent},
		{"DB: our mistake", &databaseError{err: errors.New("cannot scan")}, classPermanent},
		{"no project", &taskError{cause: causeNoProject}, classPermanent},
		{"refused messages", &taskError{cause: causeRefused}, classPermanent},
		{"no key", &taskError{cause: causeNoKey}, classPermanent},
		{"key file gone", &taskError{cause: causeKeyFile}, classTemporary},
		{"panic", &taskError{cause: causePanic}, classPermanent},
		{"anything", errors.New("x"), classPermanent},
	} {
		rule := classify(fmt.Errorf("around: %w", row.err))
		require.Equal(t, row.want, rule.Class, row.name)
		require.NotEmpty(t, rule.Why, row.name)
	}
}

// A row that nothing can reach would be documentation of what is not so.
func TestEveryRuleSaysWhy(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range allRules() {
		require.NotEmpty(t, r.Cause)
		require.NotEmpty(t, r.Why, r.Cause)
		require.Contains(t, errorClasses(), r.Class)
		require.False(t, seen[string(r.Area)+r.Cause], r.Cause)
		seen[string(r.Area)+r.Cause] = true
	}
}
