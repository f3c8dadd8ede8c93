//go:build cgo

#include "shim.h"
#include <libdeflate.h>

/* HDF5's gzip filter writes zlib streams (RFC 1950). All of a chunk is in memory,
 * which is what libdeflate is for: about twice as quick as zlib, whose streams may
 * stop anywhere. */
int h5x_inflate(const void *in, size_t n, void *out, size_t room) {
	size_t got = 0;
	enum libdeflate_result r;
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	if (d == NULL) return H5X_MEMORY;
	r = libdeflate_zlib_decompress(d, in, n, out, room, &got);
	libdeflate_free_decompressor(d);
	if (r != LIBDEFLATE_SUCCESS) return H5X_DAMAGED;
	return got == room ? 0 : H5X_SHORT;
}
