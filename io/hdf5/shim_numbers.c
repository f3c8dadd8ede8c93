//go:build cgo

#include "shim.h"

hid_t h5x_memory_type(int kind) {
	switch (kind) {
	case H5X_FLOAT64: return H5T_NATIVE_DOUBLE;
	case H5X_FLOAT32: return H5T_NATIVE_FLOAT;
	case H5X_INT64: return H5T_NATIVE_INT64;
	case H5X_INT32: return H5T_NATIVE_INT32;
	case H5X_UINT64: return H5T_NATIVE_UINT64;
	case H5X_INT16: return H5T_NATIVE_INT16;
	default: return H5T_NATIVE_INT8;
	}
}

/* flat makes a range of one axis a block of a dataset whose two axes are one row or
 * one column, and gives the axes of the block. */
static int flat(hid_t file, int rank, hsize_t *s, hsize_t *c) {
	hsize_t dims[H5S_MAX_RANK];
	if (rank != 1 || H5Sget_simple_extent_ndims(file) != 2 || H5Sget_simple_extent_dims(file, dims, NULL) != 2) return rank;
	int along = dims[1] == 1 ? 0 : 1;
	s[along] = s[0], c[along] = c[0];
	s[1 - along] = 0, c[1 - along] = 1;
	return 2;
}

/* h5x_select makes the file and memory spaces of a block; both H5S_ALL for a scalar. */
int h5x_select(hid_t dset, int rank, const int64_t *start, const int64_t *count, hid_t *mem, hid_t *file) {
	hsize_t s[H5S_MAX_RANK], c[H5S_MAX_RANK];
	*mem = *file = H5S_ALL;
	if (rank == 0) return 0;
	for (int i = 0; i < rank; i++) {
		s[i] = (hsize_t)start[i];
		c[i] = (hsize_t)count[i];
	}
	if ((*file = H5Dget_space(dset)) < 0) return h5x_failed();
	rank = flat(*file, rank, s, c);
	if (H5Sselect_hyperslab(*file, H5S_SELECT_SET, s, NULL, c, NULL) < 0 ||
	    (*mem = H5Screate_simple(rank, c, NULL)) < 0) {
		h5x_failed();
		H5Sclose(*file);
		return -1;
	}
	return 0;
}

void h5x_unselect(hid_t mem, hid_t file) {
	if (mem != H5S_ALL) H5Sclose(mem);
	if (file != H5S_ALL) H5Sclose(file);
}

int h5x_is_bits(hid_t type) { return H5Tget_class(type) == H5T_BITFIELD && H5Tget_size(type) == 1; }

static int is_bits(hid_t id, int is_attr) {
	hid_t type = h5x_type_of(id, is_attr);
	int bits = type >= 0 && h5x_is_bits(type);
	if (type >= 0) H5Tclose(type);
	return bits;
}

int h5x_widen(int kind, int64_t n, void *buf) {
	return H5Tconvert(H5T_NATIVE_UINT8, h5x_memory_type(kind), (size_t)n, buf, NULL, H5P_DEFAULT) < 0 ? h5x_failed() : 0;
}

int h5x_read(hid_t dset, int kind, int rank, const int64_t *start, const int64_t *count, void *buf) {
	hid_t mem, file;
	int rc = 0, bits = is_bits(dset, 0);
	int64_t n = 1;
	if (h5x_select(dset, rank, start, count, &mem, &file) < 0) return -1;
	if (H5Dread(dset, bits ? H5T_NATIVE_B8 : h5x_memory_type(kind), mem, file, H5P_DEFAULT, buf) < 0) rc = h5x_failed();
	h5x_unselect(mem, file);
	for (int i = 0; i < rank; i++) n *= count[i];
	return bits && rc == 0 ? h5x_widen(kind, n, buf) : rc;
}

int h5x_read_attr(hid_t attr, int kind, int64_t n, void *buf) {
	int bits = is_bits(attr, 1);
	if (H5Aread(attr, bits ? H5T_NATIVE_B8 : h5x_memory_type(kind), buf) < 0) return h5x_failed();
	return bits ? h5x_widen(kind, n, buf) : 0;
}

int h5x_set_utf8(hid_t type) { return H5Tset_cset(type, H5T_CSET_UTF8) < 0 ? h5x_failed() : 0; }

int h5x_make_bool(hid_t type) {
	/* members are given in the enum's own base type: one byte here */
	signed char no = 0, yes = 1;
	return H5Tenum_insert(type, "FALSE", &no) < 0 || H5Tenum_insert(type, "TRUE", &yes) < 0 ? h5x_failed() : 0;
}

int h5x_no_times(hid_t plist) { return H5Pset_obj_track_times(plist, 0) < 0 ? h5x_failed() : 0; }

int h5x_extend(hid_t dset, int64_t rows) {
	hsize_t n = (hsize_t)rows;
	return H5Dset_extent(dset, &n) < 0 ? h5x_failed() : 0;
}

int h5x_write(hid_t dset, int kind, int as_is, int rank, const int64_t *start, const int64_t *count, const void *buf) {
	hid_t mem, file, type = as_is ? H5Dget_type(dset) : h5x_memory_type(kind);
	int rc = 0;
	if (h5x_select(dset, rank, start, count, &mem, &file) < 0) return -1;
	if (H5Dwrite(dset, type, mem, file, H5P_DEFAULT, buf) < 0) rc = h5x_failed();
	h5x_unselect(mem, file);
	if (as_is) H5Tclose(type);
	return rc;
}

int h5x_write_attr(hid_t attr, int kind, int as_is, const void *buf) {
	hid_t type = as_is ? H5Aget_type(attr) : h5x_memory_type(kind);
	int rc = H5Awrite(attr, type, buf) < 0 ? h5x_failed() : 0;
	if (as_is) H5Tclose(type);
	return rc;
}
