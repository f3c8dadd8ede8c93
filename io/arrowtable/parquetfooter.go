package arrowtable

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"cellvi/io/counts"
)

// checkFooter verifies the footer before arrow-go reads it.
func (p *parquetFile) checkFooter(size int64) error {
	tail := make([]byte, 8)
	if size < 12 {
		return truncatedParquet(p.path)
	}
	if _, err := p.file.ReadAt(tail, size-8); err != nil {
		return err
	}
	if string(tail[4:]) != "PAR1" {
		return truncatedParquet(p.path)
	}
	length := int64(binary.LittleEndian.Uint32(tail))
	if length > size-12 {
		return fmt.Errorf("a footer of %d bytes in a file of %d", length, size)
	}
	if need := length * footerFactor; need > p.memory {
		return &counts.MemoryError{File: p.path, Place: "footer", Found: fmt.Sprintf("it is of %s bytes", counts.Thousands(length)),
			Need: need, Allow: p.memory, Advice: "write the file in larger row groups"}
	}
	footer := make([]byte, length)
	if _, err := p.file.ReadAt(footer, size-8-length); err != nil {
		return err
	}
	verifyFooter(footer)
	return nil
}

func truncatedParquet(path string) error {
	return &counts.InputError{File: path, Found: "the end of the file is missing", Advice: "it is truncated: write it again"}
}

// verifyStored verifies the schema that Arrow leaves in the file's metadata.
func verifyStored(text string) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) < 16 {
		panic("the entry ARROW:schema is no schema")
	}
	if binary.LittleEndian.Uint32(b) == 0xFFFFFFFF {
		b = b[4:]
	}
	root := fbRoot(b[4:])
	if schema, ok := root.table(messageHeader); ok && root.int8(messageType) == typeSchema {
		verifySchema(schema)
		return
	}
	panic("the entry ARROW:schema is no schema")
}
