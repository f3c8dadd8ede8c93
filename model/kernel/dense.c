// The dense loops beside the head: sparse × dense products of the encoder's
// input layer, batch normalization, activation, Adam. reference.go says what each computes.
#include "vecmath.h"
#include "kernel.h"
#include <stdlib.h>

// o += sum of v[i] rows[i], the rows H long and picked by at. Four rows at a
// time: one load and store of the sum for four.
INLINE void add_rows(int H, int n, const int32_t *restrict at, const float *restrict v,
                     const float *restrict rows, float *restrict o) {
  int i = 0;
  for (; i + 4 <= n; i += 4) {
    const float *restrict r0 = rows + (size_t)at[i] * H, *restrict r1 = rows + (size_t)at[i + 1] * H;
    const float *restrict r2 = rows + (size_t)at[i + 2] * H, *restrict r3 = rows + (size_t)at[i + 3] * H;
    float v0 = v[i], v1 = v[i + 1], v2 = v[i + 2], v3 = v[i + 3];
    for (int h = 0; h < H; h++) o[h] += (v0 * r0[h] + v1 * r1[h]) + (v2 * r2[h] + v3 * r3[h]);
  }
  for (; i < n; i++) {
    const float *restrict r0 = rows + (size_t)at[i] * H;
    float v0 = v[i];
    for (int h = 0; h < H; h++) o[h] += v0 * r0[h];
  }
}

CLONES void cv_sparse_forward(int lo, int hi, int H, const int32_t *restrict ptr, const int32_t *restrict idx,
                              const float *restrict val, const float *restrict w, float *restrict out) {
  for (int b = lo; b < hi; b++) {
    float *restrict o = out + (size_t)b * H;
    memset(o, 0, sizeof(float) * (size_t)H);
    add_rows(H, ptr[b + 1] - ptr[b], idx + ptr[b], val + ptr[b], w, o);
  }
}

// The counts are first sorted by gene (cells stay in order within a gene), so
// that each row of dw is summed while it is in the first-level cache.
CLONES void cv_sparse_backward(int B, int n, int H, const int32_t *restrict lo, const int32_t *restrict hi,
                               const int32_t *restrict idx, const float *restrict val, int32_t first,
                               const float *restrict dout, float *restrict dw) {
  int32_t start[CV_BLOCK + 1] = {0};
  for (int b = 0; b < B; b++)
    for (int i = lo[b]; i < hi[b]; i++) start[idx[i] - first + 1]++;
  for (int g = 0; g < n; g++) start[g + 1] += start[g];
  int32_t *restrict cell = malloc(8 * (size_t)start[n] + 8); // a few ten thousand bytes
  if (!cell) abort();                                        // as Go does where memory ends
  float *restrict v = (float *)(cell + start[n]);
  int32_t at[CV_BLOCK];
  memcpy(at, start, sizeof(int32_t) * (size_t)n);
  for (int b = 0; b < B; b++)
    for (int i = lo[b]; i < hi[b]; i++) {
      int32_t p = at[idx[i] - first]++;
      cell[p] = b;
      v[p] = val[i];
    }
  memset(dw, 0, sizeof(float) * (size_t)n * H);
  for (int g = 0; g < n; g++)
    add_rows(H, start[g + 1] - start[g], cell + start[g], v + start[g], dout, dw + (size_t)g * H);
  free(cell);
}

CLONES void cv_batchnorm(int B, int H, const float *restrict x, const float *restrict gamma,
                         const float *restrict beta, float eps, float *restrict mean, float *restrict var,
                         float *restrict xhat, float *restrict y) {
  float ib = 1.0f / (float)B;
  memset(mean, 0, sizeof(float) * (size_t)H);
  memset(var, 0, sizeof(float) * (size_t)H);
  for (int b = 0; b < B; b++)
    for (int h = 0; h < H; h++) mean[h] += x[(size_t)b * H + h];
  for (int h = 0; h < H; h++) mean[h] *= ib;
  for (int b = 0; b < B; b++)
    for (int h = 0; h < H; h++) {
      float d = x[(size_t)b * H + h] - mean[h];
      var[h] += d * d;
    }
  for (int h = 0; h < H; h++) var[h] *= ib;
  for (int b = 0; b < B; b++)
    for (int h = 0; h < H; h++) {
      float v = (x[(size_t)b * H + h] - mean[h]) / vsqrt(var[h] + eps);
      xhat[(size_t)b * H + h] = v;
      y[(size_t)b * H + h] = gamma[h] * v + beta[h];
    }
}

CLONES void cv_batchnorm_backward(int B, int H, const float *restrict xhat, const float *restrict gamma,
                                  const float *restrict var, float eps, const float *restrict dy,
                                  float *restrict dgamma, float *restrict dbeta, float *restrict dx) {
  float ib = 1.0f / (float)B;
  memset(dgamma, 0, sizeof(float) * (size_t)H);
  memset(dbeta, 0, sizeof(float) * (size_t)H);
  for (int b = 0; b < B; b++)
    for (int h = 0; h < H; h++) {
      float d = dy[(size_t)b * H + h];
      dbeta[h] += d;
      dgamma[h] += d * xhat[(size_t)b * H + h];
    }
  for (int b = 0; b < B; b++)
    for (int h = 0; h < H; h++) {
      float c = gamma[h] / vsqrt(var[h] + eps);
      dx[(size_t)b * H + h] = c * (dy[(size_t)b * H + h] - ib * (dbeta[h] + xhat[(size_t)b * H + h] * dgamma[h]));
    }
}

CLONES void cv_relu(int n, const float *restrict mask, float *restrict y) {
  for (int i = 0; i < n; i++) y[i] = (y[i] > 0.0f ? y[i] : 0.0f) * mask[i];
}

CLONES void cv_relu_backward(int n, const float *restrict y, const float *restrict mask, float *restrict dy) {
  for (int i = 0; i < n; i++) dy[i] = y[i] > 0.0f ? dy[i] * mask[i] : 0.0f;
}

CLONES void cv_add(int n, const float *restrict x, float *restrict y) {
  for (int i = 0; i < n; i++) y[i] += x[i];
}

CLONES void cv_column_sums(int B, int n, const float *restrict x, float *restrict sum) {
  memset(sum, 0, sizeof(float) * (size_t)n);
  for (int b = 0; b < B; b++)
    for (int i = 0; i < n; i++) sum[i] += x[(size_t)b * n + i];
}

CLONES void cv_adam(int n, float *restrict p, float *restrict g, float *restrict m, float *restrict v,
                    float b1, float b2, float decay, float step, float unbias, float eps) {
  for (int i = 0; i < n; i++) {
    float d = g[i] + decay * p[i];
    float mi = b1 * m[i] + (1.0f - b1) * d, vi = b2 * v[i] + (1.0f - b2) * d * d;
    m[i] = mi;
    v[i] = vi;
    p[i] -= step * mi / (vsqrt(vi) * unbias + eps);
  }
}
