package settings

import (
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"net/url"
	"strings"
)

// connectionString is what a database is reached by.
const connectionString = "a connection string such as postgres://user:password@host:5432/database"

// address is the base of an API, or empty. It is not quoted: it may hold a password.
func address(written string) error {
	if written == "" {
		return nil
	}
	u, err := url.Parse(written)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return errors.New("is not an address such as https://api.example.com")
	}
	return nil
}

// headerValue is what a header can carry, or empty. It is not quoted: it is a secret.
func headerValue(written string) error {
	if strings.ContainsFunc(written, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return errors.New("has characters that no header can carry")
	}
	return nil
}

func mailAddress(written string) error {
	if _, err := mail.ParseAddress(written); err != nil {
		return fmt.Errorf("%q is not an e-mail address", written)
	}
	return nil
}

func logLevel(written string) error {
	if new(slog.Level).UnmarshalText([]byte(written)) != nil {
		return fmt.Errorf("%q is none of debug, info, warn, error", written)
	}
	return nil
}
