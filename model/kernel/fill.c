// What fills a minibatch: counts out of their compact form, dropout's masks.
// reference.go says what each computes.
#include "vecmath.h"
#include "kernel.h"

CLONES long cv_unpack(int n, const uint16_t *restrict genes, const uint8_t *restrict counts, const float *restrict logs,
                      int32_t *restrict idx, float *restrict val, float *restrict log) {
  int32_t total = 0;
  for (int i = 0; i < n; i++) idx[i] = genes[i];
  for (int i = 0; i < n; i++) {
    total += counts[i];
    val[i] = counts[i];
    log[i] = logs[counts[i]];
  }
  return total;
}

INLINE uint32_t lowbias32(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x7feb352dU;
  x = (x ^ (x >> 15)) * 0x846ca68bU;
  return x ^ (x >> 16);
}

CLONES void cv_dropout(int n, uint64_t key, uint32_t first, uint32_t limit, float keep, float *restrict mask) {
  uint32_t low = (uint32_t)key, high = (uint32_t)(key >> 32);
  for (int i = 0; i < n; i++)
    mask[i] = lowbias32(lowbias32((first + (uint32_t)i) ^ low) ^ high) < limit ? 0.0f : keep;
}
