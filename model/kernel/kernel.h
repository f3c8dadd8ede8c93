// The C half of package kernel; each function's meaning is at its Go twin in reference.go.
#ifndef CELLVI_KERNEL_H
#define CELLVI_KERNEL_H

#include <stdint.h>

#define CV_TABLE 16   // counts below it take their gamma terms from a table
#define CV_BLOCK 512  // the most genes in a block

void cv_softmax_block(int B, int n, float *y, const float *bias, float *max, float *sum);
void cv_nb_tables(int n, const float *r, float *tab);
void cv_nb_block(int B, int n, float *y, const float *scale, const float *lib, const float *tab,
                 const int32_t *lo, const int32_t *hi, const int32_t *idx, const float *val, int32_t first,
                 float *a, float *dr, float *ll, float *S);
void cv_softmax_backward(int B, int n, const float *rho, float *a, const float *S, float scale, float *db);
void cv_gamma_ratio(double x, double theta, double ie, double *lg, double *dg);

void cv_sparse_forward(int lo, int hi, int H, const int32_t *ptr, const int32_t *idx, const float *val,
                       const float *w, float *out);
void cv_sparse_backward(int B, int n, int H, const int32_t *lo, const int32_t *hi, const int32_t *idx,
                        const float *val, int32_t first, const float *dout, float *dw);

void cv_batchnorm(int B, int H, const float *x, const float *gamma, const float *beta, float eps,
                  float *mean, float *var, float *xhat, float *y);
void cv_batchnorm_backward(int B, int H, const float *xhat, const float *gamma, const float *var, float eps,
                           const float *dy, float *dgamma, float *dbeta, float *dx);
void cv_relu(int n, const float *mask, float *y);
void cv_relu_backward(int n, const float *y, const float *mask, float *dy);
void cv_add(int n, const float *x, float *y);
void cv_column_sums(int B, int n, const float *x, float *sum);

void cv_adam(int n, float *p, float *g, float *m, float *v, float b1, float b2, float decay, float step,
             float unbias, float eps);
void openblas_set_num_threads(int n);

#endif
