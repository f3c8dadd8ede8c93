//go:build cgo

#include "shim.h"
#include <stdlib.h>
#include <string.h>

/* LZF, h5py's own filter (32000), reading only. The stream is runs of
 *   000LLLLL                     L+1 literal bytes follow
 *   LLLooooo oooooooo            copy L+2 bytes from o+1 back, L = 1 to 6
 *   111ooooo LLLLLLLL oooooooo   copy L+9 bytes from o+1 back */
int64_t h5x_lzf(const void *from, size_t n, void *to, size_t room) {
	const unsigned char *in = from, *end = in + n;
	unsigned char *out = to;
	size_t at = 0;
	while (in < end) {
		size_t c = *in++, len, back;
		if (c < 32) {
			len = c + 1;
			if ((size_t)(end - in) < len || room - at < len) return -1;
			memcpy(out + at, in, len);
			in += len;
			at += len;
			continue;
		}
		len = c >> 5;
		if (len == 7) {
			if (in == end) return -1;
			len += *in++;
		}
		if (in == end) return -1;
		back = ((c & 31) << 8) + *in++ + 1;
		len += 2;
		if (back > at || room - at < len) return -1;
		for (; len > 0; len--, at++) out[at] = out[at - back]; /* may overlap */
	}
	return (int64_t)at;
}

/* h5py stores the bytes of a whole chunk as the third parameter. */
static size_t lzf_filter(unsigned flags, size_t nparams, const unsigned params[], size_t n, size_t *size, void **buf) {
	size_t room = nparams >= 3 && params[2] ? params[2] : *size * 64;
	unsigned char *out;
	int64_t got;
	if (!(flags & H5Z_FLAG_REVERSE) || !(out = malloc(room))) return 0;
	if ((got = h5x_lzf(*buf, n, out, room)) <= 0) {
		free(out);
		return 0;
	}
	free(*buf);
	*buf = out;
	*size = room;
	return (size_t)got;
}

static const H5Z_class2_t lzf = {H5Z_CLASS_T_VERS, 32000, 0, 1, "lzf (reading)", NULL, NULL, lzf_filter};

int h5x_register_lzf(void) {
	if (H5Zfilter_avail(32000) > 0) return 0; /* built in, registered before, or a plugin */
	return H5Zregister(&lzf) < 0 ? h5x_failed() : 0;
}
