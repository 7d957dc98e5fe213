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
	Template    *template    `json:"template"`
}

// template is a mail that the API keeps, and what is filled in. The fake knows no
// templates, and takes any.
type template struct {
	ID        string         `json:"id"`
	Variables map[string]any `json:"variables"`
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
	if m.Template != nil {
		filled, _ := json.Marshal(m.Template) // what came from JSON always can
		_, _ = h.Write(filled)
	}
	return h.Sum64()
}

// check says what is wrong with the mail at a time.
func (m *message) check(c Config, now time.Time) refusal {
	if bad := m.checkFields(); bad != nil {
		return bad
	}
	if bad := m.checkFrom(c.Domains); bad != nil {
		return bad
	}
	if bad := m.checkRecipients(c.Echo); bad != nil {
		return bad
	}
	for _, a := range m.Attachments {
		if len(a.Content) == 0 && a.Path == "" {
			return refuse(422, "invalid_attachment", "")
		}
	}
	_, bad := m.due(now)
	return bad
}

// checkFields says which fields are missing. A template may bring sender, subject
// and text along.
func (m *message) checkFields() refusal {
	templated := m.Template != nil
	for _, field := range []struct {
		name    string
		missing bool
	}{
		{"from", m.From == "" && !templated}, {"to", len(m.To) == 0}, {"subject", m.Subject == "" && !templated},
		{"html` or `text", m.HTML == "" && m.Text == "" && !templated}, {"template.id", templated && m.Template.ID == ""},
	} {
		if field.missing {
			return refuse(422, "missing_required_field", "Missing `"+field.name+"` field.")
		}
	}
	if templated && (m.HTML != "" || m.Text != "") {
		return refuse(422, "validation_error", "The `template` field cannot be used with `html` or `text`.")
	}
	return nil
}

// checkFrom says what is wrong with the sender, whose domain has no case.
func (m *message) checkFrom(domains []string) refusal {
	if m.From == "" {
		return nil // the template's
	}
	from, err := mail.ParseAddress(m.From)
	if err != nil {
		return refuse(422, "validation_error", "Invalid `from` field."+messageAddress)
	}
	domain := from.Address[strings.LastIndexByte(from.Address, '@')+1:]
	same := func(d string) bool { return strings.EqualFold(d, domain) }
	if len(domains) > 0 && !slices.ContainsFunc(domains, same) {
		return refuse(403, "validation_error", "The "+domain+" domain is not verified. Please, add and verify your domain.")
	}
	return nil
}

// due is when the mail is to be sent; zero is at once.
func (m *message) due(now time.Time) (time.Time, refusal) {
	if m.ScheduledAt == "" {
		return time.Time{}, nil
	}
	return scheduled(m.ScheduledAt, now)
}

func (m *message) checkRecipients(echo bool) refusal {
	for _, field := range []struct {
		name string
		list addresses
	}{{"to", m.To}, {"cc", m.Cc}, {"bcc", m.Bcc}, {"reply_to", m.ReplyTo}} {
		if len(field.list) > maxRecipients {
			return refuse(422, "validation_error", fmt.Sprintf("The `%s` field has more than %d addresses.", field.name, maxRecipients))
		}
		for _, address := range field.list {
			if _, err := mail.ParseAddress(address); err != nil {
				quoted := ""
				if echo {
					quoted = ": " + address
				}
				return refuse(422, "validation_error", "Invalid `"+field.name+"` field"+quoted+"."+messageAddress)
			}
		}
	}
	return nil
}
