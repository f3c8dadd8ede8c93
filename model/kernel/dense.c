// The dense loops beside the head: batch normalization, activation.
// reference.go says what each computes.
#include "vecmath.h"
#include "kernel.h"

// Columns are done LANES at a time, so that their sums stay in a register.
#define LANES 16

INLINE void norm_columns(int lanes, int B, int H, const float *restrict x, const float *restrict gamma,
                         const float *restrict beta, float eps, float *restrict mean, float *restrict var,
                         float *restrict xhat, float *restrict y) {
  float m[LANES] = {0}, v[LANES] = {0}, ib = 1.0f / (float)B;
  for (int b = 0; b < B; b++)
    for (int h = 0; h < lanes; h++) m[h] += x[(size_t)b * H + h];
  for (int h = 0; h < lanes; h++) m[h] *= ib;
  for (int b = 0; b < B; b++)
    for (int h = 0; h < lanes; h++) {
      float d = x[(size_t)b * H + h] - m[h];
      v[h] += d * d;
    }
  float inv[LANES];
  for (int h = 0; h < lanes; h++) {
    mean[h] = m[h];
    var[h] = v[h] * ib;
    inv[h] = 1.0f / vsqrt(var[h] + eps);
  }
  for (int b = 0; b < B; b++)
    for (int h = 0; h < lanes; h++) {
      float n = (x[(size_t)b * H + h] - m[h]) * inv[h];
      xhat[(size_t)b * H + h] = n;
      y[(size_t)b * H + h] = gamma[h] * n + beta[h];
    }
}

CLONES void cv_batchnorm(int B, int H, const float *restrict x, const float *restrict gamma,
                         const float *restrict beta, float eps, float *restrict mean, float *restrict var,
                         float *restrict xhat, float *restrict y) {
  int h = 0;
  for (; h + LANES <= H; h += LANES)
    norm_columns(LANES, B, H, x + h, gamma + h, beta + h, eps, mean + h, var + h, xhat + h, y + h);
  if (h < H) norm_columns(H - h, B, H, x + h, gamma + h, beta + h, eps, mean + h, var + h, xhat + h, y + h);
}

INLINE void norm_columns_backward(int lanes, int B, int H, const float *restrict xhat, const float *restrict gamma,
                                  const float *restrict var, float eps, const float *dy, float *restrict dgamma,
                                  float *restrict dbeta, float *dx) {
  float g[LANES] = {0}, s[LANES] = {0}, c[LANES], ib = 1.0f / (float)B;
  for (int b = 0; b < B; b++)
    for (int h = 0; h < lanes; h++) {
      float d = dy[(size_t)b * H + h];
      s[h] += d;
      g[h] += d * xhat[(size_t)b * H + h];
    }
  for (int h = 0; h < lanes; h++) {
    dgamma[h] = g[h];
    dbeta[h] = s[h];
    c[h] = gamma[h] / vsqrt(var[h] + eps);
    g[h] *= ib;
    s[h] *= ib;
  }
  for (int b = 0; b < B; b++)
    for (int h = 0; h < lanes; h++)
      dx[(size_t)b * H + h] = c[h] * (dy[(size_t)b * H + h] - (s[h] + xhat[(size_t)b * H + h] * g[h]));
}

CLONES void cv_batchnorm_backward(int B, int H, const float *restrict xhat, const float *restrict gamma,
                                  const float *restrict var, float eps, const float *dy, float *restrict dgamma,
                                  float *restrict dbeta, float *dx) {
  int h = 0;
  for (; h + LANES <= H; h += LANES)
    norm_columns_backward(LANES, B, H, xhat + h, gamma + h, var + h, eps, dy + h, dgamma + h, dbeta + h, dx + h);
  if (h < H) norm_columns_backward(H - h, B, H, xhat + h, gamma + h, var + h, eps, dy + h, dgamma + h, dbeta + h, dx + h);
}

CLONES void cv_affine(int B, int H, const float *restrict scale, const float *restrict shift, const float *restrict x,
                      float *restrict y) {
  for (int b = 0; b < B; b++)
    for (int h = 0; h < H; h++) y[(size_t)b * H + h] = scale[h] * x[(size_t)b * H + h] + shift[h];
}

// mask may be NULL: all ones.
CLONES void cv_relu(int n, const float *restrict mask, float *restrict y) {
  if (mask)
    for (int i = 0; i < n; i++) y[i] = (y[i] > 0.0f ? y[i] : 0.0f) * mask[i];
  else
    for (int i = 0; i < n; i++) y[i] = y[i] > 0.0f ? y[i] : 0.0f;
}

CLONES void cv_relu_backward(int n, const float *restrict y, const float *restrict mask, float *restrict dy) {
  if (mask)
    for (int i = 0; i < n; i++) dy[i] = y[i] > 0.0f ? dy[i] * mask[i] : 0.0f;
  else
    for (int i = 0; i < n; i++) dy[i] = y[i] > 0.0f ? dy[i] : 0.0f;
}

CLONES void cv_sum(int parts, int n, const float *restrict x, float *restrict y) {
  for (int i = 0; i < n; i++) {
    float s = x[i];
    for (int k = 1; k < parts; k++) s += x[(size_t)k * n + i];
    y[i] = s;
  }
}

CLONES void cv_add(int n, const float *restrict x, float *restrict y) {
  for (int i = 0; i < n; i++) y[i] += x[i];
}

CLONES void cv_column_sums(int B, int n, const float *restrict x, float *restrict sum) {
  memset(sum, 0, sizeof(float) * (size_t)n);
  for (int b = 0; b < B; b++)
    for (int i = 0; i < n; i++) sum[i] += x[(size_t)b * n + i];
}

// Square by square of SIDE numbers: both sides' cache lines are used up.
#define SIDE 16

CLONES void cv_transpose(int rows, int cols, int ld, const float *restrict x, float *restrict y) {
  for (int c = 0; c < cols; c += SIDE)
    for (int r = 0; r < ld; r += SIDE) {
      if (c + SIDE <= cols && r + SIDE <= rows) {
        float square[SIDE][SIDE];
        for (int i = 0; i < SIDE; i++)
          for (int j = 0; j < SIDE; j++) square[j][i] = x[(size_t)(r + i) * cols + c + j];
        for (int j = 0; j < SIDE; j++) memcpy(y + (size_t)(c + j) * ld + r, square[j], sizeof square[j]);
        continue;
      }
      for (int j = c; j < cols && j < c + SIDE; j++)
        for (int i = r; i < ld && i < r + SIDE; i++) y[(size_t)j * ld + i] = i < rows ? x[(size_t)i * cols + j] : 0;
    }
}
