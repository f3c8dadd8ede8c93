package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// watched are the system calls that change what is on the disk, or may fail for its sake.
const watched = "write,pwrite64,writev,fsync,fdatasync,rename,renameat,renameat2,ftruncate,fallocate,copy_file_range," +
	"unlink,unlinkat,mkdir,mkdirat,openat,close,flock,read,pread64"

// event is a system call on a file, which a run does so many times.
type event struct {
	call  string
	path  string // in the run's folder ("": the folder itself); with a leading / another file
	times int
}

// point is one occurrence of an event, from 1 on.
type point struct {
	event
	at int
}

func (p point) String() string {
	return fmt.Sprintf("%s of %s, %d of %d", p.call, p.where(), p.at, p.times)
}

// where is the file, in words.
func (p point) where() string {
	switch {
	case p.path == "":
		return "the folder"
	case filepath.IsAbs(p.path):
		return filepath.Base(p.path)
	}
	return p.path
}

// absolute is the file's path where the run's folder is out.
func (p point) absolute(out string) string {
	if filepath.IsAbs(p.path) {
		return p.path
	}
	return filepath.Join(out, p.path)
}

// tracing is the beginning of a command line that records system calls into file. Its
// -P leaves all threads but those at a chosen file undisturbed, so that a point is
// the same in every run though Go moves its work between threads and strace counts by thread.
func tracing(file string, more ...string) []string {
	return append([]string{"strace", "-f", "-y", "-qqq", "-s", "0", "-e", "signal=KILL", "-o", file}, more...)
}

// injecting is tracing with a fault at a point: "signal=KILL", "error=ENOSPC". With
// onward it is also at all that follow.
func injecting(file, out string, p point, fault string, onward bool) []string {
	when := fmt.Sprintf("%s:%s:when=%d", p.call, fault, p.at)
	if onward {
		when += "+"
	}
	args := []string{"-P", p.absolute(out), "-e", "trace=" + p.call, "-e", "inject=" + when}
	if strings.HasPrefix(fault, "error=") {
		args = append(args, "--seccomp-bpf") // twice as fast, but it loses signals
	}
	return tracing(file, args...)
}

// wasInjected tells whether a recorded run met the fault. Of a signal strace records only
// what it did.
func wasInjected(file, fault string) bool {
	text, err := os.ReadFile(file)
	mark := "(INJECTED)"
	if fault == "signal=KILL" {
		mark = "killed by SIGKILL"
	}
	return err == nil && strings.Contains(string(text), mark)
}

var (
	callOf   = regexp.MustCompile(`^\d+ +([a-z0-9_]+)\(`)
	openedAs = regexp.MustCompile(`\d+<([^>]*)>`)
	namedAs  = regexp.MustCompile(`"([^"]+)"`)
)

// eventsOf counts the events of a recorded run, in the order in which they first occur. files are
// those outside the run's folder that count too.
func eventsOf(file, out string, files ...string) ([]event, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read from
	var all []event
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		call, path, ok := eventOf(lines.Text(), out)
		if !ok || (filepath.IsAbs(path) && !slices.Contains(files, path)) {
			continue
		}
		i := slices.IndexFunc(all, func(e event) bool { return e.call == call && e.path == path })
		if i < 0 {
			i, all = len(all), append(all, event{call: call, path: path})
		}
		all[i].times++
	}
	return all, lines.Err()
}

// eventOf reads one line of a record. A path that is named wins over a descriptor's.
func eventOf(line, out string) (call, path string, ok bool) {
	m := callOf.FindStringSubmatch(line)
	if m == nil {
		return "", "", false
	}
	if named := namedAs.FindStringSubmatch(line); named != nil && filepath.IsAbs(named[1]) {
		path = filepath.Clean(named[1])
	} else if opened := openedAs.FindStringSubmatch(line); opened != nil {
		path = strings.TrimSuffix(opened[1], " (deleted)")
	}
	if !filepath.IsAbs(path) { // a pipe, a socket
		return "", "", false
	}
	if rel, err := filepath.Rel(out, path); err == nil && !strings.HasPrefix(rel, "..") {
		path = strings.TrimPrefix(rel, ".")
		if rel != "." {
			path = rel
		}
	}
	return m[1], path, true
}

// callsOf are the events of some system calls.
func callsOf(events []event, calls ...string) []event {
	return slices.DeleteFunc(slices.Clone(events), func(e event) bool { return !slices.Contains(calls, e.call) })
}

// spread chooses about n points: of every event its first, then of every event its last,
// then others at random; where there are more events than n, some evenly.
func spread(events []event, n int, r *rand.Rand) []point {
	var points []point
	add := func(e event, at int) {
		p := point{e, at}
		if !slices.Contains(points, p) {
			points = append(points, p)
		}
	}
	if n < len(events) {
		for i := range n {
			e := events[i*len(events)/n]
			add(e, 1+r.IntN(e.times))
		}
		return points
	}
	total := 0
	for _, e := range events {
		add(e, 1)
		total += e.times
	}
	for _, e := range events {
		if len(points) < n {
			add(e, e.times)
		}
	}
	for len(points) < min(n, total) {
		e := events[r.IntN(len(events))]
		add(e, 1+r.IntN(e.times))
	}
	return points
}
