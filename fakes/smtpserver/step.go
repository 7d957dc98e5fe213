package smtpserver

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"

	"holdfast.dev/holdfast/fakes/httpfault"
)

// reply is what a server says to a command.
type reply struct {
	code int
	text string
}

// refusal is the least code of a reply that refuses.
const refusal = 400

func (r reply) refused() bool { return r.code >= refusal }

// line is the reply as it is sent.
func (r reply) line() []byte { return fmt.Appendf(nil, "%d %d.0.0 %s\r\n", r.code, r.code/100, r.text) }

// step is one step of a conversation.
type step struct {
	name  string
	key   string   // which it is of its kind; a retry has the same
	picks []string // by which faults may pick it
	// work is what is done unless a fault refuses the step. Defaults to nothing.
	work func()
	// over is told the reply, how it was sent, and which faults acted. Optional.
	over func(r reply, sent httpfault.Sent, fired []string)
}

// errEnded is that a fault ended the conversation.
var errEnded = errors.New("a fault ended the conversation")

// act carries a step out as faults let it, and returns the reply that is to be sent.
// Where a fault ends the conversation, or the client lets go, it is an error.
func (w *wire) act(st step) (reply, error) {
	s := w.server
	picks := []string{st.name + "/" + st.key}
	for _, pick := range st.picks {
		picks = append(picks, st.name+"/"+pick)
	}
	hit := s.hit(st.name, st.key)
	plan := s.faults.Plan(httpfault.Request{Key: st.name + "/" + st.key, Attempt: hit, Arrival: hit, Names: picks})
	defer plan.Done()
	r, sent, err := w.carryOut(st, plan)
	if st.over != nil {
		st.over(r, sent, plan.Fired())
	}
	if err != nil {
		_ = w.Close()
	}
	return r, err
}

// carryOut does the work, lets time pass, and finds the reply.
func (w *wire) carryOut(st step, plan *httpfault.Plan) (r reply, sent httpfault.Sent, err error) {
	r = reply{250, "OK"}
	if plan == nil {
		st.do()
		return r, httpfault.Whole, nil
	}
	gone := w.watched()
	stuck := plan.Stuck()
	if stuck {
		if err := plan.Wait(gone); err != nil {
			return r, httpfault.Gone, err
		}
	}
	if !plan.Refused() {
		st.do()
	}
	if !stuck {
		if err := plan.Wait(gone); err != nil {
			return r, httpfault.Gone, err
		}
	}
	answer := httpfault.Answer{Status: r.code}
	if plan.Change(&answer); answer.Status != r.code {
		r = reply{answer.Status, "refused by a fault"}
		if answer.Name != "" {
			r.text = answer.Name
		}
	}
	answer.Wire = r.line()
	send, err := plan.Take(w.server.ctx, hijacker{w: w}, &answer)
	if err != nil || send == nil {
		return r, httpfault.Whole, err
	}
	return r, send(), errEnded
}

func (st step) do() {
	if st.work != nil {
		st.work()
	}
}

// hijacker hands a connection to a fault that sends the reply in its own way.
type hijacker struct {
	http.ResponseWriter
	w *wire
}

// Hijack implements [http.Hijacker].
func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return lingering{h.w.Conn, h.w.tcp}, nil, nil
}

// lingering is a connection, encrypted or not, that can be reset.
type lingering struct {
	net.Conn
	tcp *net.TCPConn
}

// SetLinger says how the connection is closed.
func (l lingering) SetLinger(seconds int) error { return l.tcp.SetLinger(seconds) }

// Close closes the connection without a goodbye.
func (l lingering) Close() error { return l.tcp.Close() }
