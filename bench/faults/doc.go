// Command faults breaks runs of cellvi in every way that a machine can, and looks at
// what is left.
//
// Data in: the built cellvi, and a small data set that it draws itself. Each case runs the
// command with one fault (a kill at a system call, a disk that is full at one write, a
// flipped bit, …), looks at the folder, and then runs the same command again without the
// fault. kinds.go is the table of kinds; each kind has a file of its own.
//
// Data out: a line for each kind, and a page of Markdown (page.go). A file under a final
// name that is not whole, other bytes than an undisturbed run's, a panic, an exit code that
// is not documented, or a refusal of more than one line is a loss, and makes the exit code 1.
//
// Nobody imports it, and it imports none of cellvi's packages: the command is the
// subject, seen from outside. Run it by `make test-faults`; it needs Linux and strace, and
// as root it does more (mounts, and what an unprivileged user meets).
package main
