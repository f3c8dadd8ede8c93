package safetensors

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// maxHeader is the format's own limit on the header's length, in bytes.
const maxHeader = 100_000_000

// metadataKey is the one header entry that is no tensor.
const metadataKey = "__metadata__"

// entry is one tensor of the header: where its bytes lie in the data.
type entry struct {
	name       string
	dtype      string
	shape      []int
	begin, end int64 // from the start of the data
}

// entryJSON is an entry as the header writes it.
type entryJSON struct {
	DType   string  `json:"dtype"`
	Shape   []int   `json:"shape"`
	Offsets []int64 `json:"data_offsets"`
}

// parseHeader reads the JSON header, keeping its order, and checks every entry
// against a data section of size bytes.
func parseHeader(text []byte, size int64) ([]entry, map[string]string, error) {
	if len(text) == 0 || text[0] != '{' {
		return nil, nil, errors.New("the header is not a JSON object: this is not a safetensors file")
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	entries, metadata, err := decodeEntries(dec)
	if err != nil {
		return nil, nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, nil, errors.New("the header goes on after its JSON object")
	}
	for i := range entries {
		if err := entries[i].validate(); err != nil {
			return nil, nil, err
		}
	}
	return entries, metadata, checkLayout(entries, size)
}

// decodeEntries reads the object key by key: a map would lose the order and
// hide repeated names.
func decodeEntries(dec *json.Decoder) (entries []entry, metadata map[string]string, err error) {
	if _, err := dec.Token(); err != nil {
		return nil, nil, badJSON(err)
	}
	seen := map[string]bool{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, nil, badJSON(err)
		}
		name := key.(string) // between braces the decoder yields nothing else
		if seen[name] {
			return nil, nil, fmt.Errorf("tensor %q stands twice in the header", name)
		}
		seen[name] = true
		if name == metadataKey {
			if err := dec.Decode(&metadata); err != nil {
				return nil, nil, fmt.Errorf("%s must map text to text: %w", metadataKey, err)
			}
			continue
		}
		e, err := decodeEntry(dec, name)
		if err != nil {
			return nil, nil, err
		}
		entries = append(entries, e)
	}
	if _, err := dec.Token(); err != nil { // the closing brace
		return nil, nil, badJSON(err)
	}
	return entries, metadata, nil
}

func decodeEntry(dec *json.Decoder, name string) (entry, error) {
	var v entryJSON
	if err := dec.Decode(&v); err != nil {
		return entry{}, fmt.Errorf("tensor %q: %w", name, badJSON(err))
	}
	if v.Shape == nil || len(v.Offsets) != 2 {
		return entry{}, fmt.Errorf("tensor %q: dtype, shape and two data_offsets are needed", name)
	}
	return entry{name: name, dtype: v.DType, shape: v.Shape, begin: v.Offsets[0], end: v.Offsets[1]}, nil
}

func badJSON(err error) error { return fmt.Errorf("the header is not valid JSON: %w", err) }

// validate checks what one entry says against itself.
func (e *entry) validate() error {
	width, known := map[string]int64{"F32": 4, "F64": 8, "I64": 8}[e.dtype]
	if !known {
		return fmt.Errorf("tensor %q: its type is %q, F32, F64 and I64 are read", e.name, e.dtype)
	}
	n, ok := volume(e.shape)
	if !ok {
		return fmt.Errorf("tensor %q: shape %v is impossible", e.name, e.shape)
	}
	if e.begin < 0 || e.end < e.begin || e.end-e.begin != n*width {
		return fmt.Errorf("tensor %q: shape %v of %s needs %d bytes, its data_offsets are %d to %d",
			e.name, e.shape, e.dtype, n*width, e.begin, e.end)
	}
	return nil
}

// checkLayout demands what the format does: the tensors follow each other
// without overlap or gap and fill the data exactly.
func checkLayout(entries []entry, size int64) error {
	byOffset := slices.Clone(entries)
	slices.SortStableFunc(byOffset, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	at := int64(0)
	for _, e := range byOffset {
		if e.begin != at {
			return fmt.Errorf("tensor %q: begins at byte %d of the data, the one before it ends at %d", e.name, e.begin, at)
		}
		at = e.end
	}
	if at != size {
		return fmt.Errorf("the tensors take %d bytes, but %d follow the header: the file is truncated or damaged", at, size)
	}
	return nil
}
