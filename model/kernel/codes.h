// Numbers that a gene has one of for each code of a cell, such as its batch.
#ifndef CELLVI_CODES_H
#define CELLVI_CODES_H

#include "kernel.h"
#include "vecmath.h"

#define CHUNK 128 // cells that are done at once, at most: whole LANES
#define LANES 8
#define FEW 16 // codes up to which they are told apart by products with 0 and 1
#define ALIGNED __attribute__((aligned(64))) // else loops over it do some cells one by one

typedef float lanes __attribute__((vector_size(4 * LANES)));
typedef float half_lanes __attribute__((vector_size(2 * LANES)));

// coding is up to CHUNK cells' codes, and a gene's numbers spread over the cells.
typedef struct {
  int codes, len;
  const int32_t *code;
  ALIGNED float hot[FEW][CHUNK];    // 1 where a cell has the code
  ALIGNED float x[CHUNK], d[CHUNK]; // the gene's numbers; derivatives in them
} coding;

INLINE void code_cells(coding *c, int codes, const int32_t *code, int len) {
  c->codes = codes;
  c->code = code;
  c->len = len;
  for (int k = 0; k < codes && codes <= FEW; k++)
    for (int b = 0; b < len; b++) c->hot[k][b] = codes == 1 || code[b] == k ? 1.0f : 0.0f;
}

// by_code spreads a gene's numbers x (codes) over the cells.
INLINE void by_code(coding *c, const float *restrict x) {
  if (c->codes > FEW) {
    for (int b = 0; b < c->len; b++) c->x[b] = x[c->code[b]];
    return;
  }
  for (int b = 0; b < c->len; b += LANES) {
    lanes v = x[0] * *(lanes *)(c->hot[0] + b);
    for (int k = 1; k < c->codes; k++) v += x[k] * *(lanes *)(c->hot[k] + b);
    *(lanes *)(c->x + b) = v;
  }
}

// across is the sum of lanes, halves first.
INLINE float across(const lanes *v) {
  half_lanes h[2];
  memcpy(h, v, sizeof h);
  h[0] += h[1];
  return (h[0][0] + h[0][2]) + (h[0][1] + h[0][3]);
}

// sum_by_code adds the derivatives d to each code's sum y (codes).
INLINE void sum_by_code(const coding *c, float *restrict y) {
  if (c->codes > FEW) {
    for (int b = 0; b < c->len; b++) y[c->code[b]] += c->d[b];
    return;
  }
  for (int k = 0; k < c->codes; k++) {
    lanes v = *(const lanes *)c->d * *(const lanes *)c->hot[k];
    for (int b = LANES; b < c->len; b += LANES) v += *(const lanes *)(c->d + b) * *(const lanes *)(c->hot[k] + b);
    y[k] += across(&v);
  }
}

#endif
