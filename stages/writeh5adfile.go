package stages

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"slices"

	"cellvi/io/counts"
	"cellvi/io/h5ad"
	"cellvi/pipeline"
)

// copyPiece is how many bytes are copied between two looks at the context.
const copyPiece = 16 << 20

// copyFile copies a file's bytes. The input is opened for reading only.
func (c *h5adCopy) copyFile(ctx context.Context, from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() // only read from
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	info, err := in.Stat()
	if err == nil {
		c.job.Progress.Begin("copying the input", "bytes", info.Size())
		err = c.copyBytes(ctx, in, out)
		c.job.Progress.End()
	}
	return errors.Join(err, out.Close())
}

// copyBytes copies, and warns where the file is not the one that was ingested.
func (c *h5adCopy) copyBytes(ctx context.Context, in io.Reader, out *os.File) error {
	var to io.Writer = out // alone, the system may copy without reading
	var sum hash.Hash
	if c.stage.copied.sum != "" {
		sum = sha256.New()
		to = io.MultiWriter(out, sum)
	}
	for {
		n, err := io.CopyN(to, in, copyPiece)
		c.job.Progress.Add(n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
	if sum != nil && hex.EncodeToString(sum.Sum(nil)) != c.stage.copied.sum {
		c.job.Warn("%s: has changed since it was ingested: the copy is of what it is now, its cells were found by their names", c.stage.copied.path)
	}
	return nil
}

// heldCellBytes is about what h5ad.Writer holds of a cell until it closes: its
// annotations.
const heldCellBytes = 150

// fitsNew says before it happens that a new file's annotations do not fit the budget.
func (c *h5adCopy) fitsNew() error {
	cells := int64(c.f.st.Cells())
	need := int64(programBytes+garbageBytes) + cells*(heldCellBytes+codeBytes)
	if c.job.Memory > 0 && need > c.job.Memory {
		return pipeline.OverMemory("writing a new .h5ad of %d cells holds their annotations, and needs about %s, --memory allows %s: raise it, or leave --write-h5ad out", cells, human(need), human(c.job.Memory))
	}
	return nil
}

// writeNew writes the store's counts and annotations as a new file.
func (c *h5adCopy) writeNew(ctx context.Context, path string) error {
	reader := c.f.st.Reader()
	genes, _, leftGenes := writable(reader.Genes())
	header, columns, left := writable(reader.Obs())
	if left = append(left, leftGenes...); len(left) > 0 {
		c.job.Warn("%s: %s left out, for an .h5ad cannot have a column of that name: %s", c.stage.Options.WriteH5AD,
			plural(int64(len(left)), "annotation is", "annotations are"), some(printable(left), 10))
	}
	w, err := h5ad.Create(path, genes, header, h5ad.DefaultWrite())
	if err != nil {
		return err
	}
	c.job.Progress.Begin("writing the counts", "cells", reader.Cells())
	defer c.job.Progress.End()
	for err == nil {
		var t *counts.Table
		if t, err = reader.Next(ctx); err != nil {
			break
		}
		some := *t
		some.Obs.Columns = chosen(t.Obs.Columns, columns)
		err = w.Write(&some)
		c.job.Progress.Add(int64(t.Cells()))
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, w.Close())
}

// writable is f without the columns that an .h5ad cannot have: the places of those
// that it can, and the names of the others.
func writable(f *counts.Frame) (out *counts.Frame, places []int, left []string) {
	for i := range f.Columns {
		if name := f.Columns[i].Name; h5ad.Named(name) && name != "_index" {
			places = append(places, i)
		} else {
			left = append(left, name)
		}
	}
	return &counts.Frame{Names: f.Names, Columns: chosen(f.Columns, places)}, places, left
}

func chosen(all []counts.Column, places []int) []counts.Column {
	if len(places) == len(all) {
		return slices.Clone(all)
	}
	out := make([]counts.Column, len(places))
	for k, i := range places {
		out[k] = all[i]
	}
	return out
}
