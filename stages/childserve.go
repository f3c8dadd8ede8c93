package stages

import (
	"bufio"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"io"
	"os"

	"cellvi/io/counts"
	"cellvi/io/wire"
)

// question is what a child is to find out about a file. It comes by stdin, as gob,
// which keeps names that are no UTF-8.
type question struct {
	Ask  ask
	File string
	Read ReadOptions
	Add  *additions // of askTarget and askAdd

	Plan    int64  // bytes that reading may plan with
	Threads int    // that decompress
	Memory  int64  // limit: bytes above what an idle child has; 0 is none
	CPU     uint64 // limit: seconds of processor time until the file is open; 0 is none
	MostCPU uint64 // limit: seconds of processor time in all
}

// ask is what is asked for.
type ask string

const (
	askCounts   ask = "counts"   // everything, by wire
	askNames    ask = "names"    // the cells' names, by gob
	askDescribe ask = "describe" // a counts.Description, as JSON
	askFrame    ask = "frame"    // a file of annotations, by gob
	askTarget   ask = "target"   // whether arrays can be added, and names, by gob
	askAdd      ask = "add"      // to add arrays that come after the question
)

// faultDescriptor is where the child writes a childFault: its stdout carries
// the data, its stderr what libhdf5 or a dying runtime says.
const faultDescriptor = 3

// ServeChild is the whole work of the hidden command `read`, in which a child process
// reads one file, or adds to one. It takes a question from in, limits itself before the file is
// touched, writes to out, and returns the exit code; an error goes to the parent. A fault of HDF5 may kill it at any point: the parent tells that from
// a whole answer.
func ServeChild(ctx context.Context, in io.Reader, out io.Writer) int {
	faults := os.NewFile(faultDescriptor, "faults")
	var q question
	from := gob.NewDecoder(in)
	err := from.Decode(&q)
	if err == nil {
		err = limit(q)
	}
	if err == nil {
		w := bufio.NewWriter(out)
		err = errors.Join(serve(ctx, q, startOpening(q), from, w), w.Flush())
	}
	if err == nil {
		return 0
	}
	if err := tellParent(faults, err); err != nil {
		return childMute
	}
	return childFailed
}

// Exit codes of the child. Its parent translates them; no user sees them.
const (
	childFailed = 65
	childMute   = 70
)

func serve(ctx context.Context, q question, opening *opening, in *gob.Decoder, out io.Writer) (err error) {
	switch q.Ask {
	case askTarget:
		return serveTarget(q, opening, out)
	case askAdd:
		return serveAdd(q, opening, in, out)
	case askFrame:
		opening.over()
		file, err := readFrame(q)
		if err != nil {
			return err
		}
		return gob.NewEncoder(out).Encode(file)
	case askDescribe:
		d, err := describeFile(q)
		if err != nil {
			return err
		}
		return json.NewEncoder(out).Encode(d)
	}
	reader, about, err := readCounts(q)
	if err != nil {
		return err
	}
	opening.over()
	defer func() { err = errors.Join(err, reader.Close()) }()
	if q.Ask == askNames {
		names, err := counts.NamesOf(ctx, reader)
		if err != nil {
			return err
		}
		return gob.NewEncoder(out).Encode(names)
	}
	return wire.Send(ctx, out, reader, about)
}
