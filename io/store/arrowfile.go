package store

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"cellvi/io/counts"
)

// arrowFile is a mapped Arrow IPC file of a store, whose record batches are read
// in any order, their buffers being the mapped bytes themselves. A batch's
// checksum is verified when it is read first.
//
// arrow-go's own mapped reader panics on dictionary columns (v18.8.0 leaves its
// dictionary memo nil), and its plain reader copies every batch. So the messages
// are found here and handed to arrow-go's stream reader, which does the rest.
type arrowFile struct {
	path     string
	data     []byte
	schema   *arrow.Schema
	segments []segment     // one per record batch
	verified []atomic.Bool // per segment: its checksum
	file     *os.File
	places   []atomic.Pointer[place] // per segment, once it is checked: see ReadCut
	header   []int64                 // offsets of the messages before the first batch: schema, dictionaries
	first    int64                   // offset of the first batch

	mu     sync.Mutex
	queue  messageQueue
	stream *ipc.Reader // nil: to be made, at first and after an error
}

// openFile maps the file and reads its trailer and schema.
func openFile(path string) (*arrowFile, error) {
	file, data, err := mapPath(path)
	if err != nil {
		return nil, err
	}
	f := &arrowFile{path: path, file: file, data: data}
	if err := f.guard(f.open); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

func (f *arrowFile) open() (err error) {
	f.segments, err = decodeTrailer(f.data)
	if version := newerVersion(0); errors.As(err, &version) {
		return &counts.InputError{File: f.path, Found: err.Error(), Advice: "use a newer cellvi or ingest the input again"}
	}
	if err != nil {
		return f.damaged("%v", err)
	}
	f.verified, f.places = make([]atomic.Bool, len(f.segments)), make([]atomic.Pointer[place], len(f.segments))
	if err := f.verify(0); err != nil {
		return err
	}
	if err := f.findHeader(); err != nil {
		return f.damaged("%v", err)
	}
	if err := f.startStream(); err != nil {
		return err
	}
	f.schema = f.stream.Schema()
	return nil
}

// mapPath opens and maps a file that begins as Arrow's do.
func mapPath(path string) (*os.File, []byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	data, err := mapOpen(file, path)
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return file, data, nil
}

func mapOpen(file *os.File, path string) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	head := make([]byte, len(magic))
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if n == len(head) && !bytes.Equal(head, magic) {
		return nil, &counts.InputError{File: path, Found: "this is not an Arrow file", Advice: "name a store that cellvi ingest wrote"}
	}
	if info.Size() < smallestFile {
		return nil, &counts.InputError{File: path, Found: fmt.Sprintf("the file ends after %d bytes", info.Size()),
			Advice: "it is truncated or no Arrow file: ingest the input again"}
	}
	return mapFile(file, int(info.Size()))
}

// verify compares segment i with its checksum, once.
func (f *arrowFile) verify(i int) error {
	if f.verified[i].Load() {
		return nil
	}
	start, end := f.bounds(i)
	if crc32.Checksum(f.data[start:end], castagnoli) != f.segments[i].crc {
		return f.damaged("record batch %d: its checksum does not fit", i)
	}
	f.verified[i].Store(true)
	return nil
}

// findHeader walks the messages of the first segment.
func (f *arrowFile) findHeader() error {
	for at := int64(8); at < f.segments[0].end; {
		m, b, err := messageAt(f.data, at)
		if err != nil {
			return err
		}
		if m.Type() == ipc.MessageRecordBatch {
			f.first = at
			return nil
		}
		f.header = append(f.header, at)
		at += b.meta + b.body
	}
	return errors.New("its first record batch is missing")
}

// startStream gives arrow-go the schema and the dictionaries.
func (f *arrowFile) startStream() error {
	f.queue = messageQueue{data: f.data, next: append([]int64{}, f.header...)}
	stream, err := ipc.NewReaderFromMessageReader(&f.queue)
	if err != nil {
		return f.damaged("%v", err)
	}
	f.stream = stream
	return nil
}

// batch is record batch i, to be released by the caller. Goroutines may call it
// at the same time.
func (f *arrowFile) batch(i int) (record arrow.RecordBatch, err error) {
	if err := f.verify(i); err != nil {
		return nil, err
	}
	at := f.first
	if i > 0 {
		at = f.segments[i-1].end
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	err = f.guard(func() error {
		if f.stream == nil {
			if err := f.startStream(); err != nil {
				return err
			}
		}
		f.queue.next = append(f.queue.next, at)
		if !f.stream.Next() {
			return f.damaged("record batch %d: %v", i, f.stream.Err())
		}
		record = f.stream.RecordBatch()
		record.Retain()
		return nil
	})
	if err != nil {
		f.stream = nil // its error would stay
	}
	return record, err
}

// guard runs do, which looks into the file's bytes through Arrow. What Arrow and
// flatbuffers do about bytes that make no sense is to panic: that is damage, of
// a kind that the checksums let through.
func (f *arrowFile) guard(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = f.damaged("%v", p)
		}
	}()
	return do()
}

func (f *arrowFile) damaged(format string, args ...any) error {
	return &counts.InputError{File: f.path, Found: fmt.Sprintf(format, args...),
		Advice: "ingest the input again"}
}

func (f *arrowFile) close() error {
	data := f.data
	f.data = nil
	if data == nil {
		return nil
	}
	return errors.Join(unmapFile(data), f.file.Close())
}
