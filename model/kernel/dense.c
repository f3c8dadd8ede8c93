// The dense loops beside the head: sparse × dense products of the encoder's
// input layer, batch normalization, activation, Adam. reference.go says what each computes.
#include "vecmath.h"
#include "kernel.h"

CLONES void cv_sparse_forward(int lo, int hi, int H, const int32_t *restrict ptr, const int32_t *restrict idx,
                              const float *restrict val, const float *restrict w, float *restrict out) {
  for (int b = lo; b < hi; b++) {
    float *restrict o = out + (size_t)b * H;
    memset(o, 0, sizeof(float) * (size_t)H);
    int i = ptr[b], end = ptr[b + 1];
    for (; i + 4 <= end; i += 4) { // four rows at a time: one load and store of the sum for four
      const float *restrict w0 = w + (size_t)idx[i] * H, *restrict w1 = w + (size_t)idx[i + 1] * H;
      const float *restrict w2 = w + (size_t)idx[i + 2] * H, *restrict w3 = w + (size_t)idx[i + 3] * H;
      float v0 = val[i], v1 = val[i + 1], v2 = val[i + 2], v3 = val[i + 3];
      for (int h = 0; h < H; h++) o[h] += (v0 * w0[h] + v1 * w1[h]) + (v2 * w2[h] + v3 * w3[h]);
    }
    for (; i < end; i++) {
      const float *restrict w0 = w + (size_t)idx[i] * H;
      float v0 = val[i];
      for (int h = 0; h < H; h++) o[h] += v0 * w0[h];
    }
  }
}

CLONES void cv_sparse_backward(int B, int n, int H, const int32_t *restrict lo, const int32_t *restrict hi,
                               const int32_t *restrict idx, const float *restrict val, int32_t first,
                               const float *restrict dout, float *restrict dw) {
  memset(dw, 0, sizeof(float) * (size_t)n * H);
  for (int b = 0; b < B; b++) {
    const float *restrict d = dout + (size_t)b * H;
    for (int i = lo[b]; i < hi[b]; i++) {
      float *restrict o = dw + (size_t)(idx[i] - first) * H;
      float v = val[i];
      for (int h = 0; h < H; h++) o[h] += v * d[h];
    }
  }
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
