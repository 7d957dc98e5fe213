package soak

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// burn keeps that many processors busy. The work is done by this process, which is
// none of the run's.
func burn(cores int) end {
	var over atomic.Bool
	var burning sync.WaitGroup
	for range cores {
		burning.Go(func() {
			for n := uint64(1); !over.Load(); n = n*6364136223846793005 + 1442695040888963407 {
			}
		})
	}
	return func() error {
		over.Store(true)
		burning.Wait()
		return nil
	}
}

// syncAll has writers that write a megabyte and sync it, over and over.
func syncAll(dir string, writers int) (end, error) {
	var over atomic.Bool
	var writing sync.WaitGroup
	errs := make([]error, writers)
	for i := range writers {
		writing.Go(func() { errs[i] = writeAndSync(dir, &over) })
	}
	return func() error {
		over.Store(true)
		writing.Wait()
		return errors.Join(errs...)
	}, nil
}

func writeAndSync(dir string, over *atomic.Bool) (err error) {
	f, err := os.CreateTemp(dir, "sync-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	block := make([]byte, 1<<20)
	for n := int64(0); !over.Load(); n++ {
		if _, err := f.WriteAt(block, n%64<<20); err != nil { // 64 MB at most
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
	}
	return nil
}

// leastLeft is how much memory is left to all others in any case.
const leastLeft = 2 << 30

// takeMemory takes that share of the memory that is available, page by page.
func takeMemory(share float64) (end, error) {
	available, err := availableMemory()
	if err != nil {
		return nil, err
	}
	size := min(uint64(share*float64(available)), available-min(available, leastLeft))
	taken := make([]byte, size)
	for i := 0; i < len(taken); i += os.Getpagesize() {
		taken[i] = 1
	}
	return func() error {
		runtime.KeepAlive(taken)
		taken = nil
		debug.FreeOSMemory()
		return nil
	}, nil
}

func availableMemory() (uint64, error) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, fmt.Errorf("how much memory is available: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			kb, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("how much memory is available: the kernel does not say")
}
