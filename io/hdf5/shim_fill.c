//go:build cgo

#include "shim.h"
#include <string.h>

/* h5x_fill gives the value of what was never written, of up to 8 bytes in this
 * machine's order: zero where the file leaves it open. */
int h5x_fill(hid_t dset, void *out) {
	hid_t plist, type = -1, native = -1;
	H5D_fill_value_t defined = H5D_FILL_VALUE_UNDEFINED;
	int rc = 0;
	memset(out, 0, 8);
	if ((plist = H5Dget_create_plist(dset)) < 0) return h5x_failed();
	if (H5Pfill_value_defined(plist, &defined) < 0) rc = h5x_failed();
	if (rc == 0 && defined == H5D_FILL_VALUE_USER_DEFINED) {
		if ((type = H5Dget_type(dset)) < 0 || (native = H5Tget_native_type(type, H5T_DIR_ASCEND)) < 0 ||
		    H5Tget_size(native) > 8 || H5Pget_fill_value(plist, native, out) < 0)
			rc = h5x_failed();
	}
	if (native >= 0) H5Tclose(native);
	if (type >= 0) H5Tclose(type);
	H5Pclose(plist);
	return rc;
}
