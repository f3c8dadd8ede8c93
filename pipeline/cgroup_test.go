package pipeline

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// files is a tree of files by path, as a test of system fakes it.
type files map[string]string

// The places that systems mount control groups at, in mountinfo's lines.
const (
	mountV2     = "30 23 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
	mountMemory = "35 31 0:32 / /sys/fs/cgroup/memory rw,nosuid shared:15 - cgroup cgroup rw,memory\n"
	mountCPU    = "36 31 0:33 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:16 - cgroup cgroup rw,cpu,cpuacct\n"
	mountRoot   = "23 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
)

// limitsOf is what a system of these files allows, with 16 GiB and 8 processors.
func limitsOf(t *testing.T, at files) (memory int64, cpus float64, threads int) {
	t.Helper()
	root := t.TempDir()
	all := files{"/proc/meminfo": "MemTotal:       16777216 kB\nMemFree:  1 kB\n"}
	maps.Copy(all, at)
	for path, text := range all {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s := system(root)
	return s.memory(), s.cpuLimit(), s.threads(8)
}

// limitCase is a system and what the process may use there.
type limitCase struct {
	name    string
	files   files
	memory  int64
	cpus    float64
	threads int
}

const machine = 16 << 30

func TestControlGroups2(t *testing.T) {
	slurm := "/sys/fs/cgroup/system.slice/slurmstepd.scope/job_7"
	check(t, []limitCase{
		{"a container with a namespace of its own", files{
			"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": mountRoot + mountV2,
			"/sys/fs/cgroup/memory.max": "536870912\n", "/sys/fs/cgroup/cpu.max": "150000 100000\n",
		}, 512 << 20, 1.5, 2},
		{"half a processor", files{
			"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": mountV2, "/sys/fs/cgroup/cpu.max": "50000 100000\n",
		}, machine, 0.5, 1},
		{"one processor", files{
			"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": mountV2, "/sys/fs/cgroup/cpu.max": "100000 100000\n",
		}, machine, 1, 1},
		{"a job of SLURM, limits above it", files{
			"/proc/self/cgroup": "0::/system.slice/slurmstepd.scope/job_7/step_0/user/task_0\n", "/proc/self/mountinfo": mountV2,
			slurm + "/memory.max":                    "4294967296\n",
			slurm + "/step_0/memory.max":             "6442450944\n",
			slurm + "/step_0/user/memory.max":        "max\n",
			slurm + "/step_0/user/task_0/memory.max": "max\n",
			slurm + "/cpu.max":                       "300000 100000\n",
			slurm + "/step_0/user/task_0/cpu.max":    "max 100000\n",
			"/sys/fs/cgroup/system.slice/memory.max": "max\n",
		}, 4 << 30, 3, 3},
		{"memory.high below memory.max", files{
			"/proc/self/cgroup": "0::/user.slice\n", "/proc/self/mountinfo": mountV2,
			"/sys/fs/cgroup/user.slice/memory.max": "2147483648\n", "/sys/fs/cgroup/user.slice/memory.high": "1073741824\n",
		}, 1 << 30, 0, 8},
		{"no limits", files{
			"/proc/self/cgroup": "0::/user.slice\n", "/proc/self/mountinfo": mountV2,
			"/sys/fs/cgroup/user.slice/memory.max": "max\n", "/sys/fs/cgroup/user.slice/cpu.max": "max 100000\n",
		}, machine, 0, 8},
		{"a limit above the machine", files{
			"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": mountV2,
			"/sys/fs/cgroup/memory.max": "68719476736\n", "/sys/fs/cgroup/cpu.max": "6400000 100000\n",
		}, machine, 64, 8},
		{"a process moved into a container: its path leads out of the namespace", files{
			"/proc/self/cgroup": "0::/../other\n", "/proc/self/mountinfo": mountV2,
			"/sys/fs/cgroup/memory.max": "536870912\n", "/sys/fs/other/memory.max": "1\n",
		}, 512 << 20, 0, 8},
		{"a blank in the mount's path", files{
			"/proc/self/cgroup": "0::/a\n", "/proc/self/mountinfo": `30 23 0:27 / /my\040groups rw - cgroup2 none rw` + "\n",
			"/my groups/a/memory.max": "536870912\n",
		}, 512 << 20, 0, 8},
	})
}

func TestControlGroups1(t *testing.T) {
	inside := "11:memory:/docker/4f\n4:cpu,cpuacct:/docker/4f\n0::/system.slice/containerd.service\n"
	docker := "35 31 0:32 /docker/4f /sys/fs/cgroup/memory ro master:15 - cgroup cgroup rw,memory\n" +
		"36 31 0:33 /docker/4f /sys/fs/cgroup/cpu,cpuacct ro master:16 - cgroup cgroup rw,cpu,cpuacct\n"
	uid := "/sys/fs/cgroup/memory/slurm/uid_1000"
	check(t, []limitCase{
		{"docker", files{
			"/proc/self/cgroup": inside, "/proc/self/mountinfo": mountRoot + docker,
			"/sys/fs/cgroup/memory/memory.limit_in_bytes":      "268435456\n",
			"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us":      "250000\n",
			"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us":     "100000\n",
			"/sys/fs/cgroup/memory/4f/memory.limit_in_bytes":   "1\n",
			"/sys/fs/cgroup/memory/docker/4f/memory.something": "1\n",
		}, 256 << 20, 2.5, 3},
		{"docker, below a limit that it cannot see", files{
			"/proc/self/cgroup": inside, "/proc/self/mountinfo": docker,
			"/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
			"/sys/fs/cgroup/memory/memory.stat":           "cache 12\nhierarchical_memory_limit 134217728\nhierarchical_memsw_limit 1\n",
			"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n", "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
		}, 128 << 20, 0, 8},
		{"a job of SLURM", files{
			"/proc/self/cgroup":                                                 "9:memory:/slurm/uid_1000/job_8/step_0/task_0\n3:cpu,cpuacct:/slurm/uid_1000/job_8\n1:name=systemd:/x\n",
			"/proc/self/mountinfo":                                              mountMemory + mountCPU,
			uid + "/job_8/memory.limit_in_bytes":                                "2147483648\n",
			uid + "/job_8/step_0/memory.limit_in_bytes":                         "3221225472\n",
			uid + "/job_8/step_0/task_0/memory.limit_in_bytes":                  "9223372036854771712\n",
			"/sys/fs/cgroup/memory/memory.limit_in_bytes":                       "9223372036854771712\n",
			"/sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_quota_us":                 "100000\n",
			"/sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_period_us":                "50000\n",
			"/sys/fs/cgroup/cpu,cpuacct/slurm/uid_1000/job_8/cpu.cfs_quota_us":  "-1\n",
			"/sys/fs/cgroup/cpu,cpuacct/slurm/uid_1000/job_8/cpu.cfs_period_us": "100000\n",
		}, 2 << 30, 2, 2},
		{"both versions, memory in the first", files{
			"/proc/self/cgroup":                             "9:memory:/a/b\n0::/c\n",
			"/proc/self/mountinfo":                          mountMemory + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
			"/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1073741824\n",
			"/sys/fs/cgroup/unified/c/cgroup.procs":         "1\n",
		}, 1 << 30, 0, 8},
		{"both versions, processors in the second", files{
			"/proc/self/cgroup":                "9:memory:/a/b\n0::/c\n",
			"/proc/self/mountinfo":             mountMemory + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
			"/sys/fs/cgroup/unified/c/cpu.max": "400000 100000\n",
		}, machine, 4, 4},
	})
}

func TestControlGroupsThatSayNothing(t *testing.T) {
	check(t, []limitCase{
		{"no groups", files{}, machine, 0, 8},
		{"groups, not mounted", files{"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": mountRoot}, machine, 0, 8},
		{"mounted, the process in none", files{"/proc/self/mountinfo": mountV2, "/sys/fs/cgroup/memory.max": "1\n"}, machine, 0, 8},
		{"damaged", files{
			"/proc/self/cgroup": "0:\n:::\n0::relative\nmemory\n0::/\n", "/proc/self/mountinfo": "- \n\n1 2 3 - cgroup2\n - cgroup2 x y\n" + mountV2,
			"/sys/fs/cgroup/memory.max": "many\n", "/sys/fs/cgroup/cpu.max": "100000\n", "/sys/fs/cgroup/memory.high": "",
		}, machine, 0, 8},
		{"numbers that are no limits", files{
			"/proc/self/cgroup": "9:memory:/\n8:cpu:/\n0::/\n", "/proc/self/mountinfo": mountMemory + mountCPU + mountV2,
			"/sys/fs/cgroup/memory/memory.limit_in_bytes": "18446744073709551615\n",
			"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "100000\n", "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "0\n",
			"/sys/fs/cgroup/cpu.max": "max 0\n", "/sys/fs/cgroup/memory.max": "-5\n",
		}, machine, 0, 8},
		{"a group that was removed", files{
			"/proc/self/cgroup": "0::/gone/deeper (deleted)\n", "/proc/self/mountinfo": mountV2,
			"/sys/fs/cgroup/gone/memory.max": "1073741824\n",
		}, 1 << 30, 0, 8},
	})
	if memory, _, _ := limitsOf(t, files{"/proc/meminfo": "\n"}); memory != 0 {
		t.Errorf("where nothing tells, memory is %d", memory)
	}
}

// check holds each case's system to what it allows.
func check(t *testing.T, cases []limitCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			memory, cpus, threads := limitsOf(t, c.files)
			if memory != c.memory || cpus != c.cpus || threads != c.threads {
				t.Errorf("%d bytes, %g processors, %d threads; want %d, %g, %d", memory, cpus, threads, c.memory, c.cpus, c.threads)
			}
		})
	}
}

// GOMAXPROCS is the user's word.
func TestDefaultThreads(t *testing.T) {
	t.Setenv("GOMAXPROCS", "3")
	if n := DefaultThreads(); n != 3 {
		t.Errorf("GOMAXPROCS=3 gives %d threads", n)
	}
	t.Setenv("GOMAXPROCS", "many")
	if n := DefaultThreads(); n < 1 {
		t.Errorf("%d threads", n)
	}
}
