package chaos

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"holdfast.dev/holdfast/fault"
)

// refuse has the server, or the link in its place, say the error to what was
// asked. One that ends a statement alone is raised by the server itself: so its
// transaction is in the state that any error leaves it in, and its locks are gone.
// One that ends the session is said when the server has ended its own.
func (c *conversation) refuse(state fault.SQLState, a asked) (forward []byte, over bool) {
	message := state.Message(a.user, a.database)
	if !state.Fatal() {
		return c.raise(state.Code, message, a.on == fault.OnCommit), false
	}
	word := encode(&pgproto3.ErrorResponse{Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: state.Code, Message: message})
	c.ending.Store(&word)
	if a.on != fault.OnConnect {
		forward = encode(&pgproto3.Terminate{})
	}
	return forward, true
}

// raise is what makes the server raise the error. Where it is that of a COMMIT,
// the transaction is over by then, as it is after a COMMIT that failed; that it
// was rolled back first is not for the client to hear.
func (c *conversation) raise(code, message string, commit bool) []byte {
	sql := fmt.Sprintf("do language plpgsql $holdfast$begin raise exception using errcode = %s, message = %s; end$holdfast$",
		literal(code), literal(message))
	if commit {
		sql = "rollback; " + sql
		c.unsaid.Store(&unsaid{want: encode(&pgproto3.CommandComplete{CommandTag: []byte("ROLLBACK")})})
	}
	return encode(&pgproto3.Query{String: sql})
}

// encode writes a message; only one longer than a gigabyte could not be.
func encode(m pgproto3.Message) []byte {
	b, _ := m.Encode(nil)
	return b
}

// literal is a text as SQL wants it.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// unsaid is a message that the server is about to send and the client is not to
// hear.
type unsaid struct {
	want []byte
	got  int // so much of it has come
}

// hush takes what the server said and returns what the client hears of it. It is
// called by one goroutine.
func (c *conversation) hush(data []byte) []byte {
	u := c.unsaid.Load()
	if u == nil {
		return data
	}
	n := 0
	for n < len(data) && u.got < len(u.want) && data[n] == u.want[u.got] {
		n++
		u.got++
	}
	switch {
	case u.got == len(u.want):
		c.unsaid.Store(nil)
		return data[n:]
	case n == len(data):
		return nil
	default: // it says something else
		c.unsaid.Store(nil)
		return slices.Concat(u.want[:u.got], data[n:])
	}
}

// commits reports whether the statement is a COMMIT.
func commits(sql string) bool {
	return slices.Contains([]string{"commit", "end"}, verb(sql))
}

// spared reports whether the statement neither reads nor writes: what steers a
// transaction or a session, and the empty one of a ping.
func spared(sql string) bool {
	return slices.Contains([]string{
		"", "begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release",
		"set", "show", "reset", "discard", "deallocate", "listen", "unlisten", "notify",
	}, verb(sql))
}

// verb is the first word of a statement, in lower case, after blanks and comments.
func verb(sql string) string {
	for {
		sql = strings.TrimLeft(sql, " \t\r\n;(")
		var end string
		switch {
		case strings.HasPrefix(sql, "--"):
			end = "\n"
		case strings.HasPrefix(sql, "/*"):
			end = "*/"
		default:
			word, _, _ := strings.Cut(strings.ToLower(sql), " ")
			return strings.TrimRight(firstLine(word), ";")
		}
		_, sql, _ = strings.Cut(sql, end)
	}
}

func firstLine(s string) string {
	if i := strings.IndexAny(s, "\t\r\n;"); i >= 0 {
		return s[:i]
	}
	return s
}
