package peak

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// every is how often a high-water mark is read. The mark never falls, but
// it is gone with the process: the last reading is what remains.
const every = 25 * time.Millisecond

// imprecision is by how much the kernel's two counts of one mark may differ: it
// counts pages on each CPU and sums them up when they are many.
const imprecision = 4 << 20

// Watch finds the most memory that a process ever had resident.
//
// Neither of the kernel's two answers will do alone. VmHWM can be read only
// while the process lives. What wait4 reports (ru_maxrss) is exact and comes
// after the end, but a process inherits its parent's mark at fork: a child of
// a harness with 300 MB "used" 300 MB though it is /bin/true. So the reaped
// number counts only where it is above anything the parent can have left;
// below that the answer is as old as the last reading.
type Watch struct {
	inherited uint64   // the harness's own mark after the start
	status    *os.File // nil if the process was gone already
	quit      chan struct{}
	over      chan struct{}

	mu      sync.Mutex // guards highest
	highest uint64
}

// Start begins to watch a process; whoever begins must [Watch.Stop].
func Start(pid int) *Watch {
	w := &Watch{quit: make(chan struct{}), over: make(chan struct{})}
	if own, err := os.Open("/proc/self/status"); err == nil {
		w.inherited = highWaterMark(own)
		_ = own.Close()
	}
	// An open file stays with its process: should the id be given to another
	// one, reading fails.
	if status, err := os.Open(fmt.Sprintf("/proc/%d/status", pid)); err == nil {
		w.status = status
	}
	go w.run()
	return w
}

func (w *Watch) run() {
	defer close(w.over)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		w.Look()
		select {
		case <-w.quit:
			return
		case <-tick.C:
		}
	}
}

// Look reads the mark now, as should be done before a signal that may end it.
func (w *Watch) Look() {
	if w.status == nil {
		return
	}
	mark := highWaterMark(w.status)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.highest = max(w.highest, mark)
}

// Stop ends the watch and returns the peak in bytes, nil if it is not known.
// reaped is the process as it was waited for, nil if it was not our child.
func (w *Watch) Stop(reaped *os.ProcessState) *uint64 {
	close(w.quit)
	<-w.over
	if w.status != nil {
		_ = w.status.Close()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	peak := w.highest
	if reaped != nil {
		if usage, ok := reaped.SysUsage().(*syscall.Rusage); ok {
			if most := uint64(usage.Maxrss) * 1024; most > w.inherited && most-w.inherited > imprecision {
				peak = max(peak, most)
			}
		}
	}
	if peak == 0 {
		return nil
	}
	return &peak
}

// highWaterMark reads VmHWM, in bytes; 0 if there is none, as of a dead process.
func highWaterMark(status *os.File) uint64 {
	var buf [4096]byte
	n, err := status.ReadAt(buf[:], 0)
	if err != nil && err != io.EOF {
		return 0
	}
	_, rest, found := bytes.Cut(buf[:n], []byte("\nVmHWM:"))
	if !found {
		return 0
	}
	line, _, _ := bytes.Cut(rest, []byte("kB\n"))
	kilobytes, err := strconv.ParseUint(string(bytes.TrimSpace(line)), 10, 64)
	if err != nil {
		return 0
	}
	return kilobytes * 1024
}
