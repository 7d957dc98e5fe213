package stub

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fault"
)

// outgoing is a callback on its way.
type outgoing struct {
	*callbacks
	note    *Callback // guarded by the lock
	webhook *webhook
	bases   []string // of the process's replicas
	path    string
	header  http.Header
	body    []byte
	id      string // the same each time that it is sent
	key     []byte // that it is signed with
	plan    *httpfault.Plan
	forged  bool
	next    chan struct{} // closed when the next one was sent, for which this one waits; nil: for none
}

// prepare makes the callback of a request whose work was done, with the faults that
// are to act on it.
func (b *callbacks) prepare(entry int, x *exchange) *outgoing {
	w := x.route.webhook
	path, _ := w.path.fill(x)
	o := &outgoing{callbacks: b, webhook: w, bases: replicas(w.To, x.values), path: path, body: x.body(w.json), header: http.Header{"User-Agent": {"Holdfast"}}}
	if w.JSON != "" {
		o.header.Set("Content-Type", "application/json")
	}
	for name, value := range w.headers {
		filled, _ := value.fill(x)
		o.header.Set(name, oneLine(filled))
	}
	if w.signer != nil {
		o.key, _ = w.signer.key(x) // one that is no key was refused at the start
	}
	of := businessKey{x.route.Name, x.key}
	b.mu.Lock()
	b.ofKey[of]++
	nth := b.ofKey[of]
	b.mu.Unlock()
	o.id = x.id()
	if nth > 1 {
		o.id += "-" + strconv.Itoa(nth)
	}
	o.note = &Callback{Entry: entry, Route: of.route, Key: of.key}
	o.plan = b.faults.Plan(httpfault.Request{
		Key: of.route + "/" + of.key, Attempt: nth, Arrival: nth, Names: []string{of.route, of.key, of.route + "/" + of.key},
	})
	for _, act := range o.plan.Acts() {
		if act.Kind() == (fault.WrongSignature{}) {
			o.forged = true
		}
	}
	return o
}

// replicas are where the instances of a process are, by the names of a run's values.
func replicas(process string, values map[string]string) []string {
	all := []string{values[process+".url"]}
	for n := 2; ; n++ {
		url, ok := values[fmt.Sprintf("%s.%d.url", process, n)]
		if !ok {
			return all
		}
		all = append(all, url)
	}
}

// turn is the replica whose turn it is.
func (o *outgoing) turn() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent++
	return (o.sent - 1) % len(o.bases)
}

// early says whether it is to be sent before its request is answered.
func (o *outgoing) early() bool {
	_, early := o.act(func(k fault.Kind) bool { return k == fault.BeforeAnswer{} })
	return early
}

// act finds a fault of a kind that is to act.
func (o *outgoing) act(is func(fault.Kind) bool) (httpfault.Act, bool) {
	for _, act := range o.plan.Acts() {
		if is(act.Kind()) {
			return act, true
		}
	}
	return httpfault.Act{}, false
}

func isLost(k fault.Kind) bool { _, lost := k.(fault.Lost); return lost }

// fallDue enters it in the journal. It is due after the wait that its webhook names.
func (o *outgoing) fallDue(wait time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.note.Due = o.since() + wait
	o.note.N = len(o.all) + 1
	o.all = append(o.all, o.note)
	_, lost := o.act(isLost)
	if _, reordered := o.act(func(k fault.Kind) bool { return k == fault.Reordered{} }); reordered && !lost {
		o.next = o.awaitNext()
	}
}

// send sends it the first time, as faults let it, and says whether it is to be tried
// again.
func (o *outgoing) send() (again bool) {
	defer o.acted()
	if act, lost := o.act(isLost); lost {
		act.Fired()
		o.mu.Lock()
		defer o.mu.Unlock()
		o.note.Lost = true
		return false
	}
	if !o.held() {
		return false
	}
	defer o.overtake()
	act, twice := o.act(func(k fault.Kind) bool { _, twice := k.(fault.Twice); return twice })
	var beside sync.WaitGroup
	together := twice && act.Kind() == fault.Twice{Together: true}
	second := false
	if together {
		beside.Go(func() { second = o.try(1, true) })
	}
	taken := o.try(1, false)
	beside.Wait()
	if twice && !together {
		second = o.try(1, true)
	}
	for _, a := range o.plan.Acts() {
		switch a.Kind().(type) {
		case fault.Twice, fault.WrongSignature, fault.BeforeAnswer:
			a.Fired()
		}
	}
	return !taken && !second
}

// acted notes which faults did, and that they are done.
func (o *outgoing) acted() {
	o.mu.Lock()
	o.note.Faults = o.plan.Fired()
	o.mu.Unlock()
	o.plan.Done()
}

// held waits while faults hold it, and says whether it is to be sent at all.
func (o *outgoing) held() bool {
	for _, act := range o.plan.Acts() {
		switch kind := act.Kind().(type) {
		case fault.Late:
			act.Fired()
			if act.Hold(o.ctx, kind.By, nil) != nil {
				return false
			}
		case fault.Reordered:
			if o.next == nil { // it is the one that overtakes
				act.Fired()
				continue
			}
			if act.Hold(o.ctx, overtaking, o.next) != nil {
				return false
			}
			if o.overtaken(o.next) {
				act.Fired()
			}
		}
	}
	return true
}

// awaitNext is closed when the next callback was sent; nil where another one waits for
// that already. The lock must be held: who falls due first waits, whoever is sent first.
func (b *callbacks) awaitNext() chan struct{} {
	if b.next != nil {
		return nil
	}
	b.next = make(chan struct{})
	return b.next
}

// overtaken says whether another callback was sent meanwhile. If not, nobody waits any
// more.
func (b *callbacks) overtaken(next chan struct{}) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == next {
		b.next = nil
		return false
	}
	return true
}

// overtake lets go of the callback that waits for this one.
func (b *callbacks) overtake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next != nil {
		close(b.next)
		b.next = nil
	}
}

// retry sends it again until it is taken, with longer and longer waits.
func (o *outgoing) retry() {
	wait := firstWait
	for attempt := 2; attempt <= o.webhook.Attempts && o.pause(wait); attempt++ {
		if o.try(attempt, false) {
			return
		}
		wait *= 2
	}
}

// pause says whether the fake is still there after it.
func (b *callbacks) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-b.ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// finish sends it again where that is to be, and notes that nothing more will be sent.
func (o *outgoing) finish(again bool) {
	if again {
		o.retry()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.note.Over = o.ctx.Err() == nil
}

// try sends it once, notes what came of that, and says whether it was taken.
func (o *outgoing) try(attempt int, again bool) bool {
	d := Delivery{Attempt: attempt, Again: again, Forged: o.forged, Sent: o.since()}
	begun := time.Now()
	var err error
	d.Status, err = o.post(o.bases[o.turn()])
	if o.ctx.Err() != nil {
		return false // the fake closes: nobody knows what would have been
	}
	d.Took = time.Since(begun)
	if err != nil {
		d.Err = err.Error()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.note.Deliveries = append(o.note.Deliveries, d)
	return d.Taken()
}

// post sends the request and reads the answer's status.
func (o *outgoing) post(base string) (status int, err error) {
	ctx, cancel := context.WithTimeout(o.ctx, deliveryTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, o.webhook.Method, base+o.path, bytes.NewReader(o.body))
	if err != nil {
		return 0, fmt.Errorf("make the request: %w", err)
	}
	r.Header = o.header.Clone()
	if s := o.webhook.signer; s != nil {
		key := o.key
		if o.forged {
			key = append(slices.Clone(key), "-forged"...)
		}
		s.sign(r.Header, key, o.now(), o.id, o.body)
	}
	answer, err := o.client.Do(r)
	if err != nil {
		if of := (*url.Error)(nil); errors.As(err, &of) {
			err = of.Err // without the address, which may have a value in it
		}
		return 0, err
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the service is not cut off
	return answer.StatusCode, nil
}
