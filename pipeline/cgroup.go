package pipeline

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// system reads what the machine and the control groups (cgroups) that the process
// is in allow it. Its value is the folder that holds /proc and /sys: "/", but for
// tests.
//
// A container usually sees its own group as the root of its mount. A job of SLURM
// or systemd without a namespace of its own sees the machine's tree, and is deep
// inside it: /proc/self/cgroup says where, and the limits of every group above
// count as well.
type system string

// tree is a hierarchy of control groups as the process sees it.
type tree struct {
	version    int    // 1, or 2 (the unified one)
	mount, own string // folders: where it is mounted, and the process's group, which is mount or inside it
}

// mount is a line of /proc/self/mountinfo about control groups.
type mount struct {
	version     int
	root        string // which group is mounted
	point       string // where
	controllers []string
}

// memoryLimit is the fewest bytes that a group of the process allows; 0: none says.
func (s system) memoryLimit() int64 {
	least := int64(0)
	take := func(limit int64) {
		if limit > 0 && (least == 0 || limit < least) {
			least = limit
		}
	}
	for _, t := range s.trees("memory") {
		// Version 1's kernel tells the least of the whole way up, also of groups
		// that a container cannot see.
		if limit := s.hierarchicalLimit(t.own); t.version == 1 && limit > 0 {
			take(limit)
			continue
		}
		for _, group := range t.upwards() {
			if t.version == 1 {
				take(s.number(group, "memory.limit_in_bytes"))
				continue
			}
			take(s.number(group, "memory.max"))
			take(s.number(group, "memory.high")) // above it the kernel slows the process down to reclaim
		}
	}
	return least
}

// cpuLimit is how many processors' time the groups of the process allow it, such
// as 1.5; 0: none says. The processors that it may run on at all (cpuset) are
// another matter: its affinity tells.
func (s system) cpuLimit() float64 {
	least := 0.0
	for _, t := range s.trees("cpu") {
		for _, group := range t.upwards() {
			var quota, period float64
			if t.version == 1 {
				quota, period = float64(s.number(group, "cpu.cfs_quota_us")), float64(s.number(group, "cpu.cfs_period_us"))
			} else if words := strings.Fields(s.text(filepath.Join(group, "cpu.max"))); len(words) == 2 {
				quota, period = float64(whole(words[0])), float64(whole(words[1]))
			}
			if quota > 0 && period > 0 && (least == 0 || quota/period < least) {
				least = quota / period
			}
		}
	}
	return least
}

// threads is how many threads have processors to run on, of so many that the
// process may use. Part of a processor counts as one: two threads share 1.5.
func (s system) threads(processors int) int {
	if limit := s.cpuLimit(); limit > 0 && limit < float64(processors) {
		return max(1, int(math.Ceil(limit)))
	}
	return max(1, processors)
}

// trees finds the hierarchies that may hold the controller's limits: version 1's
// of that controller and version 2's. Files that one does not have set no limit.
func (s system) trees(controller string) (found []tree) {
	groups := s.groups(controller)
	for version := 1; version <= 2; version++ {
		path, in := groups[version]
		if !in {
			continue
		}
		mounts := s.mounts(version, controller)
		known := len(found)
		for _, m := range mounts {
			if own, holds := m.find(path); holds {
				found = append(found, tree{version, m.point, own})
			}
		}
		// The names need not fit, as where a process was moved into a container, or
		// a namespace hides the way: what is mounted is then all that there is to go by.
		if len(found) == known && len(mounts) > 0 {
			found = append(found, tree{version, mounts[0].point, mounts[0].point})
		}
	}
	return found
}

// groups reads /proc/self/cgroup, lines of ID:CONTROLLERS:PATH: the process's group
// in version 1's hierarchy of the controller and in version 2's (0::PATH), where
// there is one.
func (s system) groups(controller string) map[int]string {
	groups := map[int]string{}
	for line := range strings.Lines(s.text("/proc/self/cgroup")) {
		part := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		switch {
		case len(part) < 3 || !strings.HasPrefix(part[2], "/"):
		case part[0] == "0" && part[1] == "":
			groups[2] = part[2]
		case slices.Contains(strings.Split(part[1], ","), controller):
			groups[1] = part[2]
		}
	}
	return groups
}

// mounts reads /proc/self/mountinfo: ID PARENT MAJOR:MINOR ROOT POINT OPTIONS TAG… -
// TYPE SOURCE OPTIONS, as proc(5) has it.
func (s system) mounts(version int, controller string) (found []mount) {
	for line := range strings.Lines(s.text("/proc/self/mountinfo")) {
		before, after, _ := strings.Cut(line, " - ")
		place, kind := strings.Fields(before), strings.Fields(after)
		if len(place) < 6 || len(kind) < 3 {
			continue
		}
		m := mount{root: unescape(place[3]), point: unescape(place[4]), controllers: strings.Split(kind[2], ",")}
		switch kind[0] {
		case "cgroup":
			m.version = 1
		case "cgroup2":
			m.version = 2
		}
		if m.version == version && (version == 2 || slices.Contains(m.controllers, controller)) {
			found = append(found, m)
		}
	}
	return found
}

// find gives the folder of a group in the mount, where the mount holds it.
func (m mount) find(group string) (string, bool) {
	inside, holds := strings.CutPrefix(group, strings.TrimSuffix(m.root, "/"))
	if !holds || inside != "" && inside[0] != '/' || slices.Contains(strings.Split(inside, "/"), "..") {
		return "", false
	}
	return filepath.Join(m.point, inside), true
}

// upwards lists the process's group and those above it, as far as they are mounted.
func (t tree) upwards() []string {
	groups := []string{t.own}
	for g := t.own; g != t.mount && g != "/"; {
		g = filepath.Dir(g)
		groups = append(groups, g)
	}
	return groups
}

// hierarchicalLimit is the line of that name in a group's memory.stat; 0 where
// there is none.
func (s system) hierarchicalLimit(group string) int64 {
	for line := range strings.Lines(s.text(filepath.Join(group, "memory.stat"))) {
		if words := strings.Fields(line); len(words) == 2 && words[0] == "hierarchical_memory_limit" {
			return whole(words[1])
		}
	}
	return 0
}

// number reads a file that holds one; 0 where there is none, as in "max".
func (s system) number(group, file string) int64 {
	return whole(strings.TrimSpace(s.text(filepath.Join(group, file))))
}

// text is a file's, empty where it cannot be read.
func (s system) text(path string) string {
	text, err := os.ReadFile(filepath.Join(string(s), path))
	if err != nil {
		return ""
	}
	return string(text)
}

// whole is a positive number; 0 for anything else, numbers beyond 2⁶³ included,
// by which old kernels say that there is no limit.
func whole(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return max(0, n)
}

// unescape undoes mountinfo's octal escapes of blanks and backslashes.
func unescape(path string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(path)
}
