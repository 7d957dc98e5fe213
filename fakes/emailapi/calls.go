package emailapi

import (
	"cmp"
	"slices"

	"holdfast.dev/holdfast/fakes/host"
)

// Call is one request as it came, whatever became of it: what a client asked for,
// to be held against what it was asked to do itself.
type Call struct {
	Entry int // its number in the journal, which tells when it came and how it ended
	// Route is send, batch, get, update, cancel or other.
	Route string
	// Bearer is the API key, without "Bearer "; empty where there is no such header.
	Bearer string
	// IdempotencyKey is empty where there is none.
	IdempotencyKey string
	// Validation is the header x-batch-validation.
	Validation string
	// Payload is the same for the same JSON on the same route, and for no other.
	Payload uint64
	// Mails are what it asks for, shared by all calls of the same payload; nil where
	// the body could not be read.
	Mails []Mail
}

// Mail is a mail as it is asked for.
type Mail struct {
	From          string
	To            []string
	Others        []string // copies and blind copies
	Subject       string
	HTML, Text    string
	Extraordinary bool // it has attachments, a time, a template or an address to reply to
}

// Calls returns all requests so far, by arrival, and how many more there were that
// were too much to keep: see [Config.KeepCallBytes].
func (s *Server) Calls() (all []Call, left int) {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	all = slices.Clone(s.api.calls.all)
	slices.SortFunc(all, func(a, b Call) int { return cmp.Compare(a.Entry, b.Entry) })
	return all, s.api.calls.left
}

// calls are the requests so far. Its caller holds the lock.
type calls struct {
	all   []Call
	mails map[uint64][]Mail // by payload
	bytes int
	most  int
	left  int
}

func newCalls(most int) calls { return calls{mails: map[uint64][]Mail{}, most: most} }

// callBytes is what a call takes beside its mails, roughly.
const callBytes = 256

// Note implements [host.Noter].
func (a *api) Note(c *host.Call) {
	o, _ := c.Value.(*order)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls.note(Call{
		Entry: c.Entry(), Route: string(o.route), Bearer: o.key,
		IdempotencyKey: c.Request.Header.Get("Idempotency-Key"), Validation: c.Request.Header.Get("X-Batch-Validation"),
		Payload: o.payload,
	}, o.messages)
}

func (c *calls) note(one Call, messages []message) {
	mails, known := c.mails[one.Payload]
	if !known {
		mails = make([]Mail, len(messages))
		for i := range messages {
			mails[i] = messages[i].mail()
			c.bytes += mails[i].size()
		}
	}
	if c.bytes += callBytes; c.bytes > c.most {
		c.left++
		return
	}
	if len(messages) > 0 {
		c.mails[one.Payload], one.Mails = mails, mails
	}
	c.all = append(c.all, one)
}

// mail is the message for those who look from outside.
func (m *message) mail() Mail {
	return Mail{
		From: m.From, To: m.To, Others: slices.Concat(m.Cc, m.Bcc), Subject: m.Subject, HTML: m.HTML, Text: m.Text,
		Extraordinary: len(m.Attachments) > 0 || m.ScheduledAt != "" || m.Template != nil || len(m.ReplyTo) > 0,
	}
}

func (m Mail) size() int {
	n := 160 + len(m.From) + len(m.Subject) + len(m.HTML) + len(m.Text)
	for _, to := range slices.Concat(m.To, m.Others) {
		n += 16 + len(to)
	}
	return n
}
