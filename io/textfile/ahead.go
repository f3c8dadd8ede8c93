package textfile

import "io"

const (
	aheadBlock  = 256 << 10 // bytes read at a time
	aheadBlocks = 4
)

// ahead reads a source in a goroutine of its own, some blocks in advance.
type ahead struct {
	source io.Reader
	full   chan block  // in the file's order, closed after the last
	free   chan []byte // to be filled
	stop   chan struct{}
	now    block
	left   []byte // of now, not yet given
}

// block is what one stretch of reading gave; err is what ended it.
type block struct {
	data []byte
	err  error
}

func newAhead(source io.Reader) *ahead {
	a := &ahead{source: source, full: make(chan block, aheadBlocks), free: make(chan []byte, aheadBlocks), stop: make(chan struct{})}
	for range aheadBlocks {
		a.free <- make([]byte, aheadBlock)
	}
	go a.run()
	return a
}

// run fills blocks until the source ends or close is called. There are as many
// blocks as full has room for, so that sending never waits.
func (a *ahead) run() {
	defer close(a.full)
	for {
		select {
		case <-a.stop:
			return
		case buffer := <-a.free:
			n, err := 0, error(nil)
			for n < len(buffer) && err == nil {
				var more int
				more, err = a.source.Read(buffer[n:])
				n += more
			}
			a.full <- block{buffer[:n], err}
			if err != nil {
				return
			}
		}
	}
}

// Read gives what was read ahead.
func (a *ahead) Read(p []byte) (int, error) {
	for len(a.left) == 0 {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.data != nil {
			a.free <- a.now.data[:aheadBlock]
		}
		a.now = <-a.full
		a.left = a.now.data
	}
	n := copy(p, a.left)
	a.left = a.left[n:]
	return n, nil
}

// close ends the goroutine and waits for it.
func (a *ahead) close() {
	close(a.stop)
	for range a.full {
	}
}
