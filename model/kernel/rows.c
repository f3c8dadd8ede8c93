// What is done to the rows of a head's matrix beside its likelihood, and layer
// normalization. reference_rows.go says what each computes.
#include "vecmath.h"
#include "kernel.h"

// far is exp(-x) for x >= 0; the bound keeps within vexp's domain, see there.
INLINE float far(float x) {
  int32_t i = float_bits(x);
  i = i > 0x42c80000 ? 0x42c80000 : i; // 100
  return vexp(-bits_float(i));
}

CLONES void cv_softplus_block(int n, int ld, float *restrict y, const float *restrict bias) {
  for (int j = 0; j < n; j++) {
    float *restrict row = y + (size_t)j * ld, w = bias[j];
#pragma omp simd
    for (int b = 0; b < ld; b++) {
      float t = row[b] + w, e = far(fabsf(t)), s = 1.0f + e;
      row[b] = (float_bits(t) > 0 ? t : 0.0f) + vlog1p(e, s, 1.0f / s) + 0.0f * t; // keeps what is no number
    }
  }
}

// slope is (1 - exp(-rho))/rho: below 1/4 by its Taylor series, whose remainder
// rho^6/7! is below half an ulp there.
INLINE float slope(float rho) {
  float p = -1.0f / 720.0f;
  p = p * rho + 1.0f / 120.0f;
  p = p * rho - 1.0f / 24.0f;
  p = p * rho + 1.0f / 6.0f;
  p = p * rho - 0.5f;
  p = p * rho + 1.0f;
  return float_bits(rho) < 0x3e800000 ? p : (1.0f - far(rho)) / rho;
}

CLONES void cv_softplus_backward(int n, int ld, const float *restrict y, float *restrict a, float mean, float *restrict db) {
  for (int j = 0; j < n; j++) {
    const float *restrict rho = y + (size_t)j * ld;
    float *restrict row = a + (size_t)j * ld, d = 0;
#pragma omp simd reduction(+ : d)
    for (int b = 0; b < ld; b++) {
      float g = -row[b] * slope(rho[b]) * mean;
      row[b] = g;
      d += g;
    }
    db[j] = d;
  }
}

CLONES void cv_scale_rows(int n, int ld, float by, float *restrict x, float *restrict sum) {
  for (int j = 0; j < n; j++) {
    float *restrict row = x + (size_t)j * ld, d = 0;
#pragma omp simd reduction(+ : d)
    for (int b = 0; b < ld; b++) {
      row[b] *= by;
      d += row[b];
    }
    sum[j] = d;
  }
}

INLINE void moments(int n, const float *restrict x, float *mean, float *var) {
  float m = 0, v = 0;
#pragma omp simd reduction(+ : m)
  for (int b = 0; b < n; b++) m += x[b];
  m /= (float)n;
#pragma omp simd reduction(+ : v)
  for (int b = 0; b < n; b++) v += (x[b] - m) * (x[b] - m);
  *mean = m;
  *var = v / (float)n;
}

CLONES void cv_row_norm(int n, int ld, int B, float *restrict y, const float *restrict gamma, const float *restrict beta,
                        float eps, float *restrict mean, float *restrict var, float *restrict xhat) {
  for (int j = 0; j < n; j++) {
    float *restrict row = y + (size_t)j * ld, *restrict hat = xhat + (size_t)j * ld, g = gamma[j], s = beta[j];
    moments(B, row, &mean[j], &var[j]);
    float m = mean[j], inv = 1.0f / vsqrt(var[j] + eps);
    for (int b = 0; b < B; b++) {
      hat[b] = (row[b] - m) * inv;
      row[b] = g * hat[b] + s;
    }
    memset(row + B, 0, sizeof(float) * (size_t)(ld - B));
    memset(hat + B, 0, sizeof(float) * (size_t)(ld - B));
  }
}

// projected sums d and d y.
INLINE void projected(int n, const float *restrict d, const float *restrict y, float *sum, float *dot) {
  float s = 0, g = 0;
#pragma omp simd reduction(+ : s, g)
  for (int b = 0; b < n; b++) {
    s += d[b];
    g += d[b] * y[b];
  }
  *sum = s;
  *dot = g;
}

CLONES void cv_row_norm_backward(int n, int ld, int B, const float *restrict xhat, const float *restrict gamma,
                                 const float *restrict var, float eps, float *restrict a, float *restrict dgamma,
                                 float *restrict dbeta) {
  for (int j = 0; j < n; j++) {
    const float *restrict hat = xhat + (size_t)j * ld;
    float *restrict row = a + (size_t)j * ld, c = gamma[j] / vsqrt(var[j] + eps);
    projected(B, row, hat, &dbeta[j], &dgamma[j]);
    float s = dbeta[j] / (float)B, g = dgamma[j] / (float)B;
    for (int b = 0; b < B; b++) row[b] = c * (row[b] - (s + hat[b] * g));
    memset(row + B, 0, sizeof(float) * (size_t)(ld - B));
  }
}

CLONES void cv_row_affine(int n, int ld, const float *restrict scale, const float *restrict shift, float *restrict y) {
  for (int j = 0; j < n; j++) {
    float *restrict row = y + (size_t)j * ld, g = scale[j], s = shift[j];
    for (int b = 0; b < ld; b++) row[b] = g * row[b] + s;
  }
}

CLONES void cv_layernorm(int B, int H, const float *restrict x, float eps, float *restrict inv, float *restrict y) {
  for (int b = 0; b < B; b++) {
    const float *restrict row = x + (size_t)b * H;
    float *restrict out = y + (size_t)b * H, m, v;
    moments(H, row, &m, &v);
    float i = inv[b] = 1.0f / vsqrt(v + eps);
    for (int h = 0; h < H; h++) out[h] = (row[h] - m) * i;
  }
}

CLONES void cv_layernorm_backward(int B, int H, const float *restrict y, const float *restrict inv, const float *dy,
                                  float *dx) {
  for (int b = 0; b < B; b++) {
    const float *restrict out = y + (size_t)b * H, *d = dy + (size_t)b * H;
    float *to = dx + (size_t)b * H, s, g, i = inv[b];
    projected(H, d, out, &s, &g);
    s /= (float)H;
    g /= (float)H;
#pragma omp simd
    for (int h = 0; h < H; h++) to[h] = i * (d[h] - (s + out[h] * g));
  }
}
