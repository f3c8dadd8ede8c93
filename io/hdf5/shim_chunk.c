//go:build cgo

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

#include "shim.h"
#include <string.h>

int h5x_plain(hid_t dset, int *big_endian) {
	const hid_t little[] = {H5T_STD_I8LE, H5T_STD_U8LE, H5T_STD_I16LE, H5T_STD_U16LE, H5T_STD_I32LE,
	                        H5T_STD_U32LE, H5T_STD_I64LE, H5T_STD_U64LE, H5T_IEEE_F32LE, H5T_IEEE_F64LE};
	const hid_t big[] = {H5T_STD_I8BE, H5T_STD_U8BE, H5T_STD_I16BE, H5T_STD_U16BE, H5T_STD_I32BE,
	                     H5T_STD_U32BE, H5T_STD_I64BE, H5T_STD_U64BE, H5T_IEEE_F32BE, H5T_IEEE_F64BE};
	hid_t type = H5Dget_type(dset);
	int plain = 0;
	*big_endian = 0;
	if (type < 0) return h5x_failed();
	if (H5Tget_class(type) == H5T_ENUM) {
		hid_t base = H5Tget_super(type);
		H5Tclose(type);
		if ((type = base) < 0) return h5x_failed();
	}
	for (int i = 0; i < 10 && !plain; i++) {
		plain = H5Tequal(type, little[i]) > 0;
		if (!plain && H5Tequal(type, big[i]) > 0) plain = *big_endian = 1;
	}
	H5Tclose(type);
	return plain;
}

int h5x_filter_values(hid_t dset, int i, unsigned *values, int max) {
	hid_t plist = H5Dget_create_plist(dset);
	unsigned flags = 0, config = 0;
	size_t n = (size_t)max;
	int rc;
	if (plist < 0) return h5x_failed();
	rc = H5Pget_filter2(plist, (unsigned)i, &flags, &n, values, 0, NULL, &config) < 0 ? h5x_failed() : (int)(n < (size_t)max ? n : (size_t)max);
	H5Pclose(plist);
	return rc;
}

int h5x_edges_unfiltered(hid_t dset) {
	hid_t plist = H5Dget_create_plist(dset);
	unsigned opts = 0;
	int rc;
	if (plist < 0) return h5x_failed();
	rc = H5Pget_chunk_opts(plist, &opts) < 0 ? h5x_failed() : (opts & H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS) != 0;
	H5Pclose(plist);
	return rc;
}

static void place(int rank, const int64_t *offset, hsize_t *out) {
	for (int i = 0; i < rank; i++) out[i] = (hsize_t)offset[i];
}

/* H5Dget_chunk_info_by_coord goes through all chunks of a B-tree; the storage size
 * is looked up, but libhdf5 1.10 fails where there is no chunk, and says so in words. */
int64_t h5x_chunk_bytes(hid_t dset, int rank, const int64_t *offset) {
	hsize_t at[H5S_MAX_RANK], bytes = 0;
	haddr_t address = HADDR_UNDEF;
	unsigned skipped = 0;
	place(rank, offset, at);
	if (H5Dget_chunk_storage_size(dset, at, &bytes) < 0) {
		h5x_keep_error();
		if (strstr(h5x_error_text(), "not allocated") != NULL) return 0;
		if (H5Dget_chunk_info_by_coord(dset, at, &skipped, &address, &bytes) < 0) return h5x_failed();
		if (address == HADDR_UNDEF) return 0;
	}
	return bytes > INT64_MAX / 4 ? INT64_MAX / 4 : (int64_t)bytes;
}

int h5x_read_chunk(hid_t dset, int rank, const int64_t *offset, uint32_t *skipped, void *buf) {
	hsize_t at[H5S_MAX_RANK];
	place(rank, offset, at);
	return H5Dread_chunk(dset, H5P_DEFAULT, at, skipped, buf) < 0 ? h5x_failed() : 0;
}

/* unshuffle gathers the bytes of each of count values, which lie count apart. */
H5X_CLONES static void unshuffle4(const uint8_t *in, size_t count, uint8_t *out) {
	for (size_t i = 0; i < count; i++) {
		out[4 * i] = in[i];
		out[4 * i + 1] = in[count + i];
		out[4 * i + 2] = in[2 * count + i];
		out[4 * i + 3] = in[3 * count + i];
	}
}

static void unshuffle(size_t size, const uint8_t *in, size_t n, uint8_t *out) {
	size_t count = n / size, rest = n % size;
	if (size == 4) {
		unshuffle4(in, count, out);
	} else {
		for (size_t i = 0; i < count; i++)
			for (size_t b = 0; b < size; b++) out[i * size + b] = in[b * count + i];
	}
	memcpy(out + n - rest, in + n - rest, rest); /* part of a value stays as it is */
}

static void turn(size_t size, uint8_t *p, size_t n) {
	for (; n >= size; n -= size, p += size)
		for (size_t i = 0; i < size / 2; i++) {
			uint8_t b = p[i];
			p[i] = p[size - 1 - i];
			p[size - 1 - i] = b;
		}
}

int h5x_decode(int codec, int shuffle, int swap, const void *raw, size_t n, void *out, size_t room, void *scratch) {
	void *to = shuffle > 1 ? scratch : out;
	int rc = 0;
	int64_t got;
	switch (codec) {
	case H5X_DEFLATE: rc = h5x_inflate(raw, n, to, room); break;
	case H5X_LZF:
		got = h5x_lzf(raw, n, to, room);
		rc = got < 0 ? H5X_DAMAGED : got != (int64_t)room ? H5X_SHORT : 0;
		break;
	default:
		if (n != room) return H5X_SHORT;
		if (shuffle > 1) to = (void *)raw;
		else memcpy(to, raw, n);
	}
	if (rc < 0) return rc;
	if (shuffle > 1) unshuffle((size_t)shuffle, to, room, out);
	if (swap > 1) turn((size_t)swap, out, room);
	return 0;
}
