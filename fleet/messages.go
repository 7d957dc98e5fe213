package fleet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"holdfast.dev/holdfast/harness/load"
)

// Bounds of what coordinator and worker take from each other, in bytes.
const (
	// MaxMessage is the longest message; brokers have the same as a default.
	MaxMessage = 1 << 20
	// MaxPlan is the longest load as data. One up to MaxInline goes with the order.
	MaxPlan   = 64 << 20
	MaxInline = 512 << 10
)

// Presence is what a worker that waits says of itself, again and again.
type Presence struct {
	ID         string   `json:"id"` // of this process, never used again
	Name       string   `json:"name"`
	Host       string   `json:"host"`
	Processors int      `json:"processors"`
	Version    string   `json:"version"`
	Allows     []string `json:"allows"`        // whom it may send load to
	Run        string   `json:"run,omitempty"` // that it works for
	// PerSecond is what it can send to a target that does nothing.
	PerSecond float64 `json:"per_second"`
}

// Order is what the coordinator asks of a worker. One of the pointers is set.
type Order struct {
	Run     string        `json:"run"`
	Term    time.Duration `json:"term"`
	Claim   *Claim        `json:"claim,omitempty"`
	Prepare *Prepare      `json:"prepare,omitempty"`
	Start   *Start        `json:"start,omitempty"`
	Drop    *Drop         `json:"drop,omitempty"`
	Release *Release      `json:"release,omitempty"`
}

type (
	// Claim takes a worker that waits for a run. It pins its clock first.
	Claim struct{}
	// Prepare has it read a load and take a lane.
	Prepare struct {
		Load      string `json:"load"`           // its name, and that of the object with its plan
		Plan      []byte `json:"plan,omitempty"` // the plan itself, where it is short
		Digest    string `json:"digest"`         // SHA-256 of the plan
		Lanes     int    `json:"lanes"`
		Exchanges bool   `json:"exchanges"` // each request is to be told of
		Arrivals  bool   `json:"arrivals"`  // each arrival, as a request or a whole journey
		Answers   bool   `json:"answers"`   // answers that differ are to be shown
		// Whole are streams of which each answer is to be shown.
		Whole []string `json:"whole,omitempty"`
	}
	// Start says when the load begins, by the coordinator's clock.
	Start struct {
		Load string        `json:"load"`
		At   time.Duration `json:"at"`
	}
	// Drop ends a load.
	Drop struct {
		Load string `json:"load"`
	}
	// Release lets a worker wait for another run.
	Release struct{}
)

// Reply is what a worker answers to an order. Refused says why it does not follow it.
type Reply struct {
	Refused string   `json:"refused,omitempty"`
	Clock   Estimate `json:"clock"`
}

// Begin asks the coordinator for leave to send a lane that the broker has handed out.
type Begin struct {
	Worker   string `json:"worker"`
	Load     string `json:"load"`
	Lane     int    `json:"lane"`
	Delivery int    `json:"delivery"` // how often the broker has handed it out
}

// Leave is the answer to [Begin].
type Leave struct {
	Granted bool          `json:"granted"`
	Never   bool          `json:"never"` // nobody will be granted it
	Epoch   int           `json:"epoch"`
	From    time.Duration `json:"from"`    // what is due before, on the clock of the run, is not its
	Started bool          `json:"started"` // and when, by the coordinator's clock
	At      time.Duration `json:"at"`
}

// Beat is what a worker says again and again while it works for a run. It asks with it
// to be confirmed.
type Beat struct {
	Worker string `json:"worker"`
	Load   string `json:"load,omitempty"`
	Lanes  []Held `json:"lanes,omitempty"`
	Vitals Vitals `json:"vitals"`
}

// Held is a lane that a worker holds.
type Held struct {
	Lane  int `json:"lane"`
	Epoch int `json:"epoch"`
}

// Vitals are what a worker says of how it is, since its load began.
type Vitals struct {
	CPUShare   *float64      `json:"cpu_share,omitempty"` // of all processors of its machine, 0..1
	GCPauseMax time.Duration `json:"gc_pause_max"`
	Drift      time.Duration `json:"drift"`
	Problem    string        `json:"problem,omitempty"`
	// Mute says that something which it sent could not be told.
	Mute bool `json:"mute,omitempty"`
}

// Confirmation is the answer to [Beat].
type Confirmation struct {
	Now   time.Duration `json:"now"`   // by the coordinator's clock
	Known bool          `json:"known"` // the worker is one of the run's
	// Lost are lanes of the beat that are not the worker's any more.
	Lost []Held `json:"lost,omitempty"`
	// Started says that the load of the beat has its start, and At when that is, by the
	// coordinator's clock: the order may have been lost.
	Started bool          `json:"started,omitempty"`
	At      time.Duration `json:"at,omitempty"`
	// Stop and Abort are of the load as a whole.
	Stop  bool `json:"stop,omitempty"`
	Abort bool `json:"abort,omitempty"`
	// Out are the addresses of each balancer that are not ready, by its name.
	Out map[string][]int `json:"out,omitempty"`
}

// Told is what a worker tells of a lane since it last did. It is counted once, whatever
// happens to it on its way.
type Told struct {
	Worker string       `json:"worker"`
	Load   string       `json:"load"`
	Lane   int          `json:"lane"`
	Epoch  int          `json:"epoch"`
	Seq    int          `json:"seq"` // from 0, without gaps
	Deltas []load.Delta `json:"deltas,omitempty"`
	// Exchanges are requests and Arrivals arrivals that ended, see [AppendExchange]; Answers
	// those that are to be shown.
	Exchanges []byte   `json:"exchanges,omitempty"`
	Arrivals  []byte   `json:"arrivals,omitempty"`
	Answers   []Answer `json:"answers,omitempty"`
	// Final says that nothing follows. Cut is why the lane was not sent to its end.
	Final bool   `json:"final,omitempty"`
	Cut   string `json:"cut,omitempty"`
}

// Decode reads a message strictly: what it does not know it refuses.
func Decode[T any](data []byte) (T, error) {
	var v T
	if len(data) > MaxMessage {
		return v, fmt.Errorf("a message of %d bytes: at most %d are read", len(data), MaxMessage)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		return v, fmt.Errorf("read a message: %w", err)
	}
	return v, nil
}

// Subjects and names at the broker.
const (
	// PresenceBucket is where workers that wait are, PresenceTTL for how long one is there
	// that says nothing.
	PresenceBucket = "holdfast_workers"
	PresenceTTL    = 3 * time.Second
)

// OrderSubject is where a worker takes orders.
func OrderSubject(worker string) string { return "holdfast.worker." + worker }

// BeatSubject and BeginSubject are where a run's coordinator answers.
func BeatSubject(run string) string  { return "holdfast.run." + run + ".beat" }
func BeginSubject(run string) string { return "holdfast.run." + run + ".begin" }

// LanesStream and ToldStream are a run's streams, PlansBucket its objects, Workers and
// Coordinator the consumers of the streams.
func LanesStream(run string) string { return "holdfast_lanes_" + run }
func ToldStream(run string) string  { return "holdfast_told_" + run }
func PlansBucket(run string) string { return "holdfast_plans_" + run }

// Workers and Coordinator are the consumers of the two streams.
const (
	Workers     = "workers"
	Coordinator = "coordinator"
)

// LaneSubject is where a lane of a load is handed out, ToldSubject where it is told of.
func LaneSubject(run, load string, lane int) string {
	return fmt.Sprintf("holdfast.run.%s.lane.%s.%d", run, load, lane)
}

// ToldSubject is told of at [LaneSubject].
func ToldSubject(run string, lane int) string {
	return fmt.Sprintf("holdfast.run.%s.told.%d", run, lane)
}

// LaneSubjects and ToldSubjects are all of them.
func LaneSubjects(run string) string { return "holdfast.run." + run + ".lane.>" }

// ToldSubjects is told of at [LaneSubjects].
func ToldSubjects(run string) string { return "holdfast.run." + run + ".told.>" }

// Lane is the message by which a lane is handed out.
type Lane struct {
	Load string `json:"load"`
	Lane int    `json:"lane"`
}

// ToldID is the message id of what is told: the broker takes each once.
func (t Told) ID() string { return fmt.Sprintf("%s.%d.%d.%d", t.Load, t.Lane, t.Epoch, t.Seq) }
