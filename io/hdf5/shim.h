/* What gonum.org/v1/hdf5 lacks, on the same libhdf5. Every function returns a
 * negative number on failure and has then kept the library's own words for
 * h5x_error_text. Callers hold the package's lock. */
#ifndef CELLVI_H5X_H
#define CELLVI_H5X_H

#include <hdf5.h>
#include <stdint.h>

/* One function for several processors, chosen when the program loads. */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__)
#define H5X_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define H5X_CLONES
#endif

enum { H5X_FLOAT64, H5X_FLOAT32, H5X_INT64, H5X_INT32, H5X_INT16, H5X_INT8, H5X_UINT64 };
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
int h5x_no_memory(void); /* the same where malloc failed */
hid_t h5x_type_of(hid_t id, int is_attr);
hid_t h5x_space_of(hid_t id, int is_attr);
int h5x_select(hid_t dset, int rank, const int64_t *start, const int64_t *count, hid_t *mem, hid_t *file);
void h5x_unselect(hid_t mem, hid_t file);
void h5x_describe_type(hid_t type, h5x_info *out);
hid_t h5x_memory_type(int kind);
/* Bitfields of one byte, which libhdf5 converts to no number, and making numbers
 * of n such bytes, in place. */
int h5x_is_bits(hid_t type);
int h5x_widen(int kind, int64_t n, void *buf);
/* The memory type of strings, and reading them packed as h5x_read_strings does;
 * memtype may be a record of which they are the only field. */
hid_t h5x_string_memory(hid_t type, int vlen);
int h5x_read_packed(hid_t id, int is_attr, int vlen, hid_t memtype, hid_t mem, hid_t file, int64_t count, char **bytes, int64_t *ends);

int h5x_describe(hid_t id, int is_attr, h5x_info *out);
/* 0 absent, 1 group, 2 dataset, 3 other; H5X_UNKNOWN where libhdf5 could not look. */
int h5x_kind(hid_t loc, const char *name);
enum { H5X_UNKNOWN = -2 };
int h5x_has_attr(hid_t obj, const char *name);
int h5x_register_lzf(void);
int h5x_filters(hid_t dset, int *ids, int *available, int max);
int h5x_chunk(hid_t dset, int64_t *dims); /* rank, 0 where not chunked */
int64_t h5x_storage(hid_t dset);

/* Where the file's values are integers of 1, 2, 4 or 8 bytes or IEEE floats of 4
 * or 8 (or booleans of such integers): 1, and their byte order. Else 0. */
int h5x_plain(hid_t dset, int *big_endian);
/* The first of up to max parameters that filter number i was given; their number. */
int h5x_filter_values(hid_t dset, int i, unsigned *values, int max);
/* Whether chunks that reach over the dataset's edge are stored unfiltered. */
int h5x_edges_unfiltered(hid_t dset);
/* The bytes stored of the chunk at offset, 0 where there is none; and these bytes
 * themselves, with the filters that were left out, one bit a filter. */
int64_t h5x_chunk_bytes(hid_t dset, int rank, const int64_t *offset);
int h5x_fill(hid_t dset, void *out); /* the value of what is not stored, at most 8 bytes, native */
int h5x_read_chunk(hid_t dset, int rank, const int64_t *offset, uint32_t *skipped, void *buf);

/* The rest touches no libhdf5, needs no lock, and returns one of these. */
enum { H5X_DAMAGED = -1, H5X_SHORT = -2, H5X_MEMORY = -3 };
enum { H5X_STORED, H5X_DEFLATE, H5X_LZF };
/* Undoes a chunk's filters: codec, then a shuffle of values of that many bytes (0:
 * none), then turns the bytes of values of swap bytes around (0: not). The chunk
 * has room bytes, to which out and scratch point. */
int h5x_decode(int codec, int shuffle, int swap, const void *raw, size_t n, void *out, size_t room, void *scratch);
int h5x_inflate(const void *in, size_t n, void *out, size_t room);
int64_t h5x_lzf(const void *in, size_t n, void *out, size_t room); /* bytes, or negative */

int h5x_read(hid_t dset, int kind, int rank, const int64_t *start, const int64_t *count, void *buf);
int h5x_read_attr(hid_t attr, int kind, int64_t n, void *buf);
/* Strings come packed in *bytes (caller frees), string i ending at ends[i]. */
int h5x_read_strings(hid_t id, int is_attr, int64_t start, int64_t count, char **bytes, int64_t *ends);
/* Fields of a dataset of records: their number, name (for h5x_free_name) and type
 * of one, and the values of one in a dataset of one axis. */
int h5x_field_count(hid_t dset);
int h5x_field(hid_t dset, int i, char **name, h5x_info *out);
void h5x_free_name(char *name);
int h5x_read_field(hid_t dset, const char *name, int kind, int64_t start, int64_t count, void *buf);
int h5x_read_field_strings(hid_t dset, int i, const char *name, int64_t start, int64_t count, char **bytes, int64_t *ends);
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
int h5x_remove(hid_t loc, const char *name);
int h5x_remove_attr(hid_t obj, const char *name);
int h5x_same_file(hid_t a, hid_t b); /* 1, or 0 where an external link lies between them */

#endif
