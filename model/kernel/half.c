// Matrix products of bfloat16 numbers with sums in float32, for processors with
// AVX-512 BF16: one instruction multiplies and adds 32 pairs. A pair is two
// numbers that stand beside each other along the summed dimension.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#pragma GCC target("arch=x86-64-v4,avx512bf16")
#include "kernel.h"
#include <immintrin.h>
#include <stddef.h>

#define INLINE static inline __attribute__((always_inline))

int cv_has_half(void) { return __builtin_cpu_supports("avx512bf16") && cv_best_set() == 2; }

void cv_pair_rows(int n, const float *x, uint32_t *y) {
  int i = 0;
  for (; i + 32 <= n; i += 32)
    _mm512_storeu_si512(y + i / 2, (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(x + i + 16), _mm512_loadu_ps(x + i)));
  for (; i + 16 <= n; i += 16) _mm256_storeu_si256((__m256i *)(y + i / 2), (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(x + i)));
}

INLINE __m512i halves(const float *x) { return _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(x))); }

void cv_pair_columns(int rows, int cols, const float *x, uint32_t *y) {
  for (int r = 0; r < rows; r += 2)
    for (int c = 0; c < cols; c += 16) {
      const float *at = x + (size_t)r * cols + c;
      __m512i low = halves(at), high = r + 1 < rows ? halves(at + cols) : _mm512_setzero_si512();
      _mm512_storeu_si512(y + (size_t)(r / 2) * cols + c, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
    }
}

// One tile of c = a b: rows × 2 vectors, summed over k pairs in order.
INLINE void half_tile(int rows, int k, const uint32_t *restrict a, ptrdiff_t ra, ptrdiff_t ca,
                      const uint32_t *restrict b, ptrdiff_t ldb, float *restrict c, ptrdiff_t ldc) {
  __m512 sum[12][2];
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++) sum[i][0] = sum[i][1] = _mm512_setzero_ps();
  for (int p = 0; p < k; p++) {
    __m512bh left = (__m512bh)_mm512_loadu_si512(b + p * ldb), right = (__m512bh)_mm512_loadu_si512(b + p * ldb + 16);
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
      __m512bh x = (__m512bh)_mm512_set1_epi32((int32_t)a[i * ra + p * ca]);
      sum[i][0] = _mm512_dpbf16_ps(sum[i][0], x, left);
      sum[i][1] = _mm512_dpbf16_ps(sum[i][1], x, right);
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++) {
    _mm512_storeu_ps(c + i * ldc, sum[i][0]);
    _mm512_storeu_ps(c + i * ldc + 16, sum[i][1]);
  }
}

#define HALF_ROWS(n) \
  case n: half_tile(n, k, a, ra, ca, b, ldb, c, ldc); break;

static void half_rows(int rows, int k, const uint32_t *a, ptrdiff_t ra, ptrdiff_t ca, const uint32_t *b, ptrdiff_t ldb,
                      float *c, ptrdiff_t ldc) {
  switch (rows) {
    HALF_ROWS(1) HALF_ROWS(2) HALF_ROWS(3) HALF_ROWS(4) HALF_ROWS(5) HALF_ROWS(6)
    HALF_ROWS(7) HALF_ROWS(8) HALF_ROWS(9) HALF_ROWS(10) HALF_ROWS(11) HALF_ROWS(12)
  }
}

void cv_half_product(int m, int n, int k, const uint32_t *a, int ra, int ca, const uint32_t *b, int ldb, float *c, int ldc) {
  for (int j = 0; j < n; j += 32)
    for (int i = 0; i < m; i += 12)
      half_rows(m - i < 12 ? m - i : 12, k, a + (ptrdiff_t)i * ra, ra, ca, b + j, ldb, c + (ptrdiff_t)i * ldc + j, ldc);
}
#else
#include "kernel.h"
int cv_has_half(void) { return 0; }
void cv_pair_rows(int n, const float *x, uint32_t *y) { (void)n; (void)x; (void)y; }
void cv_pair_columns(int rows, int cols, const float *x, uint32_t *y) { (void)rows; (void)cols; (void)x; (void)y; }
void cv_half_product(int m, int n, int k, const uint32_t *a, int ra, int ca, const uint32_t *b, int ldb, float *c, int ldc) {
  (void)m; (void)n; (void)k; (void)a; (void)ra; (void)ca; (void)b; (void)ldb; (void)c; (void)ldc;
}
#endif
