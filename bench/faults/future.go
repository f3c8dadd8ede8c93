package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// futureCases have files that a later version of cellvi might write.
func futureCases(context.Context, *lab, int, *rand.Rand) ([]trial, error) {
	var all []trial
	for _, f := range []struct {
		name, file string
		change     func([]byte) ([]byte, error)
		words      string
	}{
		{"cells of a store of version 9", "store/cells.arrow", laterStore, "version 9"},
		{"genes of a store of version 9", "store/genes.arrow", laterStore, "version 9"},
		{"a model of format 9", "model/model.json", replaced(`"format": 1`, `"format": 9`), "format 9"},
	} {
		all = append(all, trial{f.name, func(ctx context.Context, p *place) (string, error) {
			return laterFile(ctx, p, f.file, f.change, f.words)
		}})
	}
	return all, nil
}

// laterFile changes a file of a whole run and has embed read it.
func laterFile(ctx context.Context, p *place, file string, change func([]byte) ([]byte, error), words string) (string, error) {
	if err := copyTree(p.folder("whole"), p.out); err != nil {
		return "", err
	}
	path := filepath.Join(p.out, file)
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if data, err = change(data); err != nil {
		return "", err
	}
	if err := errors.Join(os.WriteFile(path, data, 0o666), resum(filepath.Dir(path))); err != nil {
		return "", err
	}
	args := append([]string{p.bin, "embed", "--log-level", "error"}, elsewhere(true)(p, filepath.Join(p.dir, "results"))...)
	e, err := p.run(ctx, call{argv: args})
	if err != nil {
		return "", err
	}
	return "refused, 65", errors.Join(e.refused(65), e.says(words, path))
}

// laterStore gives a store's file version 9, in its trailer and its schema, and makes the
// trailer's checksums fit. io/store/trailer.go tells the layout.
func laterStore(data []byte) ([]byte, error) {
	data = bytes.Clone(data)
	mark := bytes.LastIndex(data, []byte("cellviCS"))
	if mark < 16 {
		return nil, errors.New("no trailer")
	}
	if data = bytes.Replace(data, []byte(`{"version":1`), []byte(`{"version":9`), 1); !bytes.Contains(data, []byte(`{"version":9`)) {
		return nil, errors.New("no version in the schema")
	}
	tail := data[mark-16 : mark]
	n := int(binary.LittleEndian.Uint32(tail))
	binary.LittleEndian.PutUint32(tail[4:], 9)
	from := mark - 16 - 16*n
	if n == 0 || from < 0 {
		return nil, fmt.Errorf("%d segments", n)
	}
	table, begin := crc32.MakeTable(crc32.Castagnoli), 0
	for i := range n {
		segment := data[from+16*i:]
		end := int(binary.LittleEndian.Uint64(segment))
		binary.LittleEndian.PutUint32(segment[8:], crc32.Checksum(data[begin:end], table))
		begin = end
	}
	binary.LittleEndian.PutUint32(tail[8:], crc32.Checksum(data[from:mark-8], table))
	return data, nil
}

// replaced changes the first occurrence of a text.
func replaced(old, changed string) func([]byte) ([]byte, error) {
	return func(data []byte) ([]byte, error) {
		if !strings.Contains(string(data), old) {
			return nil, fmt.Errorf("no %s", old)
		}
		return []byte(strings.Replace(string(data), old, changed, 1)), nil
	}
}
