// The negative-binomial output head over one block of n genes: softmax,
// likelihood and gradient, fused. reference.go says what each computes.
#include "vecmath.h"
#include "kernel.h"

#define EPS 1e-8f

// log k! for k < CV_TABLE.
static const double log_factorial[CV_TABLE] = {
    0.0, 0.0, 0.69314718055994530942, 1.7917594692280550008, 3.1780538303479456197,
    4.7874917427820459942, 6.5792512120101009951, 8.5251613610654143002, 10.604602902745250228,
    12.801827480081469611, 15.104412573075515295, 17.502307845873885839, 19.987214495661886150,
    22.552163853123422886, 25.191221182738681500, 27.899271383840891566};

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

CLONES void cv_nb_tables(int n, const float *restrict r, float *restrict tab) {
  float *restrict theta = tab, *restrict inv = tab + n, *restrict ratio = tab + 2 * (size_t)n;
  float *restrict lg = tab + 3 * (size_t)n, *restrict dg = lg + (size_t)CV_TABLE * n;
  for (int j = 0; j < n; j++) {
    float t = vexp(r[j]);
    theta[j] = t;
    inv[j] = 1.0f / (t + EPS);
    ratio[j] = t * inv[j];
    lg[j] = 0;
    dg[j] = 0;
  }
  for (int x = 1; x < CV_TABLE; x++) {
    const float *restrict lp = lg + (size_t)(x - 1) * n, *restrict dp = dg + (size_t)(x - 1) * n;
    float *restrict ln = lg + (size_t)x * n, *restrict dn = dg + (size_t)x * n;
    float k = (float)(x - 1) - EPS;
    float log_x = (float)(log_factorial[x] - log_factorial[x - 1]);
    for (int j = 0; j < n; j++) {
      // (theta+k)/(theta+eps) = 1+u; the first factor is below 1, the others above.
      float u = k * inv[j], w = 1.0f + u, iw = 1.0f / w;
      ln[j] = lp[j] + vlog1p(u, w, iw) - log_x;
      dn[j] = dp[j] + ratio[j] * iw;
    }
  }
}

// What a nonzero count x needs beyond the table, in double; see reference.go.
INLINE void large_count(double x, double theta, double ie, double *lg, double *dg) {
  const double T = CV_TABLE - 1;
  double d = x - T, y1 = theta + x, y2 = theta + T, i1 = 1 / y1, i2 = 1 / y2;
  double q = dlog1p(d * i2);
  double z1 = x + 1, z2 = T + 1, j1 = 1 / z1, j2 = 1 / z2;
  double f = dlog1p(d * j2);
  double a = (y2 - 0.5) * q + d * dlog(y1 * ie) - d + (i1 - i2) / 12 - (i1 * i1 * i1 - i2 * i2 * i2) / 360;
  double c = (z2 - 0.5) * f + d * dlog(z1) - d + (j1 - j2) / 12 - (j1 * j1 * j1 - j2 * j2 * j2) / 360;
  *lg = a - c;
  *dg = theta * (q - (i1 - i2) / 2 - (i1 * i1 - i2 * i2) / 12 + (i1 * i1 * i1 * i1 - i2 * i2 * i2 * i2) / 120);
}

// Counts that the table does not serve are gathered in groups of MANY: what they
// need is long, and done for several at once.
#define MANY 64
typedef struct {
  int n;
  int32_t gene[MANY], cell[MANY];
  double x[MANY];
} waiting;

INLINE void flush_waiting(waiting *w, int n, const float *restrict tab, float *restrict dr, float *restrict ll) {
  const float *restrict theta = tab;
  const float *restrict lg = tab + 3 * (size_t)n + (size_t)(CV_TABLE - 1) * n, *restrict dg = lg + (size_t)CV_TABLE * n;
  double l[MANY], g[MANY];
  int m = w->n;
#pragma omp simd
  for (int i = 0; i < m; i++) {
    double t = theta[w->gene[i]], a, b;
    large_count(w->x[i], t, 1 / (t + 1e-8), &a, &b);
    l[i] = a;
    g[i] = b;
  }
  for (int i = 0; i < m; i++) {
    int32_t j = w->gene[i];
    ll[w->cell[i]] += (float)(l[i] + lg[j]);
    dr[j] += (float)(g[i] + dg[j]);
  }
  w->n = 0;
}

CLONES void cv_nb_counts(int n, int ld, const float *restrict tab, const int32_t *restrict start,
                         const entry *restrict sorted, float *restrict x, float *restrict dr, float *restrict ll) {
  const float *restrict lg = tab + 3 * (size_t)n, *restrict dg = lg + (size_t)CV_TABLE * n;
  waiting w;
  w.n = 0;
  memset(x, 0, sizeof(float) * (size_t)n * ld);
  memset(dr, 0, sizeof(float) * (size_t)n);
  for (int j = 0; j < n; j++) {
    float sum = 0, *row = x + (size_t)j * ld;
    for (int i = start[j]; i < start[j + 1]; i++) {
      int32_t b = sorted[i].cell;
      float v = sorted[i].val;
      int32_t k = v < (float)CV_TABLE ? (int32_t)v : CV_TABLE;
      row[b] = v;
      if (k < CV_TABLE && (float)k == v) {
        ll[b] += lg[k * n + j];
        sum += dg[k * n + j];
      } else if (v >= (float)CV_TABLE) {
        w.gene[w.n] = j;
        w.cell[w.n] = b;
        w.x[w.n++] = v;
        if (w.n == MANY) flush_waiting(&w, n, tab, dr, ll);
      } else { // a fraction
        double l, g, t = tab[j];
        cv_gamma_ratio(v, t, 1 / (t + 1e-8), &l, &g);
        ll[b] += (float)l;
        sum += (float)g;
      }
    }
    dr[j] += sum;
  }
  flush_waiting(&w, n, tab, dr, ll);
}

// With u = mu/(theta+eps), w = 1+u and i = 1/w, mu dll/dmu of a zero is -theta u i.
// The shares are not written: a cell's are its exponentials times one number.
CLONES void cv_nb_block(int n, int ld, const float *restrict y, const float *restrict scale,
                        const float *restrict lib, const float *restrict tab,
                        float *restrict a, float *restrict dr, float *restrict ll, float *restrict S) {
  const float *restrict theta = tab, *restrict inv = tab + n, *restrict ratio = tab + 2 * (size_t)n;
  for (int j = 0; j < n; j++) {
    const float *restrict row = y + (size_t)j * ld;
    float *restrict xa = a + (size_t)j * ld;
    float t = theta[j], iv = inv[j], rt = ratio[j], d = 0, e = 0;
#pragma omp simd reduction(+ : d, e)
    for (int b = 0; b < ld; b++) {
      float mu = row[b] * scale[b] * lib[b], x = xa[b];
      float u = mu * iv, w = 1.0f + u, m = mu + EPS, both = 1.0f / (w * m), i = both * m;
      float ui = u * i, q = vlog1p(u, w, i), g = x * ((mu * (both * w) - 1.0f) + i) - t * ui;
      xa[b] = g;
      S[b] += g;
      ll[b] += x * vlog(m * i) - t * q;
      d += rt * ui - q;
      e += x * i;
    }
    dr[j] += t * d - rt * e;
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

// The slow path of fractional counts: log Gamma(x+theta) - log Gamma(theta) - x log(theta+eps) - log Gamma(x+1),
// and theta (psi(x+theta) - psi(theta)), both shifted up by CV_TABLE so that Stirling's series is accurate.
void cv_gamma_ratio(double x, double theta, double ie, double *lg, double *dg) {
  const double N = CV_TABLE;
  double l = 0, g = 0;
  for (int k = 0; k < CV_TABLE; k++) {
    l += log((theta + k) / (theta + x + k)) - log((1.0 + k) / (x + 1.0 + k));
    g += 1 / (theta + k) - 1 / (theta + x + k);
  }
  double y1 = theta + x + N, y2 = theta + N, i1 = 1 / y1, i2 = 1 / y2, q = dlog1p(x * i2);
  double z1 = x + 1 + N, z2 = 1 + N, j1 = 1 / z1, j2 = 1 / z2, f = dlog1p(x * j2);
  double a = (y2 - 0.5) * q + x * dlog(y1 * ie) - x + (i1 - i2) / 12 - (i1 * i1 * i1 - i2 * i2 * i2) / 360;
  double c = (z2 - 0.5) * f + x * dlog(z1) - x + (j1 - j2) / 12 - (j1 * j1 * j1 - j2 * j2 * j2) / 360;
  *lg = l + a - c;
  *dg = theta * (g + q - (i1 - i2) / 2 - (i1 * i1 - i2 * i2) / 12);
}
