//go:build cgo

#include "shim.h"
#include <string.h>

static char error_text[512];

static herr_t keep_innermost(unsigned n, const H5E_error2_t *e, void *unused) {
	(void)unused;
	if (n == 0 && e->desc) {
		strncpy(error_text, e->desc, sizeof error_text - 1);
	}
	return 0;
}

void h5x_silence(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

void h5x_keep_error(void) {
	memset(error_text, 0, sizeof error_text);
	H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, NULL);
}

const char *h5x_error_text(void) { return error_text; }

/* h5x_failed keeps the error before any clean-up call clears the stack. */
int h5x_failed(void) {
	h5x_keep_error();
	return -1;
}

/* h5x_no_memory keeps libhdf5's own words, of which Go makes the system's error. */
int h5x_no_memory(void) {
	memset(error_text, 0, sizeof error_text);
	strncpy(error_text, "memory allocation failed", sizeof error_text - 1);
	return -1;
}

hid_t h5x_type_of(hid_t id, int is_attr) { return is_attr ? H5Aget_type(id) : H5Dget_type(id); }
hid_t h5x_space_of(hid_t id, int is_attr) { return is_attr ? H5Aget_space(id) : H5Dget_space(id); }

/* enum_value finds a member's number; 0 where the enum has no such member. */
static int enum_value(hid_t type, const char *name, int64_t *out) {
	unsigned char buf[64] = {0};
	hid_t base;
	int ok;
	if (H5Tget_size(type) > sizeof buf || H5Tenum_valueof(type, name, buf) < 0) return 0;
	if ((base = H5Tget_super(type)) < 0) return 0;
	ok = H5Tconvert(base, H5T_NATIVE_INT64, 1, buf, NULL, H5P_DEFAULT) >= 0;
	H5Tclose(base);
	if (ok) memcpy(out, buf, sizeof *out);
	return ok;
}

void h5x_describe_type(hid_t type, h5x_info *out) {
	out->size = (int64_t)H5Tget_size(type);
	switch (H5Tget_class(type)) {
	case H5T_INTEGER:
		out->cls = H5X_INTEGER;
		out->is_signed = H5Tget_sign(type) == H5T_SGN_2;
		break;
	case H5T_BITFIELD: /* Julia's booleans: one byte, read as a number: h5x_is_bits */
		if (h5x_is_bits(type)) out->cls = H5X_INTEGER;
		break;
	case H5T_FLOAT: out->cls = H5X_FLOAT; break;
	case H5T_STRING: out->cls = H5X_TEXT; break;
	case H5T_REFERENCE: out->cls = H5Tequal(type, H5T_STD_REF_OBJ) > 0 ? H5X_REFERENCE : H5X_OTHER; break;
	case H5T_COMPOUND: out->cls = H5X_COMPOUND; break;
	case H5T_ENUM:
		if (enum_value(type, "FALSE", &out->enum_false) && enum_value(type, "TRUE", &out->enum_true))
			out->cls = H5X_BOOL;
		break;
	default: break;
	}
}

static int describe_space(hid_t space, h5x_info *out) {
	hsize_t dims[H5S_MAX_RANK];
	hssize_t points = H5Sget_simple_extent_npoints(space);
	out->rank = H5Sget_simple_extent_ndims(space);
	out->is_null = H5Sget_simple_extent_type(space) == H5S_NULL;
	if (out->rank < 0 || points < 0 || H5Sget_simple_extent_dims(space, dims, NULL) < 0) return h5x_failed();
	out->points = out->is_null ? 0 : (int64_t)points;
	for (int i = 0; i < out->rank; i++) {
		if (dims[i] > INT64_MAX / 4) return h5x_failed();
		out->dims[i] = (int64_t)dims[i];
	}
	return 0;
}

int h5x_describe(hid_t id, int is_attr, h5x_info *out) {
	hid_t type = h5x_type_of(id, is_attr), space;
	int rc;
	memset(out, 0, sizeof *out);
	if (type < 0) return h5x_failed();
	h5x_describe_type(type, out);
	H5Tclose(type);
	if ((space = h5x_space_of(id, is_attr)) < 0) return h5x_failed();
	rc = describe_space(space, out);
	H5Sclose(space);
	return rc;
}

int h5x_kind(hid_t loc, const char *name) {
	H5O_info_t info;
	htri_t there = H5Lexists(loc, name, H5P_DEFAULT);
	if (there > 0) there = H5Oexists_by_name(loc, name, H5P_DEFAULT);
	if (there < 0) {
		h5x_failed();
		return H5X_UNKNOWN;
	}
	if (there == 0) return 0;
	if (H5Oget_info_by_name(loc, name, &info, H5P_DEFAULT) < 0) return h5x_failed();
	return info.type == H5O_TYPE_GROUP ? 1 : info.type == H5O_TYPE_DATASET ? 2 : 3;
}

int h5x_has_attr(hid_t obj, const char *name) {
	htri_t has = H5Aexists(obj, name);
	return has < 0 ? h5x_failed() : has > 0;
}

int h5x_filters(hid_t dset, int *ids, int *available, int max) {
	hid_t plist = H5Dget_create_plist(dset);
	int n;
	if (plist < 0) return h5x_failed();
	if ((n = H5Pget_nfilters(plist)) < 0) n = h5x_failed();
	if (n > max) n = max;
	for (int i = 0; i < n; i++) {
		unsigned flags = 0, config = 0;
		size_t values = 0;
		ids[i] = (int)H5Pget_filter2(plist, (unsigned)i, &flags, &values, NULL, 0, NULL, &config);
		available[i] = ids[i] >= 0 && H5Zfilter_avail((H5Z_filter_t)ids[i]) > 0;
	}
	H5Pclose(plist);
	return n;
}

int h5x_chunk(hid_t dset, int64_t *out) {
	hsize_t dims[H5S_MAX_RANK];
	hid_t plist = H5Dget_create_plist(dset);
	int rank = 0;
	if (plist < 0) return h5x_failed();
	if (H5Pget_layout(plist) == H5D_CHUNKED) rank = H5Pget_chunk(plist, H5S_MAX_RANK, dims);
	H5Pclose(plist);
	for (int i = 0; i < rank; i++) out[i] = (int64_t)dims[i];
	return rank;
}

int64_t h5x_storage(hid_t dset) { return (int64_t)H5Dget_storage_size(dset); }

int h5x_reference(hid_t attr, char *name, size_t size) {
	hobj_ref_t ref;
	hid_t obj;
	int rc = 0;
	if (H5Aread(attr, H5T_STD_REF_OBJ, &ref) < 0) return h5x_failed();
	if ((obj = H5Rdereference2(attr, H5P_DEFAULT, H5R_OBJECT, &ref)) < 0) return h5x_failed();
	if (H5Iget_name(obj, name, size) <= 0) rc = h5x_failed();
	H5Oclose(obj);
	return rc;
}

int64_t h5x_open_objects(hid_t file) { return (int64_t)H5Fget_obj_count(file, H5F_OBJ_ALL | H5F_OBJ_LOCAL); }
