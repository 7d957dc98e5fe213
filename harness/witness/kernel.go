package witness

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// stalled is for how long somebody had been waiting for one of the machine's
// resources by now, as /proc/pressure tells.
func stalled(resource string) (time.Duration, bool) {
	text, err := os.ReadFile("/proc/pressure/" + resource)
	if err != nil {
		return 0, false
	}
	some, _, _ := strings.Cut(string(text), "\n")
	_, total, ok := strings.Cut(some, "total=")
	n, err := strconv.ParseInt(strings.TrimSpace(total), 10, 64)
	return time.Duration(n) * time.Microsecond, ok && err == nil
}

// cpuGroup is the control group that says how much of the processors this process
// may use: the narrowest of those that it is in.
type cpuGroup struct {
	dir     string
	version int // of the control groups; 0: there is none
}

// ownGroup finds it. A group without a quota is passed over for one above it.
func ownGroup() cpuGroup {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return cpuGroup{}
	}
	best, least := cpuGroup{}, math.Inf(1)
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		for _, root := range roots(parts[1]) {
			for dir := parts[2]; ; dir = filepath.Dir(dir) {
				g := cpuGroup{filepath.Join(root.dir, dir), root.version}
				if cores := g.cores(); cores < least {
					best, least = g, cores
				}
				if dir == "/" || dir == "." {
					break
				}
			}
		}
	}
	return best
}

// roots are where the groups of some controllers are to be found.
func roots(controllers string) []cpuGroup {
	if controllers == "" {
		return []cpuGroup{{"/sys/fs/cgroup", 2}, {"/sys/fs/cgroup/unified", 2}}
	}
	for _, c := range strings.Split(controllers, ",") {
		if c == "cpu" {
			return []cpuGroup{{filepath.Join("/sys/fs/cgroup", controllers), 1}, {"/sys/fs/cgroup/cpu", 1}}
		}
	}
	return nil
}

// cores is how many processors the group may use; not a number where it has no quota.
func (g cpuGroup) cores() float64 {
	var quota, period string
	switch g.version {
	case 1:
		quota, period = g.read("cpu.cfs_quota_us"), g.read("cpu.cfs_period_us")
	case 2:
		quota, period, _ = strings.Cut(g.read("cpu.max"), " ")
	}
	q, err := strconv.ParseFloat(quota, 64)
	p, err2 := strconv.ParseFloat(period, 64)
	if err != nil || err2 != nil || q <= 0 || p <= 0 {
		return math.NaN()
	}
	return q / p
}

// throttled is for how long the group had been kept from running by now.
func (g cpuGroup) throttled() (time.Duration, bool) {
	if g.version == 0 {
		return 0, false
	}
	for line := range strings.Lines(g.read("cpu.stat")) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.ParseInt(text, 10, 64)
		switch {
		case err != nil:
		case name == "throttled_usec":
			return time.Duration(n) * time.Microsecond, true
		case name == "throttled_time":
			return time.Duration(n), true
		}
	}
	return 0, false
}

func (g cpuGroup) read(file string) string {
	text, err := os.ReadFile(filepath.Join(g.dir, file))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
