package safetensors

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
)

// checksumKey is the entry of a file's metadata that Write adds: the SHA-256 of
// the file with zeros in the digest's own place.
const checksumKey = "sha256"

// unsummed is what stands in the digest's place while the file is hashed.
var unsummed = strings.Repeat("0", hex.EncodedLen(sha256.Size))

// checksumAt is where in the header the digest stands; -1: there is none.
func checksumAt(header []byte, digest string) int64 {
	const before = `"` + checksumKey + `":"`
	at := bytes.Index(header, []byte(before+digest+`"`))
	if at < 0 {
		return -1
	}
	return int64(8 + at + len(before))
}

// verify holds a file to the digest in its metadata, where it has one.
func verify(r io.ReaderAt, size int64, header []byte, metadata map[string]string) error {
	digest, summed := metadata[checksumKey]
	if !summed {
		return nil
	}
	at := checksumAt(header, digest)
	if at < 0 || len(digest) != len(unsummed) {
		return errors.New("its checksum is no SHA-256: the file is damaged")
	}
	end := at + int64(len(digest))
	hash := sha256.New()
	_, err := io.Copy(hash, io.MultiReader(io.NewSectionReader(r, 0, at), strings.NewReader(unsummed), io.NewSectionReader(r, end, size-end)))
	if err != nil {
		return err
	}
	if hex.EncodeToString(hash.Sum(nil)) != digest {
		return errors.New("its content is not that of its checksum: the file is damaged")
	}
	return nil
}
