package chaos

import (
	"bytes"
	"encoding/binary"
	"strings"
	"sync/atomic"

	"holdfast.dev/holdfast/fault"
)

// What a client says first, where it is not a CancelRequest.
const (
	gssRequest  = 80877104
	protocolOne = 3 // the major version in a startup message
)

const (
	// maxHeld is how much of what a client asks is held back until it is known
	// what it is; a longer one passes as it is.
	maxHeld = 1 << 20
	// maxStatements bounds the prepared statements of a connection whose SQL is
	// remembered.
	maxStatements = 2048
)

// asked is what a client wants of the server, up to where it waits for an answer.
type asked struct {
	on             string // [fault.OnConnect], [fault.OnQuery] or [fault.OnCommit]; empty: none of them
	sql            string
	user, database string
}

// conversation is what a client says on one connection, message by message. It
// follows from the first byte on, fault or not, since a fault may begin at any.
type conversation struct {
	link   *link
	frames frames
	ending atomic.Pointer[[]byte] // what the client is told at the end
	unsaid atomic.Pointer[unsaid] // what the server will say and the client is not told

	user, database string
	statements     map[string]string // the SQL of prepared statements, by name

	// What was asked since the client last waited.
	sql     []string // of what is to be executed
	bound   map[string]string
	begun   bool
	held    []byte // its bytes, where they are held back
	holding bool
}

// hear takes what was read from the client and returns what goes to the server
// instead. over: that is the end of it, and the server is to hang up.
func (c *conversation) hear(data []byte) (forward []byte, over bool) {
	s := c.link.proxy.settings.Load()
	if c.frames.opaque {
		for _, r := range s.refusers {
			r.blind(c.link)
		}
		return data, false
	}
	if len(s.refusers) == 0 && len(c.held) == 0 {
		c.follow(data, s.listeners)
		return data, false
	}
	return c.judge(data, s)
}

// follow keeps up with what passes untouched.
func (c *conversation) follow(data []byte, listeners []listener) {
	for len(data) > 0 && !c.frames.opaque {
		n, whole := c.frames.next(data)
		c.begun = true
		data = data[n:]
		if whole && c.message() {
			c.tell(listeners)
			c.forget()
		}
	}
}

// tell says what was asked to who wants to know.
func (c *conversation) tell(listeners []listener) {
	if len(listeners) == 0 {
		return
	}
	a := c.asked()
	for _, l := range listeners {
		l.hears(c.link, a)
	}
}

// judge holds back what the client asks until it is whole, and has it refused or
// passed on.
func (c *conversation) judge(data []byte, s *settings) (forward []byte, over bool) {
	for len(data) > 0 {
		if !c.begun {
			c.begun, c.holding = true, true
		}
		n, whole := c.frames.next(data)
		c.held = append(c.held, data[:n]...)
		data = data[n:]
		if whole && c.message() {
			c.tell(s.listeners)
			said, ends := c.answer(s.refusers)
			forward = append(forward, said...)
			c.forget()
			if ends {
				return forward, true
			}
		}
		if !c.holding || c.frames.opaque || len(c.held) > maxHeld {
			forward = append(forward, c.held...)
			c.held, c.holding = nil, false
		}
	}
	return forward, false
}

// answer gives what the server is told of what was asked: the same, or what makes
// it refuse.
func (c *conversation) answer(refusers []refuser) (forward []byte, over bool) {
	if !c.holding {
		return c.held, false // a part of it is on its way
	}
	a := c.asked()
	if a.on == "" {
		return c.held, false
	}
	for _, r := range refusers {
		if state, yes := r.refuses(c.link, a); yes {
			return c.refuse(state, a)
		}
	}
	return c.held, false
}

// forget is the end of what was asked.
func (c *conversation) forget() {
	c.sql, c.bound, c.held, c.begun, c.holding = nil, nil, nil, false, false
}

// message takes note of a whole message, and reports whether what the client
// asks is complete by it.
func (c *conversation) message() bool {
	body := c.frames.body
	switch c.frames.kind {
	case 0:
		return c.startup(body)
	case 'Q':
		c.sql = append(c.sql, first(&body))
	case 'P':
		name, sql := first(&body), first(&body)
		if c.statements == nil {
			c.statements = map[string]string{}
		}
		if len(c.statements) < maxStatements || name == "" {
			c.statements[name] = strings.Clone(sql)
		}
		return false
	case 'B':
		portal, name := first(&body), first(&body)
		if c.bound == nil {
			c.bound = map[string]string{}
		}
		c.bound[portal] = c.statements[name]
		return false
	case 'E':
		c.sql = append(c.sql, c.bound[first(&body)])
		return false
	case 'C':
		if name, ok := strings.CutPrefix(first(&body), "S"); ok {
			delete(c.statements, name)
		}
		return false
	case 'D':
		return false
	}
	return true // Sync, Flush, and what is answered on its own or not at all
}

// startup takes note of what a client says before it has a session.
func (c *conversation) startup(body []byte) bool {
	code := binary.BigEndian.Uint32(body)
	switch {
	case code == sslRequest || code == gssRequest:
	case code>>16 == protocolOne:
		c.frames.talking = true
		for body = body[4:]; len(body) > 1; {
			switch name, value := first(&body), first(&body); name {
			case "user":
				c.user = value
			case "database":
				c.database = value
			}
		}
		if c.database == "" {
			c.database = c.user
		}
	default:
		c.frames.opaque = true
	}
	return true
}

// asked is what the client wants, once that is complete.
func (c *conversation) asked() asked {
	a := asked{sql: strings.Join(c.sql, ";"), user: c.user, database: c.database}
	switch kind := c.frames.kind; {
	case kind == 0 && c.frames.talking:
		a.on = fault.OnConnect
	case kind != 'Q' && kind != 'S':
	case len(c.sql) == 1 && commits(a.sql):
		a.on = fault.OnCommit
	default:
		for _, sql := range c.sql {
			if !spared(sql) {
				a.on = fault.OnQuery
			}
		}
	}
	return a
}

// first takes the text up to the next zero byte, or all that there is.
func first(body *[]byte) string {
	text, rest, _ := bytes.Cut(*body, []byte{0})
	*body = rest
	return string(text)
}
