package toxiproxy

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/importer"
)

// ours is what a toxic is in the language of faults, or why it is nothing there.
type ours struct {
	kind fault.Kind
	// note says where the fault is another than the toxic, and lost which attribute that is.
	note, lost   string
	why, instead string
}

const atTheDesk = "take holdfast fake toxiproxy, which has it"

// ofToxic is what a toxic is in the language of faults. Attributes that it does not give
// are 0, as for Toxiproxy.
func ofToxic(kind, stream string, attributes *importer.Node) ours {
	way := fault.Down
	if stream == "upstream" {
		way = fault.Up
	}
	number := func(name string) (n int64) {
		_, _ = fmt.Sscan(attributes.Get(name).Peek(), &n) // CheckToxic has read them
		return n
	}
	ms := func(name string) time.Duration { return time.Duration(number(name)) * time.Millisecond }
	switch kind {
	case "latency":
		return latency(ms("latency"), ms("jitter"), way)
	case "bandwidth":
		if rate := number("rate"); rate > 0 {
			return ours{kind: fault.Bandwidth{Rate: fault.Size(rate * 1000), Direction: way}, note: "Toxiproxy gives each connection a line of this rate; here all of them share one"}
		}
		return ours{kind: fault.BlackHole{Direction: way}}
	case "timeout":
		return timeout(ms("timeout"), way)
	case "reset_peer":
		if after := ms("timeout"); after > 0 {
			return ours{why: fmt.Sprintf("it resets a connection %v after its first bytes, and a reset here is at once", after), instead: atTheDesk}
		}
		return ours{kind: fault.Reset{}, note: "Toxiproxy resets a connection at its first bytes; here each is reset at once"}
	case "slicer":
		return slicer(number("average_size"), number("size_variation"), time.Duration(number("delay"))*time.Microsecond, way)
	case "limit_data":
		return ours{kind: fault.LimitData{Bytes: fault.Size(number("bytes")), Direction: way}}
	case "slow_close":
		return ours{why: "it keeps back the end of a stream alone, which no fault does", instead: atTheDesk}
	}
	return ours{why: "it does nothing", instead: "leave it out"}
}

func latency(each, jitter time.Duration, way fault.Direction) ours {
	switch {
	case each == 0 && jitter == 0:
		return ours{why: "a latency of nothing does nothing", instead: "leave it out"}
	case jitter > 0:
		return ours{kind: fault.Delay{Distribution: fault.Jitter{Each: each, By: jitter}, Direction: way}}
	}
	return ours{kind: fault.Delay{Distribution: fault.Fixed(each), Direction: way}}
}

func timeout(after time.Duration, way fault.Direction) ours {
	made := ours{kind: fault.BlackHole{Direction: way, Lose: true}, note: "Toxiproxy closes a connection that lost bytes when the toxic is removed; here it is reset when the fault ends"}
	if after > 0 {
		made.note, made.lost = fmt.Sprintf("Toxiproxy closes a connection after %v; here it is reset when the fault ends", after), "timeout"
	}
	return made
}

func slicer(size, variation int64, gap time.Duration, way fault.Direction) ours {
	if size > fault.MaxPiece {
		return ours{why: fmt.Sprintf("its pieces of %d bytes are larger than those of any fault, which have at most %d", size, fault.MaxPiece), instead: "take smaller ones"}
	}
	made := ours{kind: fault.Slicer{Bytes: fault.Size(size), Gap: gap, Direction: way}}
	if variation > 0 {
		made.note, made.lost = fmt.Sprintf("Toxiproxy's pieces vary by %d bytes; here all are of one size", variation), "size_variation"
	}
	return made
}
