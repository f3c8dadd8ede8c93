//go:build cgo

#include "shim.h"

int h5x_remove(hid_t loc, const char *name) { return H5Ldelete(loc, name, H5P_DEFAULT) < 0 ? h5x_failed() : 0; }

int h5x_remove_attr(hid_t obj, const char *name) { return H5Adelete(obj, name) < 0 ? h5x_failed() : 0; }

#if H5_VERSION_GE(1, 12, 0)
typedef H5O_info2_t object_info;
static herr_t look_at(hid_t id, object_info *info) { return H5Oget_info3(id, info, H5O_INFO_BASIC); }
#else
typedef H5O_info_t object_info;
static herr_t look_at(hid_t id, object_info *info) { return H5Oget_info(id, info); }
#endif

int h5x_same_file(hid_t a, hid_t b) {
	object_info x, y;
	if (look_at(a, &x) < 0 || look_at(b, &y) < 0) return h5x_failed();
	return x.fileno == y.fileno;
}
