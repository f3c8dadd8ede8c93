//go:build cgo

#include "shim.h"
#include <string.h>

int h5x_field_count(hid_t dset) {
	hid_t type = H5Dget_type(dset);
	int n;
	if (type < 0) return h5x_failed();
	n = H5Tget_class(type) == H5T_COMPOUND ? H5Tget_nmembers(type) : 0;
	if (n < 0) n = h5x_failed();
	H5Tclose(type);
	return n;
}

int h5x_field(hid_t dset, int i, char **name, h5x_info *out) {
	hid_t type = H5Dget_type(dset), member;
	int rc = 0;
	memset(out, 0, sizeof *out);
	*name = NULL;
	if (type < 0) return h5x_failed();
	if ((member = H5Tget_member_type(type, (unsigned)i)) < 0 || !(*name = H5Tget_member_name(type, (unsigned)i))) rc = h5x_failed();
	H5Tclose(type);
	if (member < 0) return rc;
	h5x_describe_type(member, out);
	H5Tclose(member);
	return rc;
}

void h5x_free_name(char *name) { H5free_memory(name); }

/* record_of is a record in memory with one field, for which libhdf5 leaves the
 * file's other fields aside. */
static hid_t record_of(hid_t member, const char *name) {
	hid_t record = H5Tcreate(H5T_COMPOUND, H5Tget_size(member));
	if (record >= 0 && H5Tinsert(record, name, 0, member) < 0) {
		H5Tclose(record);
		return -1;
	}
	return record;
}

static int field_is_bits(hid_t dset, const char *name) {
	hid_t type = H5Dget_type(dset), member = -1;
	int i = type < 0 ? -1 : H5Tget_member_index(type, name), bits = 0;
	if (i >= 0) member = H5Tget_member_type(type, (unsigned)i);
	if (member >= 0) {
		bits = h5x_is_bits(member);
		H5Tclose(member);
	}
	if (type >= 0) H5Tclose(type);
	return bits;
}

int h5x_read_field(hid_t dset, const char *name, int kind, int64_t start, int64_t count, void *buf) {
	int bits = field_is_bits(dset, name), rc = -1;
	hid_t record = record_of(bits ? H5T_NATIVE_B8 : h5x_memory_type(kind), name), mem, file;
	if (record < 0) return h5x_failed();
	if (h5x_select(dset, 1, &start, &count, &mem, &file) == 0) {
		rc = H5Dread(dset, record, mem, file, H5P_DEFAULT, buf) < 0 ? h5x_failed() : 0;
		h5x_unselect(mem, file);
	}
	H5Tclose(record);
	return bits && rc == 0 ? h5x_widen(kind, count, buf) : rc;
}

/* string_record is record_of for the strings of field i, of fixed length or not. */
static hid_t string_record(hid_t dset, int i, const char *name, int *vlen) {
	hid_t type = H5Dget_type(dset), member = -1, memory = -1, record = -1;
	if (type >= 0) member = H5Tget_member_type(type, (unsigned)i);
	if (member >= 0) {
		*vlen = H5Tis_variable_str(member) > 0;
		memory = h5x_string_memory(member, *vlen);
	}
	if (memory >= 0) record = record_of(memory, name);
	if (record < 0) h5x_failed();
	if (memory >= 0) H5Tclose(memory);
	if (member >= 0) H5Tclose(member);
	if (type >= 0) H5Tclose(type);
	return record;
}

int h5x_read_field_strings(hid_t dset, int i, const char *name, int64_t start, int64_t count, char **bytes, int64_t *ends) {
	hid_t record, mem, file;
	int rc = -1, vlen = 0;
	*bytes = NULL;
	if ((record = string_record(dset, i, name, &vlen)) < 0) return -1;
	if (h5x_select(dset, 1, &start, &count, &mem, &file) == 0) {
		rc = h5x_read_packed(dset, 0, vlen, record, mem, file, count, bytes, ends);
		h5x_unselect(mem, file);
	}
	H5Tclose(record);
	return rc;
}
