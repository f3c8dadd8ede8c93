// Package countstest is the conformance suite that every counts.Reader passes.
//
// A reader's test writes the table it is given in its own format, opens it and
// hands back the Reader; Run compares what comes out. Tests alone import it.
package countstest
