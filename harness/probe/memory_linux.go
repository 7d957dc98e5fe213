package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// memoryReader reads /proc/PID/status through a file that it keeps open. The
// open file belongs to the process, not to the number: should the id be given
// to another process, reading fails instead of telling of a stranger.
type memoryReader struct {
	pid     int32
	status  *os.File
	highest float64 // RSS that was read of this process
	buf     [4096]byte
}

// read returns RSS and its high-water mark in bytes, NaN if the process is gone.
func (r *memoryReader) read(_ context.Context, pid int32) (rss, peak float64, err error) {
	if r.status != nil && r.pid == pid {
		if rss, peak, err = r.readOpen(); err != nil || !math.IsNaN(rss) {
			return rss, peak, err
		}
		// It is gone; the same number may be a new process meanwhile.
	}
	r.close()
	r.status, err = os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if gone(err) {
		return math.NaN(), math.NaN(), nil
	}
	if err != nil {
		return math.NaN(), math.NaN(), fmt.Errorf("read memory of process %d: %w", pid, err)
	}
	r.pid, r.highest = pid, 0
	return r.readOpen()
}

func (r *memoryReader) readOpen() (rss, peak float64, err error) {
	n, err := r.status.ReadAt(r.buf[:], 0)
	if gone(err) {
		return math.NaN(), math.NaN(), nil
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return math.NaN(), math.NaN(), fmt.Errorf("read memory of process %d: %w", r.pid, err)
	}
	// A process that is dead but not reaped has neither line. The kernel keeps
	// the mark with a coarser count than the one it tells RSS by (Linux 6.17), so
	// that the mark can be some pages below what was read: then that counts.
	rss, peak = kilobytes(r.buf[:n], "\nVmRSS:"), kilobytes(r.buf[:n], "\nVmHWM:")
	if rss > r.highest {
		r.highest = rss
	}
	if peak < r.highest {
		peak = r.highest
	}
	return rss, peak, nil
}

func (r *memoryReader) close() {
	if r.status != nil {
		_ = r.status.Close()
		r.status = nil
	}
}

// gone is whether err says that there is no such process any more.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH)
}

// kilobytes reads a line such as "VmRSS:	  1234 kB", in bytes; NaN without one.
func kilobytes(status []byte, key string) float64 {
	n, ok := statusNumber(status, key)
	if !ok {
		return math.NaN()
	}
	return float64(n) * 1024
}

// statusNumber reads the number behind a key of /proc/PID/status.
func statusNumber(status []byte, key string) (uint64, bool) {
	_, rest, found := bytes.Cut(status, []byte(key))
	if !found {
		return 0, false
	}
	text, _, _ := bytes.Cut(bytes.TrimLeft(rest, " \t"), []byte("\n"))
	text, _, _ = bytes.Cut(text, []byte(" "))
	n, err := strconv.ParseUint(string(text), 10, 64)
	return n, err == nil
}
