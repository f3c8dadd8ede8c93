// The C half of package kernel; each function's meaning is at its Go twin, in ops.go.
#ifndef CELLVI_KERNEL_H
#define CELLVI_KERNEL_H

#include <stdint.h>

#define CV_TABLE 16   // counts below it take their gamma terms from a table
#define CV_BLOCK 512  // the most genes in a block

// The instances of tiles.h are numbered: 0 for any processor, 1 for AVX2, 2 for
// AVX-512. cv_best_set is the last that this processor runs; set chooses one.
int cv_best_set(void);

// Entry in ops.go.
typedef struct {
  int32_t cell;
  float val, log;
} entry;

// Likelihood in ops.go.
enum { CV_NB, CV_ZINB, CV_POISSON, CV_NORMAL, CV_AUTOZI };

// Stripe in ops.go, whose fields say what each is.
typedef struct {
  int n, ld, cells, codes, delta_codes;
  const int32_t *start, *code, *delta_code;
  const entry *sorted;
  const float *y, *scale, *lib, *tab, *rbias, *pibias, *delta;
  float *a, *ll, *s, *dr, *r, *pi, *ddelta, *late, min_dropout;
} stripe;

void cv_tables(int n, const float *r, float *tab);
void cv_counts(int likelihood, stripe s);
void cv_likelihood(int likelihood, stripe s);

void cv_softmax_block(int n, int ld, float *y, const float *bias, float *max, float *sum);
void cv_softmax_join(int blocks, int ld, const float *max, const float *sum, float *scale);
void cv_softmax_backward(int n, int ld, const float *y, const float *scale, float *a, const float *S, float mean, float *db);

void cv_softplus_block(int n, int ld, float *y, const float *bias);
void cv_softplus_backward(int n, int ld, const float *y, float *a, float mean, float *db);
void cv_scale_rows(int n, int ld, float by, float *x, float *sum);
void cv_squares(int n, int ld, int l, const float *t, const float *y, const float *scale, const float *w, float *sums, float *mean);
void cv_row_norm(int n, int ld, int B, float *y, const float *gamma, const float *beta, float eps, float *mean,
                 float *var, float *xhat);
void cv_row_norm_backward(int n, int ld, int B, const float *xhat, const float *gamma, const float *var, float eps,
                          float *a, float *dgamma, float *dbeta);
void cv_row_affine(int n, int ld, const float *scale, const float *shift, float *y);
void cv_layernorm(int B, int H, const float *x, float eps, float *inv, float *y);
void cv_layernorm_backward(int B, int H, const float *y, const float *inv, const float *dy, float *dx);

void cv_product(int set, int m, int n, int k, const float *a, int ra, int ca, const float *b, int ldb, float *c, int ldc);
int cv_has_half(void);
void cv_pair_rows(int n, const float *x, uint32_t *y);
void cv_pair_columns(int rows, int cols, const float *x, uint32_t *y);
void cv_half_product(int m, int n, int k, const uint32_t *a, int ra, int ca, const uint32_t *b, int ldb, float *c, int ldc);

void cv_transpose(int rows, int cols, int ld, const float *x, float *y);
long cv_unpack(int n, const uint16_t *genes, const uint8_t *counts, const float *logs, int32_t *idx, float *val,
               float *log);
void cv_dropout(int n, uint64_t key, uint32_t first, uint32_t limit, float keep, float *mask);
void cv_sparse_forward(int set, int lo, int hi, int B, int H, int blocks, const int32_t *bound, const int32_t *idx,
                       const float *val, const float *w, const float *bias, float *out);
void cv_sort_by_gene(int B, int n, const int32_t *lo, const int32_t *hi, const int32_t *idx, const float *val,
                     const float *log, int32_t first, int32_t *start, entry *sorted);
void cv_sparse_backward(int set, int n, int H, const int32_t *start, const entry *sorted, const float *dout, float *dw);

void cv_batchnorm(int B, int H, const float *x, const float *gamma, const float *beta, float eps,
                  float *mean, float *var, float *xhat, float *y);
void cv_batchnorm_backward(int B, int H, const float *xhat, const float *gamma, const float *var, float eps,
                           const float *dy, float *dgamma, float *dbeta, float *dx);
void cv_affine(int B, int H, const float *scale, const float *shift, const float *x, float *y);
void cv_relu(int n, const float *mask, float *y);
void cv_relu_backward(int n, const float *y, const float *mask, float *dy);
void cv_sum(int parts, int n, const float *x, float *y);
void cv_add(int n, const float *x, float *y);
void cv_column_sums(int B, int n, const float *x, float *sum);

void cv_adam(int set, int n, float *p, const float *g, float *m, float *v, float b1, float b2, float decay, float step,
             float unbias, float eps);
void openblas_set_num_threads(int n);

#endif
