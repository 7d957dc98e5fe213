package smtpserver

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"

	"holdfast.dev/holdfast/fakes/httpfault"
)

// Letter is a message that was received whole.
type Letter struct {
	Entry int // its number in the journal, which tells when it came and how it ended
	// Key is that of the journal.
	Key string
	// From and To are the envelope's.
	From string
	To   []string
	// MessageID is without its brackets; empty if it has none.
	MessageID string
	Subject   string
	// Text and HTML are the first parts of these kinds, decoded, up to 64 KiB each.
	Text, HTML string
	Header     mail.Header
	// Content is the same for the same sender, subject and text.
	Content uint64
	// User is who logged in; empty if nobody did. TLS says that it came encrypted.
	User string
	TLS  bool
}

// maxText is how much of a part is read.
const maxText = 64 << 10

// maxDepth is how deep parts in parts are looked into.
const maxDepth = 5

// parse reads a message. What can't be read is text.
func parse(raw []byte) Letter {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Letter{Text: string(raw[:min(len(raw), maxText)])}
	}
	l := Letter{Header: m.Header, Subject: decodeWords(m.Header.Get("Subject"))}
	l.MessageID = strings.Trim(strings.TrimSpace(m.Header.Get("Message-Id")), "<>")
	l.read(textproto.MIMEHeader(m.Header), m.Body, maxDepth)
	return l
}

func decodeWords(text string) string {
	if decoded, err := new(mime.WordDecoder).DecodeHeader(text); err == nil {
		return decoded
	}
	return text
}

// read reads a part, and those in it.
func (l *Letter) read(header textproto.MIMEHeader, body io.Reader, depth int) {
	kind, parameters, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if strings.HasPrefix(kind, "multipart/") && depth > 0 {
		parts := multipart.NewReader(body, parameters["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err != nil {
				return // the end, or broken from here on
			}
			l.read(part.Header, part, depth-1)
		}
	}
	if disposition, _, _ := mime.ParseMediaType(header.Get("Content-Disposition")); disposition == "attachment" {
		return
	}
	switch {
	case kind == "text/html" && l.HTML == "":
		l.HTML = decode(header, body)
	case (kind == "" || strings.HasPrefix(kind, "text/")) && kind != "text/html" && l.Text == "":
		l.Text = decode(header, body)
	}
}

// decode undoes a part's transfer encoding.
func decode(header textproto.MIMEHeader, body io.Reader) string {
	switch strings.ToLower(header.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, _ := io.ReadAll(io.LimitReader(body, maxText)) // what can't be decoded ends here
	return strings.TrimRight(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
}

// identify gives the letter what tells it from others, apart from what a client
// makes anew when it tries again.
func (l *Letter) identify() {
	to := slices.Sorted(slices.Values(l.To))
	l.Content = httpfault.Hash(0, l.From, l.Subject, l.Text, l.HTML)
	l.Key = fmt.Sprintf("%s %016x", strings.Join(to, ","), l.Content)
	if len(l.Key) > maxKey { // the journal would cut it
		l.Key = fmt.Sprintf("%d recipients %016x %016x", len(to), httpfault.Hash(0, to...), l.Content)
	}
}

// maxKey is the longest key that a journal keeps whole.
const maxKey = 255

func (l *Letter) size() int {
	n := 512 + len(l.Subject) + len(l.Text) + len(l.HTML)
	for _, to := range l.To {
		n += len(to)
	}
	for name, values := range l.Header {
		n += len(name) + len(strings.Join(values, ""))
	}
	return n
}

// Value finds what a letter has by a name: from, to, subject, message_id, text, html,
// user, or header.NAME. It is false if the letter has no such thing.
func (l *Letter) Value(name string) (string, bool) {
	value := ""
	switch name {
	case "from":
		value = l.From
	case "to":
		value = strings.Join(l.To, ",")
	case "subject":
		value = l.Subject
	case "message_id":
		value = l.MessageID
	case "text":
		value = l.Text
	case "html":
		value = l.HTML
	case "user":
		value = l.User
	default:
		if header, ok := strings.CutPrefix(name, "header."); ok {
			value = decodeWords(l.Header.Get(header))
		}
	}
	return value, value != ""
}

// Names are those that [Letter.Value] knows, beside header.NAME.
func Names() []string {
	return []string{"from", "to", "subject", "message_id", "text", "html", "user"}
}
