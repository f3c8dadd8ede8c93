// The loops that want a processor's own registers and instructions: matrix
// products and sparse × dense products, which keep a tile of the result in vector
// registers, and Adam. This file is compiled once per instruction set; the
// including file has set the target and defines
//
//   TILE(name)  the name of this instance's function
//   ROWS, COLS  a product's tile: ROWS rows of COLS vectors of 16 floats
//   CHUNK       vectors of 16 floats that a sparse sum holds at once
//
// so that ROWS*COLS + COLS + 1, and CHUNK + 2, vectors fit the registers, and where
// there are estimates of 1/sqrt(x) and 1/x: LANES, the type lanes of as many
// floats, RSQRT and RECIPROCAL.
#include "kernel.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

typedef float v16 __attribute__((vector_size(64), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

// One tile of c = a b: rows × COLS vectors, summed over k in order.
INLINE void product_tile(int rows, int k, const float *restrict a, ptrdiff_t ra, ptrdiff_t ca,
                         const float *restrict b, ptrdiff_t ldb, float *restrict c, ptrdiff_t ldc) {
  v16 sum[ROWS][COLS];
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
    for (int j = 0; j < COLS; j++) sum[i][j] = (v16){0};
  for (int p = 0; p < k; p++) {
    v16 row[COLS];
#pragma GCC unroll 4
    for (int j = 0; j < COLS; j++) row[j] = *(const v16 *)(b + p * ldb + 16 * j);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
      v16 x = a[i * ra + p * ca] - (v16){0};
#pragma GCC unroll 4
      for (int j = 0; j < COLS; j++) sum[i][j] += x * row[j];
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
    for (int j = 0; j < COLS; j++) *(v16 *)(c + i * ldc + 16 * j) = sum[i][j];
}

#define TILE_ROWS(n) \
  case n: product_tile(n <= ROWS ? n : ROWS, k, a, ra, ca, b, ldb, c, ldc); break;

static void product_rows(int rows, int k, const float *a, ptrdiff_t ra, ptrdiff_t ca, const float *b,
                         ptrdiff_t ldb, float *c, ptrdiff_t ldc) {
  switch (rows) {
    TILE_ROWS(1) TILE_ROWS(2) TILE_ROWS(3) TILE_ROWS(4) TILE_ROWS(5) TILE_ROWS(6)
    TILE_ROWS(7) TILE_ROWS(8) TILE_ROWS(9) TILE_ROWS(10) TILE_ROWS(11) TILE_ROWS(12)
  }
}

// Asks for the rows of a that the next tile sums, and for those of c that it
// writes: from the third-level cache they come while this tile is summed.
INLINE void fetch_next(int m, int i, int k, const float *a, ptrdiff_t ra, ptrdiff_t ca, const float *c, ptrdiff_t ldc, int first) {
  int end = i + 2 * ROWS < m ? i + 2 * ROWS : m;
  for (int q = i + ROWS; q < end; q++) {
    for (int j = 0; j < COLS; j++) __builtin_prefetch(c + q * ldc + 16 * j, 1);
    for (int p = 0; first && ca == 1 && p < k; p += 16) __builtin_prefetch(a + q * ra + p);
  }
}

// c (m, n) = a b for the first columns that whole tiles cover; returns their number.
// Element (i, p) of a is a[i*ra + p*ca]; b (k, n) and c are row-major.
int TILE(product)(int m, int n, int k, const float *a, ptrdiff_t ra, ptrdiff_t ca, const float *b,
                  ptrdiff_t ldb, float *c, ptrdiff_t ldc) {
  int whole = n / (16 * COLS) * (16 * COLS);
  for (int j = 0; j < whole; j += 16 * COLS)
    for (int i = 0; i < m; i += ROWS) {
      fetch_next(m, i, k, a, ra, ca, c + j, ldc, j == 0);
      product_rows(m - i < ROWS ? m - i : ROWS, k, a + i * ra, ra, ca, b + j, ldb, c + i * ldc + j, ldc);
    }
  return whole;
}

// o (16*vectors) += sum of v[i] rows[at[i]], rows H apart; the i-th of at and v
// are step i apart.
INLINE void add_rows(int vectors, int H, int n, int step, const int32_t *restrict at, const float *restrict v,
                     const float *restrict rows, float *restrict o) {
  v16 sum[CHUNK];
#pragma GCC unroll 16
  for (int j = 0; j < vectors; j++) sum[j] = *(const v16 *)(o + 16 * j);
  for (int i = 0; i < n * step; i += step) {
    const float *row = rows + (ptrdiff_t)at[i] * H;
    v16 x = v[i] - (v16){0};
#pragma GCC unroll 16
    for (int j = 0; j < vectors; j++) sum[j] += x * *(const v16 *)(row + 16 * j);
  }
#pragma GCC unroll 16
  for (int j = 0; j < vectors; j++) *(v16 *)(o + 16 * j) = sum[j];
}

// The same for rows of any length H: chunk by chunk, and what is left one by one.
INLINE void add_long_rows(int H, int n, int step, const int32_t *restrict at, const float *restrict v,
                          const float *restrict rows, float *restrict o) {
  int h = 0;
  for (; h + 16 * CHUNK <= H; h += 16 * CHUNK) add_rows(CHUNK, H, n, step, at, v, rows + h, o + h);
  for (; h + 16 <= H; h += 16) add_rows(1, H, n, step, at, v, rows + h, o + h);
  for (; h < H; h++) {
    float s = o[h];
    for (int i = 0; i < n * step; i += step) s += v[i] * rows[(ptrdiff_t)at[i] * H + h];
    o[h] = s;
  }
}

// Block by block of genes, so that the block's rows of w stay in cache for all cells.
void TILE(sparse_forward)(int lo, int hi, int B, int H, int blocks, const int32_t *bound, const int32_t *idx,
                          const float *val, const float *w, const float *bias, float *out) {
  for (int b = lo; b < hi; b++) memcpy(out + (size_t)b * H, bias, sizeof(float) * (size_t)H);
  for (int k = 0; k < blocks; k++)
    for (int b = lo; b < hi; b++) {
      int from = bound[(size_t)k * B + b], to = bound[(size_t)(k + 1) * B + b];
      add_long_rows(H, to - from, 1, idx + from, val + from, w, out + (size_t)b * H);
    }
}

// dw (n, H) = sums over counts sorted by gene: each row is summed in registers.
void TILE(sparse_backward)(int n, int H, const int32_t *start, const entry *sorted, const float *dout, float *dw) {
  memset(dw, 0, sizeof(float) * (size_t)n * H);
  for (int g = 0; g < n; g++) {
    const entry *at = sorted + start[g];
    add_long_rows(H, start[g + 1] - start[g], 3, &at->cell, &at->log, dout, dw + (size_t)g * H);
  }
}

// See AdamStep in ops.go. Square root and quotient begin with the processor's
// estimates of 1/sqrt and 1/x (11 bits or more), which one Newton step squares.
void TILE(adam)(int n, float *restrict p, const float *restrict g, float *restrict m, float *restrict v, float b1,
                float b2, float decay, float step, float unbias, float eps) {
  int i = 0;
#ifdef LANES
  for (; i + LANES <= n; i += LANES) {
    lanes pi = *(const lanes *)(p + i), d = *(const lanes *)(g + i) + decay * pi;
    lanes mi = b1 * *(const lanes *)(m + i) + (1.0f - b1) * d;
    lanes vi = b2 * *(const lanes *)(v + i) + (1.0f - b2) * d * d;
    lanes x = vi + 1e-30f, r = RSQRT(x), h = 0.5f * x * r;
    r += r * (0.5f - h * r);
    lanes c = vi * r * unbias + eps, q = RECIPROCAL(c);
    q += q * (1.0f - c * q);
    *(lanes *)(m + i) = mi;
    *(lanes *)(v + i) = vi;
    *(lanes *)(p + i) = pi - step * mi * q;
  }
#endif
  for (; i < n; i++) {
    float d = g[i] + decay * p[i];
    m[i] = b1 * m[i] + (1.0f - b1) * d;
    v[i] = b2 * v[i] + (1.0f - b2) * d * d;
    p[i] -= step * m[i] / (sqrtf(v[i]) * unbias + eps);
  }
}
