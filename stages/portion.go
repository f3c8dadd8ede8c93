package stages

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"

	"cellvi/io/results"
	"cellvi/pipeline"
)

// partEntry is the entry of a Parquet file's metadata that makes it a part.
const partEntry = "cellvi_part"

// partFormat is the version of that entry.
const partFormat = 1

// partKey is that entry: which part of what. It has no paths, and so is the same on
// every machine.
type partKey struct {
	Format int   `json:"format"`
	Part   int   `json:"part"` // from 1
	Of     int   `json:"of"`
	First  int   `json:"first"` // of the kept cells, from 0
	Cells  int   `json:"cells"` // kept in all
	Ends   []int `json:"ends"`  // where row groups of the whole end, of those that end among the part's cells

	Model    string `json:"model"`            // SHA-256 of the model's files
	Prepared string `json:"prepared"`         // SHA-256 of what prepare wrote
	Store    string `json:"store"`            // the store's checksum
	Refine   string `json:"refine,omitempty"` // how posteriors were fitted to the cells

	SHA256 string `json:"sha256"` // of names and numbers, see digest
}

// rowGroups says how kept cells are cut into row groups.
type rowGroups func(p *prepared) []bounds

// whole are the row groups of all cells: by other, or where it is nil by cut with size.
func whole(other rowGroups, p *prepared, cut func(size int) []bounds, size int) []bounds {
	if other != nil {
		return other(p)
	}
	return cut(size)
}

// portion is the cells that a process does: all, or a part's.
type portion struct {
	bounds
	groups []bounds // row groups: those of the whole, cut where the part begins and ends
	key    *partKey // nil: all
}

// portion is what of the kept cells, and of their row groups, is to be done.
func (o PartOptions) portion(ctx context.Context, f *fitted, groups []bounds, prepared, model string) (*portion, error) {
	if o.Part == "" {
		return &portion{bounds{0, len(f.p.Row)}, groups, nil}, nil
	}
	part, of := o.numbers()
	s := &portion{bounds: o.bounds(len(f.p.Row)),
		key: &partKey{Format: partFormat, Part: part, Of: of, Cells: len(f.p.Row), Ends: []int{}, Store: f.st.Checksum()}}
	s.key.First = s.from
	for _, g := range groups {
		if own := (bounds{max(g.from, s.from), min(g.to, s.to)}); own.from < own.to {
			s.groups = append(s.groups, own)
		}
		if g.to > s.from && g.to <= s.to {
			s.key.Ends = append(s.key.Ends, g.to)
		}
	}
	var err, other error
	s.key.Model, err = sumModel(ctx, model)
	s.key.Prepared, other = sumPrepared(ctx, prepared)
	return s, errors.Join(err, other)
}

// cells is how many there are to do.
func (s *portion) cells() int { return s.to - s.from }

// tell counts the cells, and says which they are.
func (s *portion) tell(job *pipeline.Job) {
	job.Count("cells", int64(s.cells()))
	if s.key != nil {
		job.Note("part %d of %d: %s of %d, after the first %d", s.key.Part, s.key.Of, plural(int64(s.cells()), "cell", "cells"), s.key.Cells, s.from)
	}
}

// sumModel is the SHA-256 of a model's folder.
func sumModel(ctx context.Context, dir string) (string, error) {
	return sumFiles(ctx, dir, "model.json", "model.safetensors")
}

// sumPrepared is that of what prepare wrote.
func sumPrepared(ctx context.Context, dir string) (string, error) {
	return sumFiles(ctx, dir, "cells.parquet", "genes.parquet")
}

// sumFiles is the SHA-256 of files in a folder, each with its length, so that no file's
// end passes for the next one's beginning.
func sumFiles(ctx context.Context, dir string, names ...string) (string, error) {
	h := sha256.New()
	for _, name := range names {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return "", err
		}
		size, err := io.Copy(h, &untilDone{ctx, f})
		if err = errors.Join(err, f.Close()); err != nil {
			return "", err
		}
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(size))) // a hash never fails
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// untilDone reads until ctx is done.
type untilDone struct {
	ctx context.Context
	io.Reader
}

// Read reads.
func (r *untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// portionWriter writes a file of a share: a part's gets its key when it is whole.
type portionWriter struct {
	*results.Writer
	key    *partKey // nil: all cells
	digest *digest
}

// create begins a file of the portion.
func (s *portion) create(path string, schema results.Schema) (*portionWriter, error) {
	w, err := results.Create(path, schema)
	if err != nil {
		return nil, err
	}
	return &portionWriter{w, s.key, newDigest()}, nil
}

// WriteRowGroup writes a row group.
func (w *portionWriter) WriteRowGroup(cols []results.Column) error {
	if w.key != nil {
		w.digest.add(cols, 0, cols[0].Len())
	}
	return w.Writer.WriteRowGroup(cols)
}

// Close ends the file.
func (w *portionWriter) Close() error {
	if w.key != nil {
		key := *w.key
		key.SHA256 = w.digest.sum()
		text, _ := json.Marshal(key)                      // text and numbers always marshal
		_ = w.Writer.AddMetadata(partEntry, string(text)) // Close repeats the error
	}
	return w.Writer.Close()
}

// digest is the SHA-256 of row groups' names and numbers. Parquet has no checksum in
// what cellvi writes, and a damaged float is a float.
type digest struct {
	hash   hash.Hash
	buffer []byte
}

func newDigest() *digest { return &digest{hash: sha256.New()} }

// add takes in a row group of text, the first column, and float32: rows at … of cols.
func (d *digest) add(cols []results.Column, at, rows int) {
	for i := range cols {
		b := binary.LittleEndian.AppendUint64(d.buffer[:0], uint64(rows))
		if i == 0 {
			for _, name := range cols[0].String[at : at+rows] {
				b = append(binary.LittleEndian.AppendUint32(b, uint32(len(name))), name...)
			}
		} else {
			b, _ = binary.Append(b, binary.LittleEndian, cols[i].Float32[at:at+rows]) // numbers always append
		}
		d.hash.Write(b) // a hash never fails
		d.buffer = b
	}
}

func (d *digest) sum() string { return hex.EncodeToString(d.hash.Sum(nil)) }
