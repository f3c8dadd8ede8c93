// Command fuzzfiles damages count files and asks cellvi what is in them.
//
// Data in: small valid files of every format (see corpus.go), and the built cellvi.
// Each is changed in a way that depends on the seed and the mutation's number alone
// (see mutate.go), and `cellvi inspect --format json` reads the result under a
// watch on time and memory (see watch.go).
//
// Data out: a page of Markdown with what became of all of them (see page.go), and a
// folder with the files of failures. A damaged file must be read rightly or refused
// with one line; a death, a panic, a time-out, or memory beyond the budget is a
// failure, and makes the exit code 1.
//
// Nobody imports it, and it imports none of cellvi's packages: the command is the
// subject, seen from outside. Run it by `make fuzz-files N=10000`.
package main
