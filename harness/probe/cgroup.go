package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"holdfast.dev/holdfast/harness/result"
)

// DefaultCgroupEvery is what [Cgroup] samples at.
const DefaultCgroupEvery = 100 * time.Millisecond

// noLimit is above any memory: version 1 says "no limit" with a huge number.
const noLimit = 1 << 60

// Cgroup measures a memory cgroup, of version 1 or 2: all processes in it, with
// what the kernel holds for them, as the kernel counts it against the limit.
// dir tells its directory, false while there is none; targets have one as
// MemoryDir. The series are target.cgroup.memory, target.cgroup.memory_peak
// (since the group was made; a gap before Linux 5.19 in version 2) and
// target.cgroup.memory_limit (a gap where there is none).
func Cgroup(dir func() (string, bool)) Probe { return cgroup{dir} }

type cgroup struct{ dir func() (string, bool) }

func (cgroup) Name() string         { return "target cgroup" }
func (cgroup) Every() time.Duration { return DefaultCgroupEvery }
func (cgroup) Series() []Series {
	return []Series{
		{Name: "target.cgroup.memory", Unit: result.UnitBytes},
		{Name: "target.cgroup.memory_peak", Unit: result.UnitBytes},
		{Name: "target.cgroup.memory_limit", Unit: result.UnitBytes},
	}
}

// cgroupFiles are the files of both versions, in the order of the series.
var cgroupFiles = [2][3]string{
	{"memory.current", "memory.peak", "memory.max"},
	{"memory.usage_in_bytes", "memory.max_usage_in_bytes", "memory.limit_in_bytes"},
}

func (c cgroup) Sample(context.Context) ([]float64, error) {
	values := []float64{math.NaN(), math.NaN(), math.NaN()}
	dir, ok := c.dir()
	if !ok {
		return values, nil
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return values, nil
	}
	for _, files := range cgroupFiles {
		usage, err := cgroupNumber(dir, files[0])
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return values, vanished(err)
		}
		values[0] = usage
		for i, file := range files[1:] {
			v, err := cgroupNumber(dir, file)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return []float64{math.NaN(), math.NaN(), math.NaN()}, vanished(err)
			}
			values[i+1] = v
		}
		return values, nil
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return values, nil // removed meanwhile
	}
	return values, fmt.Errorf("%s is no memory cgroup", dir)
}

// MemoryLimit is the memory, in bytes, that processes may hold who are in the cgroup at
// dir, of version 1 or 2: the least that it and those around it allow; false where they
// set no limit, or it cannot be read.
func MemoryLimit(dir string) (bytes float64, limited bool) {
	least := math.Inf(1)
	for at := filepath.Clean(dir); at != filepath.Dir(at); at = filepath.Dir(at) {
		for _, files := range cgroupFiles {
			if limit, err := cgroupNumber(at, files[2]); err == nil && !math.IsNaN(limit) {
				least = min(least, limit)
			}
		}
	}
	return least, !math.IsInf(least, 1)
}

// vanished forgives the group's removal in the middle of a reading.
func vanished(err error) error {
	if errors.Is(err, unix.ENODEV) {
		return nil
	}
	return err
}

// cgroupNumber reads one counter, NaN for no limit.
func cgroupNumber(dir, file string) (float64, error) {
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return math.NaN(), fmt.Errorf("read memory cgroup: %w", err)
	}
	text := string(bytes.TrimSpace(data))
	if text == "max" {
		return math.NaN(), nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return math.NaN(), fmt.Errorf("read memory cgroup: %s: %w", file, err)
	}
	if n >= noLimit {
		return math.NaN(), nil
	}
	return float64(n), nil
}
