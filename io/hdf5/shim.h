/* What gonum.org/v1/hdf5 lacks, on the same libhdf5. Every function returns a
 * negative number on failure and has then kept the library's own words for
 * h5x_error_text. Callers hold the package's lock. */
#ifndef CELLVI_H5X_H
#define CELLVI_H5X_H

#include <hdf5.h>
#include <stdint.h>

enum { H5X_FLOAT64, H5X_FLOAT32, H5X_INT64, H5X_INT32, H5X_INT16, H5X_INT8 };
enum { H5X_OTHER, H5X_INTEGER, H5X_FLOAT, H5X_TEXT, H5X_BOOL, H5X_REFERENCE, H5X_COMPOUND };

typedef struct {
	int cls;        /* H5X_OTHER ... */
	int is_signed;
	int is_null;    /* H5S_NULL */
	int rank;
	int64_t size;   /* bytes of one value in the file */
	int64_t points; /* values in all */
	int64_t dims[H5S_MAX_RANK];
	int64_t enum_false, enum_true; /* H5X_BOOL only */
} h5x_info;

/* Stops libhdf5 from printing errors; in its thread-safe builds this is a
 * setting of each thread. */
void h5x_silence(void);

/* Keeps the innermost message of libhdf5's error stack. */
void h5x_keep_error(void);
const char *h5x_error_text(void);

/* For the shim's own files: keep the error and return -1; a dataset's or
 * attribute's type and space; the spaces of a block, H5S_ALL for a scalar. */
int h5x_failed(void);
hid_t h5x_type_of(hid_t id, int is_attr);
hid_t h5x_space_of(hid_t id, int is_attr);
int h5x_select(hid_t dset, int rank, const int64_t *start, const int64_t *count, hid_t *mem, hid_t *file);
void h5x_unselect(hid_t mem, hid_t file);

int h5x_describe(hid_t id, int is_attr, h5x_info *out);
int h5x_kind(hid_t loc, const char *name); /* 0 absent, 1 group, 2 dataset, 3 other */
int h5x_has_attr(hid_t obj, const char *name);
int h5x_register_lzf(void);
int h5x_filters(hid_t dset, int *ids, int *available, int max);
int h5x_chunk(hid_t dset, int64_t *dims); /* rank, 0 where not chunked */
int64_t h5x_storage(hid_t dset);

int h5x_read(hid_t dset, int kind, int rank, const int64_t *start, const int64_t *count, void *buf);
int h5x_read_attr(hid_t attr, int kind, void *buf);
/* Strings come packed in *bytes (caller frees), string i ending at ends[i]. */
int h5x_read_strings(hid_t id, int is_attr, int64_t start, int64_t count, char **bytes, int64_t *ends);
/* The path of the object that a scalar attribute refers to. */
int h5x_reference(hid_t attr, char *name, size_t size);

int h5x_set_utf8(hid_t type);
int h5x_make_bool(hid_t type);
int h5x_no_times(hid_t plist);
int h5x_extend(hid_t dset, int64_t rows);
int h5x_write(hid_t dset, int kind, int as_is, int rank, const int64_t *start, const int64_t *count, const void *buf);
int h5x_write_attr(hid_t attr, int kind, int as_is, const void *buf);
/* Strings go in packed, each ended by NUL, string i starting at starts[i]. */
int h5x_write_strings(hid_t id, int is_attr, int64_t count, const char *bytes, const int64_t *starts);
int64_t h5x_open_objects(hid_t file);

#endif
