package emailapi

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// maxRecipients is the most addresses in one field.
const maxRecipients = 50

// maxBatch is the most mails in one batch.
const maxBatch = 100

// addresses is one address or a list of them.
type addresses []string

// UnmarshalJSON reads a string or a list of strings.
func (a *addresses) UnmarshalJSON(b []byte) error {
	var list []string
	if len(b) > 0 && b[0] == '"' {
		list = make([]string, 1)
		if err := json.Unmarshal(b, &list[0]); err != nil {
			return fmt.Errorf("an address: %w", err)
		}
	} else if err := json.Unmarshal(b, &list); err != nil {
		return fmt.Errorf("a list of addresses: %w", err)
	}
	*a = list
	return nil
}

// message is a mail as a client asks for it.
type message struct {
	From        string       `json:"from"`
	To          addresses    `json:"to"`
	Cc          addresses    `json:"cc"`
	Bcc         addresses    `json:"bcc"`
	ReplyTo     addresses    `json:"reply_to"`
	Subject     string       `json:"subject"`
	HTML        string       `json:"html"`
	Text        string       `json:"text"`
	ScheduledAt string       `json:"scheduled_at"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	Filename string          `json:"filename"`
	Content  json.RawMessage `json:"content"`
	Path     string          `json:"path"`
}

// recipients are all that the mail goes to.
func (m *message) recipients() []string {
	return slices.Concat(m.To, m.Cc, m.Bcc)
}

// content identifies what the mail says, whoever it goes to.
func (m *message) content() uint64 {
	h := fnv.New64a()
	for _, part := range []string{m.From, m.Subject, m.HTML, m.Text} {
		_, _ = h.Write([]byte(part)) // a hash takes all
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}

// check says what is wrong with the mail.
func (m *message) check(domains []string) refusal {
	for _, field := range []struct {
		name    string
		missing bool
	}{
		{"from", m.From == ""}, {"to", len(m.To) == 0}, {"subject", m.Subject == ""},
		{"html` or `text", m.HTML == "" && m.Text == ""},
	} {
		if field.missing {
			return refuse(422, "missing_required_field", "Missing `"+field.name+"` field.")
		}
	}
	from, err := mail.ParseAddress(m.From)
	if err != nil {
		return refuse(422, "invalid_from_address", "")
	}
	if bad := m.checkRecipients(); bad != nil {
		return bad
	}
	domain := from.Address[strings.LastIndexByte(from.Address, '@')+1:]
	if len(domains) > 0 && !slices.Contains(domains, domain) {
		return refuse(403, "validation_error", "The "+domain+" domain is not verified.")
	}
	for _, a := range m.Attachments {
		if len(a.Content) == 0 && a.Path == "" {
			return refuse(422, "invalid_attachment", "")
		}
	}
	if m.ScheduledAt != "" {
		if _, err := time.Parse(time.RFC3339, m.ScheduledAt); err != nil {
			return refuse(422, "invalid_parameter", "The `scheduled_at` field must be an ISO 8601 date.")
		}
	}
	return nil
}

func (m *message) checkRecipients() refusal {
	for _, field := range []struct {
		name string
		list addresses
	}{{"to", m.To}, {"cc", m.Cc}, {"bcc", m.Bcc}, {"reply_to", m.ReplyTo}} {
		if len(field.list) > maxRecipients {
			return refuse(400, "validation_error", fmt.Sprintf("The `%s` field has more than %d addresses.", field.name, maxRecipients))
		}
		for _, address := range field.list {
			if _, err := mail.ParseAddress(address); err != nil {
				return refuse(400, "validation_error", "Invalid `"+field.name+"` field.")
			}
		}
	}
	return nil
}
