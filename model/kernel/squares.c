// Sums of products of tangents, for curvatures. reference_squares.go says what is computed.
#include "vecmath.h"
#include "kernel.h"

// Cells of a tile: the sums of one stay in the first-level cache for tens of tangents.
enum { TILE = 32 };

CLONES void cv_squares(int n, int ld, int l, const float *restrict t, const float *restrict y, const float *restrict scale,
                       const float *restrict w, float *restrict sums, float *restrict mean) {
  const size_t plane = (size_t)n * ld;
  for (int b = 0; b < ld; b += TILE) {
    for (int g = 0; g < n; g++) {
      const size_t at = (size_t)g * ld + b;
      float *restrict sum = sums + b;
      float weighted[TILE], rho[TILE];
#pragma omp simd
      for (int c = 0; c < TILE; c++) rho[c] = y[at + c] * scale[b + c];
      for (int i = 0; i < l; i++) {
        const float *restrict ti = t + i * plane + at;
        float *restrict m = mean + (size_t)i * ld + b;
#pragma omp simd
        for (int c = 0; c < TILE; c++) {
          weighted[c] = w[at + c] * ti[c];
          m[c] += rho[c] * ti[c];
        }
        for (int j = 0; j <= i; j++, sum += ld) {
          const float *restrict tj = t + j * plane + at;
#pragma omp simd
          for (int c = 0; c < TILE; c++) sum[c] += weighted[c] * tj[c];
        }
      }
      for (int j = 0; j < l; j++, sum += ld) {
        const float *restrict tj = t + j * plane + at;
#pragma omp simd
        for (int c = 0; c < TILE; c++) sum[c] += w[at + c] * tj[c];
      }
#pragma omp simd
      for (int c = 0; c < TILE; c++) sum[c] += w[at + c];
    }
  }
}
