//go:build cgo

#include "shim.h"
#include <stdlib.h>
#include <string.h>

/* h5x_string_memory is the memory type for a file's string type: libhdf5 converts
 * padding, but not between fixed and variable length nor between charsets. */
hid_t h5x_string_memory(hid_t type, int vlen) {
	hid_t mem = H5Tcopy(H5T_C_S1);
	if (mem < 0) return mem;
	if (H5Tset_size(mem, vlen ? H5T_VARIABLE : H5Tget_size(type)) < 0 || H5Tset_cset(mem, H5Tget_cset(type)) < 0 ||
	    (!vlen && H5Tset_strpad(mem, H5T_STR_NULLPAD) < 0)) {
		H5Tclose(mem);
		return -1;
	}
	return mem;
}

/* padded is the length of a string in a slot of size bytes: without the zeros after
 * it, as numpy reads it. */
static int64_t padded(const char *s, size_t size) {
	while (size > 0 && s[size - 1] == 0) size--;
	return (int64_t)size;
}

/* pack joins count strings, from pointers (vlen) or slots of size bytes. */
static char *pack(const void *buf, int vlen, size_t size, int64_t count, int64_t *ends) {
	int64_t total = 0;
	char *out;
	for (int64_t i = 0; i < count; i++) {
		const char *s = vlen ? ((char *const *)buf)[i] : (const char *)buf + i * (int64_t)size;
		total += !s ? 0 : vlen ? (int64_t)strlen(s) : padded(s, size);
		ends[i] = total;
	}
	if (!(out = malloc((size_t)total + 1))) return NULL;
	for (int64_t i = 0; i < count; i++) {
		int64_t from = i ? ends[i - 1] : 0;
		const char *s = vlen ? ((char *const *)buf)[i] : (const char *)buf + i * (int64_t)size;
		if (ends[i] > from) memcpy(out + from, s, (size_t)(ends[i] - from));
	}
	return out;
}

int h5x_read_packed(hid_t id, int is_attr, int vlen, hid_t memtype, hid_t mem, hid_t file, int64_t count, char **bytes, int64_t *ends) {
	size_t size = vlen ? sizeof(char *) : H5Tget_size(memtype);
	void *buf = calloc((size_t)count, size);
	int rc;
	if (!buf) return h5x_no_memory();
	rc = is_attr ? H5Aread(id, memtype, buf) : H5Dread(id, memtype, mem, file, H5P_DEFAULT, buf);
	if (rc < 0) h5x_failed();
	if (rc >= 0 && !(*bytes = pack(buf, vlen, size, count, ends))) rc = h5x_no_memory();
	if (vlen) { /* what was read before a failure is ours too */
		hsize_t n = (hsize_t)count;
		hid_t flat = H5Screate_simple(1, &n, NULL);
		H5Dvlen_reclaim(memtype, flat, H5P_DEFAULT, buf);
		H5Sclose(flat);
	}
	free(buf);
	return rc < 0 ? -1 : 0;
}

int h5x_read_strings(hid_t id, int is_attr, int64_t start, int64_t count, char **bytes, int64_t *ends) {
	hid_t type = h5x_type_of(id, is_attr), memtype, mem = H5S_ALL, file = H5S_ALL;
	int rc = -1, vlen, rank = 0;
	*bytes = NULL;
	if (type < 0) return h5x_failed();
	vlen = H5Tis_variable_str(type) > 0;
	if ((memtype = h5x_string_memory(type, vlen)) < 0) h5x_failed();
	H5Tclose(type);
	if (memtype < 0) return -1;
	if (!is_attr) {
		hid_t space = H5Dget_space(id);
		rank = H5Sget_simple_extent_ndims(space) > 0;
		H5Sclose(space);
	}
	if (is_attr || h5x_select(id, rank, &start, &count, &mem, &file) == 0) {
		rc = h5x_read_packed(id, is_attr, vlen, memtype, mem, file, count, bytes, ends);
		h5x_unselect(mem, file);
	}
	H5Tclose(memtype);
	return rc;
}

int h5x_write_strings(hid_t id, int is_attr, int64_t count, const char *bytes, const int64_t *starts) {
	const char **p = malloc((size_t)count * sizeof *p);
	hid_t type = h5x_type_of(id, is_attr);
	int rc = 0;
	if (!p || type < 0) {
		rc = p ? h5x_failed() : h5x_no_memory();
		if (type >= 0) H5Tclose(type);
		free(p);
		return rc;
	}
	for (int64_t i = 0; i < count; i++) p[i] = bytes + starts[i];
	if ((is_attr ? H5Awrite(id, type, p) : H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, p)) < 0) rc = h5x_failed();
	H5Tclose(type);
	free(p);
	return rc;
}
