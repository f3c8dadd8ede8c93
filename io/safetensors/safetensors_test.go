package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellvi/io/counts"
)

// drawTensors draws tensors of every type, with scalars, empty ones and NaN.
func drawTensors(t *rapid.T) []Tensor {
	names := rapid.SliceOfNDistinct(rapid.StringN(0, 12, -1), 0, 5, rapid.ID).Draw(t, "names")
	tensors := []Tensor{}
	for _, name := range names {
		if name == metadataKey {
			continue
		}
		shape := rapid.SliceOfN(rapid.IntRange(0, 4), 0, 3).Draw(t, "shape")
		n, _ := volume(shape)
		x := Tensor{Name: name, Shape: shape}
		switch rapid.IntRange(0, 2).Draw(t, "type") {
		case 0:
			x.F32 = rapid.SliceOfN(rapid.Float32(), int(n), int(n)).Draw(t, "f32")
		case 1:
			x.F64 = rapid.SliceOfN(rapid.Float64(), int(n), int(n)).Draw(t, "f64")
		default:
			x.I64 = rapid.SliceOfN(rapid.Int64(), int(n), int(n)).Draw(t, "i64")
		}
		tensors = append(tensors, x)
	}
	return tensors
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawTensors(t)
		meta := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "meta")
		var file bytes.Buffer
		if err := Encode(&file, want, meta); err != nil {
			t.Fatal(err)
		}
		if n := binary.LittleEndian.Uint64(file.Bytes()); n%8 != 0 {
			t.Fatalf("header of %d bytes is not aligned", n)
		}
		got, gotMeta, err := Decode(bytes.NewReader(file.Bytes()), int64(file.Len()))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(gotMeta, meta) {
			t.Fatalf("got %v %v, want %v %v", got, gotMeta, want, meta)
		}
	})
}

func TestNaNBitsAndBigTensor(t *testing.T) {
	nan := math.Float32frombits(0x7fc01234)
	big := make([]float64, 20_000) // over one buffer
	for i := range big {
		big[i] = float64(i) / 3
	}
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := Write(path, []Tensor{{Name: "nan", Shape: []int{1}, F32: []float32{nan}}, {Name: "big", Shape: []int{200, 100}, F64: big}}, nil); err != nil {
		t.Fatal(err)
	}
	got, meta, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if math.Float32bits(got[0].F32[0]) != 0x7fc01234 || !reflect.DeepEqual(got[1].F64, big) || len(meta) > 0 {
		t.Fatal("values changed")
	}
}

func TestDeterministic(t *testing.T) {
	meta := map[string]string{}
	for i := range 50 {
		meta[fmt.Sprint(i)] = "v"
	}
	var first bytes.Buffer
	for range 20 {
		var b bytes.Buffer
		if err := Encode(&b, []Tensor{{Name: "a", Shape: []int{}, I64: []int64{7}}}, meta); err != nil {
			t.Fatal(err)
		}
		if first.Len() == 0 {
			first = b
		} else if !bytes.Equal(first.Bytes(), b.Bytes()) {
			t.Fatal("bytes differ from one call to the next")
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	one := []float32{1}
	for name, tensors := range map[string][]Tensor{
		"must be set":   {{Name: "a"}},
		"exactly one":   {{Name: "a", F32: one, I64: []int64{1}}},
		"does not hold": {{Name: "a", Shape: []int{2}, F32: one}},
		"is taken":      {{Name: "a", F32: one}, {Name: "a", F32: one}},
	} {
		if err := Encode(&bytes.Buffer{}, tensors, nil); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// file builds a safetensors file from a header as it stands.
func file(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

func TestReadRefuses(t *testing.T) {
	huge := binary.LittleEndian.AppendUint64(nil, 1<<62)
	cases := []struct {
		want string
		file []byte
	}{
		{"no safetensors file", []byte("short")},
		{"above the format's limit", append(huge, "{}"...)},
		{"truncated", file(`{}`, 0)[:9]},
		{"not a JSON object", file(``, 0)},
		{"not a JSON object", file(`[]`, 0)},
		{"not valid JSON", file(`{"a"`, 0)},
		{"not valid JSON", file(`{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}`, 4)},
		{"not valid JSON", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`, 4)},
		{"goes on", file(`{}{}`, 0)},
		{"text to text", file(`{"__metadata__":{"a":1}}`, 0)},
		{"are needed", file(`{"a":{"dtype":"F32","data_offsets":[0,4]}}`, 4)},
		{"are needed", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}`, 4)},
		{`type is "BF16"`, file(`{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}`, 2)},
		{`type is ""`, file(`{"a":{"shape":[1],"data_offsets":[0,2]}}`, 2)},
		{"impossible", file(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 4)},
		{"impossible", file(`{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}`, 0)},
		{"needs 4 bytes", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}`, 8)},
		{"needs 4 bytes", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}`, 8)},
		{"stands twice", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8)},
		{"begins at byte 0", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4)},
		{"begins at byte 4", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8)},
		{"take 4 bytes, but 3", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 3)},
		{"take 4 bytes, but 5", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 5)},
	}
	for _, c := range cases {
		path := filepath.Join(t.TempDir(), "x.safetensors")
		if err := os.WriteFile(path, c.file, 0o666); err != nil {
			t.Fatal(err)
		}
		_, _, err := Read(path)
		var input *counts.InputError
		if !errors.As(err, &input) || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("want %q, got %v", c.want, err)
		}
	}
}

// TestChecksum: a file that Write made is read as long as no bit of it is changed.
// Only the name of the entry that holds the checksum is not held to it.
func TestChecksum(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := Write(path, []Tensor{{Name: "a", Shape: []int{3}, F32: []float32{1, 2, 3}}}, map[string]string{"format": "pt"}); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	name := bytes.Index(good, []byte(checksumKey))
	for i := range len(good) * 8 {
		bad := bytes.Clone(good)
		bad[i/8] ^= 1 << (i % 8)
		if err := os.WriteFile(path, bad, 0o666); err != nil {
			t.Fatal(err)
		}
		got, _, err := Read(path)
		if inName := i/8 >= name && i/8 < name+len(checksumKey); err == nil && (!inName || !reflect.DeepEqual(got[0].F32, []float32{1, 2, 3})) {
			t.Fatalf("bit %d, in %q: %v was read", i, good[max(0, i/8-9):i/8+1], got)
		}
	}
}

func TestReadMissing(t *testing.T) {
	if _, _, err := Read(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}

// TestGolden reads what the reference implementation of the format wrote.
func TestGolden(t *testing.T) {
	shared := os.Getenv("CELLVI_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	files, _ := filepath.Glob(filepath.Join(shared, "golden", "*", "*.safetensors"))
	if len(files) == 0 {
		t.Skip("no golden files: set CELLVI_SHARED to the folder that has golden/")
	}
	scalars := 0
	for _, path := range files {
		tensors, _, err := Read(path)
		if err != nil {
			t.Error(err)
		}
		for i := range tensors {
			if len(tensors[i].Shape) == 0 {
				scalars++
			}
			if err := tensors[i].validate(); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if scalars == 0 {
		t.Error("no scalar tensor such as num_batches_tracked was met")
	}
	t.Logf("%d files, %d scalars", len(files), scalars)
}

func FuzzDecode(f *testing.F) {
	var b bytes.Buffer
	if err := Encode(&b, []Tensor{{Name: "a", Shape: []int{2}, F32: []float32{1, 2}}, {Name: "n", I64: []int64{3}}}, map[string]string{"k": "v"}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(file(`{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}`, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		tensors, meta, err := Decode(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := Encode(&again, tensors, meta); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
	})
}

// A tensor that is made when it is written gives the same bytes, and one of
// another size than its shape says is refused.
func TestMadeTensors(t *testing.T) {
	var want, got bytes.Buffer
	values := []float32{1, 2, 3, 4, 5, 6}
	if err := Encode(&want, []Tensor{{Name: "a", Shape: []int{2, 3}, F32: values}, {Name: "b", Shape: []int{1}, I64: []int64{7}}}, nil); err != nil {
		t.Fatal(err)
	}
	made := Tensor{Name: "a", Shape: []int{2, 3}, Make: func() []float32 { return values }}
	if err := Encode(&got, []Tensor{made, {Name: "b", Shape: []int{1}, I64: []int64{7}}}, nil); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Error("other bytes than of a tensor in memory")
	}
	made.Make = func() []float32 { return values[:5] }
	if err := Encode(&got, []Tensor{made}, nil); err == nil {
		t.Error("five values were written for a shape of six")
	}
}
