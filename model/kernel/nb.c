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

CLONES void cv_softmax_block(int B, int n, float *restrict y, const float *restrict bias,
                             float *restrict max, float *restrict sum) {
  for (int b = 0; b < B; b++) {
    float *restrict row = y + (size_t)b * n;
    float m = -INFINITY;
#pragma omp simd reduction(max : m)
    for (int j = 0; j < n; j++) {
      float v = row[j] + bias[j];
      row[j] = v;
      m = v > m ? v : m;
    }
    float s = 0;
#pragma omp simd reduction(+ : s)
    for (int j = 0; j < n; j++) {
      float e = vexp(row[j] - m);
      row[j] = e;
      s += e;
    }
    max[b] = m;
    sum[b] = s;
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

// One cell's nonzero counts within the block: k of them, gathered from the row.
INLINE float nonzeros(int n, int k, const int32_t *restrict idx, const float *restrict val, int32_t first,
                      float lib, const float *restrict tab, const float *restrict rho,
                      const float *restrict lw, const float *restrict iw,
                      float *restrict a, float *restrict dr, float *restrict S) {
  const float *restrict theta = tab, *restrict ratio = tab + 2 * (size_t)n;
  const float *restrict lg = tab + 3 * (size_t)n, *restrict dg = lg + (size_t)CV_TABLE * n;
  float mu[CV_BLOCK], l1[CV_BLOCK], i1[CV_BLOCK], q1[CV_BLOCK], xs[CV_BLOCK], lx[CV_BLOCK];
  float da[CV_BLOCK], dd[CV_BLOCK];
  int32_t big[CV_BLOCK], frac[CV_BLOCK];
  int nbig = 0, nfrac = 0;
  int32_t at[CV_BLOCK];
  for (int i = 0; i < k; i++) { // where in the table; the counts that it does not serve go to row 0, which is 0
    float x = val[i];
    int32_t xi = (int32_t)x, small = x < (float)CV_TABLE, whole = x == (float)xi, in = small & whole;
    at[i] = (in ? xi : 0) * n + idx[i] - first;
    xs[i] = in ? x : 0.0f;
    big[nbig] = frac[nfrac] = i;
    nbig += !small;
    nfrac += small & !whole;
  }
  for (int i = 0; i < k; i++) {
    int32_t j = idx[i] - first;
    mu[i] = rho[j] * lib;
    l1[i] = lw[j];
    i1[i] = iw[j];
    q1[i] = ratio[j];
  }
  for (int i = 0; i < k; i++) {
    lx[i] = lg[at[i]];
    dd[i] = dg[at[i]];
  }
  float ll = 0, s = 0;
#pragma omp simd reduction(+ : ll, s)
  for (int i = 0; i < k; i++) {
    float x = val[i], m = mu[i] + EPS, g = x * (mu[i] / m - 1.0f + i1[i]);
    ll += xs[i] * (vlog(m) - l1[i]) + lx[i];
    s += g;
    da[i] = g;
    dd[i] -= x * q1[i] * i1[i];
  }
  double lbig = 0;
#pragma omp simd reduction(+ : lbig)
  for (int i = 0; i < nbig; i++) {
    int32_t p = big[i], j = idx[p] - first, at = (CV_TABLE - 1) * n + j;
    double x = val[p], t = theta[j], ie = 1 / (t + 1e-8), m = (double)rho[j] * lib, l, g;
    large_count(x, t, ie, &l, &g);
    lbig += x * (dlog(m + 1e-8) - dlog1p(m * ie)) + l + lg[at];
    dd[p] = (float)(g + dg[at] - x * ratio[j] * iw[j]);
  }
  for (int i = 0; i < nfrac; i++) {
    int32_t p = frac[i], j = idx[p] - first;
    double x = val[p], t = theta[j], ie = 1 / (t + 1e-8), m = (double)rho[j] * lib, l, g;
    cv_gamma_ratio(x, t, ie, &l, &g);
    lbig += x * (log(m + 1e-8) - log1p(m * ie)) + l;
    dd[p] = (float)(g - x * ratio[j] * iw[j]);
  }
  for (int i = 0; i < k; i++) {
    int32_t j = idx[i] - first;
    a[j] += da[i];
    dr[j] += dd[i];
  }
  *S += s;
  return ll + (float)lbig;
}

CLONES void cv_nb_block(int B, int n, float *restrict y, const float *restrict scale,
                        const float *restrict lib, const float *restrict tab,
                        const int32_t *restrict lo, const int32_t *restrict hi,
                        const int32_t *restrict idx, const float *restrict val, int32_t first,
                        float *restrict a, float *restrict dr, float *restrict ll, float *restrict S) {
  const float *restrict theta = tab, *restrict inv = tab + n, *restrict ratio = tab + 2 * (size_t)n;
  float lw[CV_BLOCK], iw[CV_BLOCK];
  memset(dr, 0, sizeof(float) * (size_t)n);
  for (int b = 0; b < B; b++) {
    float *restrict rho = y + (size_t)b * n, *restrict ab = a + (size_t)b * n;
    float sc = scale[b], L = lib[b], sum = 0, sa = 0;
#pragma omp simd reduction(+ : sum, sa)
    for (int j = 0; j < n; j++) {
      float p = rho[j] * sc, mu = p * L, u = mu * inv[j], w = 1.0f + u, i = 1.0f / w;
      float q = vlog1p(u, w, i), t = theta[j], g = -mu * ratio[j] * i;
      rho[j] = p;
      lw[j] = q;
      iw[j] = i;
      ab[j] = g;
      sa += g;
      sum -= t * q;
      dr[j] += t * (ratio[j] * u * i - q);
    }
    sum += nonzeros(n, hi[b] - lo[b], idx + lo[b], val + lo[b], first, L, tab, rho, lw, iw, ab, dr, &sa);
    ll[b] = sum;
    S[b] = sa;
  }
}

CLONES void cv_softmax_backward(int B, int n, const float *restrict rho, float *restrict a,
                                const float *restrict S, float scale, float *restrict db) {
  memset(db, 0, sizeof(float) * (size_t)n);
  for (int b = 0; b < B; b++) {
    const float *restrict p = rho + (size_t)b * n;
    float *restrict ab = a + (size_t)b * n, s = S[b];
    for (int j = 0; j < n; j++) {
      float g = (p[j] * s - ab[j]) * scale;
      ab[j] = g;
      db[j] += g;
    }
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
