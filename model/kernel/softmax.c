// The softmax over genes, block by block: reference_softmax.go says what each computes.
#include "vecmath.h"
#include "kernel.h"

// Cells stand beside each other in a row of ld, genes below each other: sums over
// genes are taken for 16 cells at once, and what belongs to a gene is one number.

CLONES void cv_softmax_block(int n, int ld, float *restrict y, const float *restrict bias,
                             float *restrict max, float *restrict sum) {
  for (int b = 0; b < ld; b++) {
    max[b] = -INFINITY;
    sum[b] = 0;
  }
  for (int j = 0; j < n; j++) {
    const float *restrict row = y + (size_t)j * ld;
    float w = bias[j];
    for (int b = 0; b < ld; b++) {
      float v = row[b] + w;
      max[b] = v > max[b] ? v : max[b];
    }
  }
  for (int j = 0; j < n; j++) {
    float *restrict row = y + (size_t)j * ld, w = bias[j];
    for (int b = 0; b < ld; b++) {
      float e = vexp(row[b] + w - max[b]);
      row[b] = e;
      sum[b] += e;
    }
  }
}

void cv_softmax_join(int blocks, int ld, const float *restrict max, const float *restrict sum, float *restrict scale) {
  for (int b = 0; b < ld; b++) {
    float top = max[b];
    for (int k = 1; k < blocks; k++) top = max[k * ld + b] > top ? max[k * ld + b] : top;
    double total = 0;
    for (int k = 0; k < blocks; k++) {
      double e = exp((double)max[k * ld + b] - top);
      scale[k * ld + b] = (float)e;
      total += e * sum[k * ld + b];
    }
    for (int k = 0; k < blocks; k++) scale[k * ld + b] = (float)(scale[k * ld + b] / total);
  }
}

CLONES void cv_softmax_backward(int n, int ld, const float *restrict y, const float *restrict scale,
                                float *restrict a, const float *restrict S, float mean, float *restrict db) {
  for (int j = 0; j < n; j++) {
    const float *restrict p = y + (size_t)j * ld;
    float *restrict row = a + (size_t)j * ld, d = 0;
#pragma omp simd reduction(+ : d)
    for (int b = 0; b < ld; b++) {
      float g = (p[b] * scale[b] * S[b] - row[b]) * mean;
      row[b] = g;
      d += g;
    }
    db[j] = d;
  }
}
