// Package memcg tells what the kernel counts against the memory limit that a program
// runs under: its memory cgroup, of version 1 or 2.
//
// Enter at [Own]. Where cgroups do not tell something, nothing is told: a
// limit that there is not is no limit of 0.
package memcg

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// Group is a memory cgroup with those around it, and a collector of its figures:
// those of the group whose limit is the least, since that is the one whose members
// the kernel kills; where none has a limit, of the innermost. They are read when
// they are asked for.
type Group struct {
	dirs  []string // of the group and those around it, innermost first
	files files
}

// files are where a version of cgroups keeps the figures.
type files struct {
	usage, limit, kills string
	idle                string // the line of memory.stat with what the kernel takes back first
}

var (
	version1 = files{"memory.usage_in_bytes", "memory.limit_in_bytes", "memory.oom_control", "total_inactive_file"}
	version2 = files{"memory.current", "memory.max", "memory.events", "inactive_file"}
)

// Own finds the memory cgroup of the process at proc, for example /proc/self; false
// where there is none, or only the root, which version 2 keeps no account of.
func Own(proc string) (*Group, bool) {
	mounts, err := os.ReadFile(filepath.Join(proc, "mountinfo"))
	if err != nil {
		return nil, false
	}
	groups, err := os.ReadFile(filepath.Join(proc, "cgroup"))
	if err != nil {
		return nil, false
	}
	mount, root, files := mounted(string(mounts))
	if mount == "" {
		return nil, false
	}
	path := member(string(groups), files == version2)
	if inside, err := filepath.Rel(root, path); err == nil && !strings.HasPrefix(inside, "..") {
		path = inside
	}
	dir := filepath.Join(mount, path)
	if _, err := os.Stat(dir); err != nil {
		dir = mount // in a container without a cgroup namespace the path is the host's
	}
	g := &Group{files: files}
	for ; ; dir = filepath.Dir(dir) {
		g.dirs = append(g.dirs, dir)
		if dir == mount || dir == filepath.Dir(dir) {
			break
		}
	}
	_, ok := number(g.dirs[0], files.usage)
	return g, ok
}

// mounted finds where memory cgroups are mounted, which group is the root there, and
// of which version they are. Where both are, version 1 has the memory.
func mounted(mountinfo string) (mount, root string, of files) {
	for line := range strings.Lines(mountinfo) {
		left, right, _ := strings.Cut(line, " - ")
		place, fs := strings.Fields(left), strings.Fields(right)
		switch {
		case len(place) < 5 || len(fs) < 3:
		case fs[0] == "cgroup" && slices.Contains(strings.Split(fs[2], ","), "memory"):
			return place[4], place[3], version1
		case fs[0] == "cgroup2" && mount == "":
			mount, root, of = place[4], place[3], version2
		}
	}
	return mount, root, of
}

// member finds in a /proc/PID/cgroup the path of the memory cgroup.
func member(groups string, v2 bool) string {
	for line := range strings.Lines(groups) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) == 3 && (v2 && parts[0] == "0" || !v2 && slices.Contains(strings.Split(parts[1], ","), "memory")) {
			return parts[2]
		}
	}
	return "/"
}

// What is told of the group.
var (
	workingSet = prometheus.NewDesc("cgroup_memory_working_set_bytes",
		"Memory that counts against the limit, without files that the kernel can drop at once.", nil, nil)
	limit = prometheus.NewDesc("cgroup_memory_limit_bytes", "Memory above which the kernel kills.", nil, nil)
	kills = prometheus.NewDesc("cgroup_oom_kills_total", "Processes that the kernel killed for want of memory, as those left see it.", nil, nil)
)

// Describe implements [prometheus.Collector].
func (g *Group) Describe(ch chan<- *prometheus.Desc) { ch <- workingSet; ch <- limit; ch <- kills }

// Collect implements [prometheus.Collector].
func (g *Group) Collect(ch chan<- prometheus.Metric) {
	dir, most, limited := g.tightest()
	if limited {
		ch <- prometheus.MustNewConstMetric(limit, prometheus.GaugeValue, most)
	}
	used, known := number(dir, g.files.usage)
	idle, split := line(dir, "memory.stat", g.files.idle)
	if known && split {
		ch <- prometheus.MustNewConstMetric(workingSet, prometheus.GaugeValue, max(used-idle, 0)) // two files, read one after the other
	}
	if n, ok := g.killed(dir); ok {
		ch <- prometheus.MustNewConstMetric(kills, prometheus.CounterValue, n)
	}
}

// killed counts the kills in a group. Version 2 counts those of the groups inside as
// well; version 1 does not, so that those of the process's own and of all from there to
// that group are added up. What is beside them is not known there.
func (g *Group) killed(dir string) (sum float64, ok bool) {
	if g.files == version2 {
		return line(dir, g.files.kills, "oom_kill")
	}
	for _, at := range g.dirs {
		n, ok := line(at, g.files.kills, "oom_kill")
		if !ok {
			return 0, false
		}
		if sum += n; at == dir {
			break
		}
	}
	return sum, true
}

// tightest is the group with the least limit, in bytes.
func (g *Group) tightest() (dir string, bytes float64, limited bool) {
	dir, bytes = g.dirs[0], math.Inf(1)
	for _, at := range g.dirs {
		if n, ok := number(at, g.files.limit); ok && n < bytes {
			dir, bytes = at, n
		}
	}
	return dir, bytes, !math.IsInf(bytes, 1)
}

// noLimit is above any memory: version 1 says "no limit" with a huge number, version
// 2 with a word.
const noLimit = 1 << 60

// number reads a file that holds one number.
func number(dir, file string) (float64, bool) {
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64)
	return float64(n), err == nil && n < noLimit
}

// line reads the number behind a word in a file of lines.
func line(dir, file, word string) (float64, bool) {
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return 0, false
	}
	for text := range strings.Lines(string(data)) {
		if name, value, _ := strings.Cut(strings.TrimSpace(text), " "); name == word {
			n, err := strconv.ParseUint(value, 10, 64)
			return float64(n), err == nil
		}
	}
	return 0, false
}
