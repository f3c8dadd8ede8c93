// The tiles for any processor, and the choice between the instances.
#define TILE(name) cv_any_##name
#define ROWS 4
#define COLS 1
#define CHUNK 2
#include "tiles.h"

#define DECLARE(set)                                                                                          \
  int cv_##set##_product(int, int, int, const float *, ptrdiff_t, ptrdiff_t, const float *, ptrdiff_t,        \
                         float *, ptrdiff_t);                                                                 \
  void cv_##set##_sparse_forward(int, int, int, int, int, const int32_t *, const int32_t *, const float *,    \
                                 const float *, const float *, float *);                                      \
  void cv_##set##_sparse_backward(int, int, const int32_t *, const entry *, const float *, float *);         \
  void cv_##set##_adam(int, float *, const float *, float *, float *, float, float, float, float, float, float);

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
DECLARE(v4)
DECLARE(v3)
#define CHOOSE(set, call) (set == 2 ? cv_v4_##call : set == 1 ? cv_v3_##call : cv_any_##call)

int cv_best_set(void) {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return 0;
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") ? 2 : 1;
}
#else
#define CHOOSE(set, call) cv_any_##call
int cv_best_set(void) { return 0; }
#endif

void cblas_sgemm(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
                 const float *b, int ldb, float beta, float *c, int ldc);

// The tiles do what they cover, OpenBLAS the columns that are left, and all where
// there is neither AVX2 nor AVX-512.
void cv_product(int set, int m, int n, int k, const float *a, int ra, int ca, const float *b, int ldb, float *c, int ldc) {
  int done = set > 0 ? CHOOSE(set, product(m, n, k, a, ra, ca, b, ldb, c, ldc)) : 0;
  if (done < n) // 101 row-major, 111 as it stands, 112 transposed
    cblas_sgemm(101, ca == 1 ? 111 : 112, 111, m, n - done, k, 1, a, ca == 1 ? ra : ca, b + done, ldb, 0, c + done, ldc);
}

void cv_sparse_forward(int set, int lo, int hi, int B, int H, int blocks, const int32_t *bound, const int32_t *idx,
                       const float *val, const float *w, const float *bias, float *out) {
  CHOOSE(set, sparse_forward(lo, hi, B, H, blocks, bound, idx, val, w, bias, out));
}

void cv_sparse_backward(int set, int n, int H, const int32_t *start, const entry *sorted, const float *dout, float *dw) {
  CHOOSE(set, sparse_backward(n, H, start, sorted, dout, dw));
}

void cv_sort_by_gene(int B, int n, const int32_t *lo, const int32_t *hi, const int32_t *idx, const float *val,
                     const float *log, int32_t first, int32_t *start, entry *sorted) {
  int32_t at[CV_BLOCK];
  memset(start, 0, sizeof(int32_t) * (size_t)(n + 1));
  for (int b = 0; b < B; b++)
    for (int i = lo[b]; i < hi[b]; i++) start[idx[i] - first + 1]++;
  for (int g = 0; g < n; g++) {
    at[g] = start[g];
    start[g + 1] += start[g];
  }
  for (int b = 0; b < B; b++)
    for (int i = lo[b]; i < hi[b]; i++) sorted[at[idx[i] - first]++] = (entry){b, val[i], log[i]};
}

void cv_adam(int set, int n, float *p, const float *g, float *m, float *v, float b1, float b2, float decay, float step,
             float unbias, float eps) {
  CHOOSE(set, adam(n, p, g, m, v, b1, b2, decay, step, unbias, eps));
}
