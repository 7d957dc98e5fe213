package journal

import (
	"math"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Ending is how a request ended, as the fake saw it.
type Ending uint8

// How a request may end.
const (
	Open      Ending = iota // not over yet
	Answered                // the whole answer was written
	Cut                     // a fault ended it before the answer was whole
	Abandoned               // the client let go before the answer was whole
)

// String returns the outcome as it is written in an export.
func (o Ending) String() string {
	switch o {
	case Open:
		return "open"
	case Answered:
		return "answered"
	case Cut:
		return "cut"
	case Abandoned:
		return "abandoned"
	default:
		return "unknown"
	}
}

// Config is how a journal is kept.
type Config struct {
	// Start is the moment that all offsets count from. Defaults to now.
	Start time.Time
	// Now is the clock. Defaults to time.Now.
	Now func() time.Time
	// Samples is how many requests are kept with headers and body: the first
	// half of them, and the latest of every 1,000th. Defaults to 64.
	Samples int
	// SampleBytes is how much of a sampled body is kept. Defaults to 4096.
	SampleBytes int
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Start.IsZero() {
		c.Start = c.Now()
	}
	if c.Samples == 0 {
		c.Samples = 64
	}
	if c.SampleBytes == 0 {
		c.SampleBytes = 4096
	}
	return c
}

// Arrival is a request that has been read.
type Arrival struct {
	Group string // what kind of request: an oracle's id, an endpoint
	Key   string // which request of that kind; a retry has the same
	// Attempt is the number that the client stamped on it, from 1; 0 if it
	// stamped none, and then the hits of the same key are counted.
	Attempt int
	Conn    uint32 // number of the connection
	Reused  bool   // the connection had carried a request before
	Odd     bool   // not asked as the API's documentation says
	// Method, Path, Header and Body are looked at for samples only.
	Method, Path string
	Header       http.Header
	Body         []byte
}

// Ticket is a request that has begun.
type Ticket struct {
	n       int
	epoch   uint32
	Attempt int // as stamped by the client, or else Hit
	Hit     int // how often its key has arrived so far, from 1
	// Start is when it began, since the journal's start: that of its [Entry].
	Start time.Duration
}

// Entry is the number of the request, as [Entry] has it.
func (t Ticket) Entry() int { return t.n }

// record is one request in 24 bytes.
type record struct {
	start   uint32 // µs since the journal's start, low 32 of 40 bits
	took    uint32 // µs
	conn    uint32
	key     uint32
	attempt uint16
	status  uint16
	faults  uint16 // which set of faults fired
	high    uint8  // of start: 40 bits of µs are twelve days
	flags   uint8  // the outcome in the low two bits, and the flags below
}

const (
	maskOutcome  = 3
	flagReused   = 1 << 2 // the connection had carried a request before
	flagStamped  = 1 << 3 // the client stamped the attempt
	flagAccepted = 1 << 4 // work was taken on
	flagOdd      = 1 << 5 // not asked as documented
)

func (r *record) outcome() Ending { return Ending(r.flags & maskOutcome) }

func (r *record) setStart(at time.Duration) {
	us := uint64(max(at.Microseconds(), 0))
	r.start, r.high = uint32(us), uint8(us>>32)
}

func (r *record) startAt() time.Duration {
	return time.Duration(uint64(r.high)<<32|uint64(r.start)) * time.Microsecond
}

// acceptance is one piece of work that was taken on, in 24 bytes.
type acceptance struct {
	content   uint64
	at        uint64 // µs since start
	recipient uint32
	request   uint32 // index of the record
}

// group is what is counted as it happens, so that asking costs nothing.
type group struct {
	name           string
	total          int64
	open, mostOpen int64
}

// Journal keeps what a fake saw. It is safe for concurrent use.
type Journal struct {
	config Config

	mu         sync.Mutex
	epoch      uint32 // counts resets, so that an old ticket does no harm
	records    slabs[record]
	keys       interner
	recipients interner
	accepted   slabs[acceptance]
	groups     []group
	groupOf    map[string]uint16
	faultSets  [][]string
	faultSetOf map[string]uint16
	all        group
	samples    sampler
}

// New returns an empty journal.
func New(c Config) *Journal {
	j := &Journal{config: c.withDefaults()}
	j.clear()
	return j
}

// Start is the moment that offsets count from.
func (j *Journal) Start() time.Time { return j.config.Start }

// Reset forgets everything. Requests that are open at that moment leave no trace.
func (j *Journal) Reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.clear()
}

func (j *Journal) clear() {
	j.epoch++
	j.records, j.accepted = slabs[record]{}, slabs[acceptance]{}
	j.keys, j.recipients = newInterner(), newInterner()
	j.groups, j.groupOf = nil, map[string]uint16{}
	j.faultSets, j.faultSetOf = [][]string{nil}, map[string]uint16{"": 0}
	j.all = group{}
	j.samples = sampler{keep: j.config.Samples, bytes: j.config.SampleBytes}
}

func (j *Journal) since() time.Duration { return j.config.Now().Sub(j.config.Start) }

// Begin notes a request that has been read. Its ticket must be given to End.
func (j *Journal) Begin(a Arrival) Ticket {
	at := j.since()
	j.mu.Lock()
	defer j.mu.Unlock()
	g := j.groupNumber(a.Group)
	key := j.keys.intern(g, a.Key)
	hit := &j.keys.names.at(int(key)).hits
	*hit++
	rec := record{conn: a.Conn, key: key}
	attempt := int(*hit)
	if a.Attempt > 0 {
		attempt = a.Attempt
		rec.flags |= flagStamped
	}
	if a.Reused {
		rec.flags |= flagReused
	}
	if a.Odd {
		rec.flags |= flagOdd
	}
	rec.attempt = uint16(min(attempt, math.MaxUint16))
	rec.setStart(at)
	n := j.records.push(rec)
	j.groups[g].begin()
	j.all.begin()
	j.samples.consider(n, at, a)
	return Ticket{n: n, epoch: j.epoch, Attempt: attempt, Hit: int(*hit), Start: rec.startAt()}
}

// End notes how a request ended. faults is a number from FaultSet, or 0.
func (j *Journal) End(t Ticket, outcome Ending, status int, faults uint16) {
	at := j.since()
	j.mu.Lock()
	defer j.mu.Unlock()
	if t.epoch != j.epoch {
		return
	}
	rec := j.records.at(t.n)
	if rec.outcome() != Open || outcome == Open {
		return
	}
	rec.flags |= uint8(outcome) & maskOutcome
	rec.status, rec.faults = uint16(status), faults
	rec.took = micros(at - rec.startAt())
	j.groups[j.keys.names.at(int(rec.key)).group].open--
	j.all.open--
}

// Accept notes that the request's work was taken on for a recipient, whatever
// the client will be told. content identifies what was sent: the same content
// to the same recipient twice is a duplicate.
func (j *Journal) Accept(t Ticket, recipient string, content uint64) {
	at := j.since()
	j.mu.Lock()
	defer j.mu.Unlock()
	if t.epoch != j.epoch {
		return
	}
	j.records.at(t.n).flags |= flagAccepted
	j.accepted.push(acceptance{
		content:   content,
		at:        uint64(max(at, 0).Microseconds()),
		recipient: j.recipients.intern(0, recipient),
		request:   uint32(t.n),
	})
}

// FaultSet returns the number of a set of faults that fired together, for End.
func (j *Journal) FaultSet(ids []string) uint16 {
	if len(ids) == 0 {
		return 0
	}
	joined := ids[0]
	if len(ids) > 1 {
		joined = strings.Join(ids, "\x00")
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if n, ok := j.faultSetOf[joined]; ok {
		return n
	}
	if len(j.faultSets) > math.MaxUint16 {
		return 0
	}
	n := uint16(len(j.faultSets))
	j.faultSets = append(j.faultSets, append([]string(nil), ids...))
	j.faultSetOf[joined] = n
	return n
}

// groupNumber numbers groups in order of appearance; the last number is shared
// by all groups beyond 65,535.
func (j *Journal) groupNumber(name string) uint16 {
	if n, ok := j.groupOf[name]; ok {
		return n
	}
	if len(j.groups) > math.MaxUint16 {
		return math.MaxUint16
	}
	n := uint16(len(j.groups))
	j.groups = append(j.groups, group{name: name})
	j.groupOf[name] = n
	return n
}

// micros is d in microseconds, within what 32 bits hold: 71 minutes.
func micros(d time.Duration) uint32 {
	return uint32(min(max(d.Microseconds(), 0), math.MaxUint32))
}

func (g *group) begin() {
	g.total++
	g.open++
	g.mostOpen = max(g.mostOpen, g.open)
}
