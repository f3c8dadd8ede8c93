// Package safetensors reads and writes the safetensors format: named dense
// arrays behind a JSON header, as scvi-tools' weights and cellvi's models are kept.
//
// Data in: tensors of float32, float64 or int64, and a map of text.
// Data out: one file: an 8-byte little-endian header length, the header, raw data.
// The format: https://github.com/huggingface/safetensors, README, "Format".
// stages may import it; it imports io/counts alone.
package safetensors
