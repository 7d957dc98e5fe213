package emailapi

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"holdfast.dev/holdfast/fakes/httpfault"
)

// kept is a mail that GET /emails/{id} knows.
type kept struct {
	message
	id       string
	created  time.Time
	due      time.Time // zero: it was sent at once
	canceled bool
}

// keepBytes is how much text all mails that are kept may have together.
const keepBytes = 64 << 20

// mails are the latest mails that were accepted. Its caller holds the lock.
type mails struct {
	byID  map[string]*kept
	queue []*kept // oldest first
	bytes int
	keep  int
}

func newMails(keep int) mails { return mails{byID: map[string]*kept{}, keep: keep} }

func (m *mails) add(k *kept) {
	k.Attachments = nil // GET does not show them
	m.queue = append(m.queue, k)
	m.byID[k.id] = k
	m.bytes += k.size()
	for len(m.queue) > m.keep || m.bytes > keepBytes {
		oldest := m.queue[0]
		m.queue[0] = nil
		m.queue = m.queue[1:]
		m.bytes -= oldest.size()
		if m.byID[oldest.id] == oldest {
			delete(m.byID, oldest.id)
		}
	}
}

func (k *kept) size() int { return len(k.Subject) + len(k.HTML) + len(k.Text) + 256 }

// waits reports whether the mail is still to be sent.
func (k *kept) waits(now time.Time) bool { return !k.canceled && now.Before(k.due) }

// event is what became of the mail last.
func (k *kept) event(now time.Time) string {
	switch {
	case k.canceled:
		return "canceled"
	case k.waits(now):
		return "scheduled"
	default:
		return "delivered"
	}
}

// stamp is a time as the API shows it; nil is none.
func stamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := t.UTC().Format("2006-01-02 15:04:05.999999-07")
	return &text
}

// body is the mail as the API shows it.
func (k *kept) body(now time.Time) []byte {
	b, _ := json.Marshal(map[string]any{ // strings and lists of them always can
		"object": "email", "id": k.id, "from": k.From, "to": orNone(k.To), "cc": orNone(k.Cc), "bcc": orNone(k.Bcc),
		"reply_to": orNone(k.ReplyTo), "subject": k.Subject, "html": k.HTML, "text": k.Text,
		"created_at": stamp(k.created), "scheduled_at": stamp(k.due), "last_event": k.event(now),
	})
	return b
}

func orNone(a addresses) addresses {
	if a == nil {
		return addresses{}
	}
	return a
}

// mailID is the id of a request's n-th mail. It depends on the seed, the
// request's key and how often that has arrived, not on the order of requests.
func mailID(seed uint64, key string, hit, n int) string {
	var b [16]byte
	for i, part := range []string{"high", "low"} {
		h := httpfault.Hash(seed, part, key, strconv.Itoa(hit), strconv.Itoa(n))
		for j := range 8 {
			b[8*i+j] = byte(h >> (8 * j))
		}
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := hex.EncodeToString(b[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
