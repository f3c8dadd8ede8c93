// The gamma functions' terms of the counts of a stripe of genes, and the tables
// that small counts take them from. reference_likelihood.go says what is computed.
#include "gamma.h"

#define EPS 1e-8f

CLONES void cv_tables(int n, const float *restrict r, float *restrict tab) {
  float *restrict theta = tab, *restrict inv = tab + n, *restrict ratio = tab + 2 * (size_t)n;
  float *restrict lg = tab + 3 * (size_t)n, *restrict dg = lg + (size_t)CV_TABLE * n;
  for (int j = 0; j < n; j++) {
    float t = vexp(bounded(r[j]));
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

// Counts that no table serves are gathered in groups of MANY: what they need is
// long, and done for several at once. When that is depends on the cells beside a
// cell, so their terms of it are summed apart: its own sum keeps its order.
#define MANY 64
typedef struct {
  int n;
  float *ll; // (ld) sums of what waited
  int32_t at[MANY], cell[MANY]; // at: in DR, and in the tables
  double x[MANY], theta[MANY]; // own: theta holds r until the group is done
} waiting;

INLINE void begin_waiting(waiting *w, int ld, float *ll) {
  w->n = 0;
  w->ll = ll;
  memset(ll, 0, sizeof(float) * (size_t)ld);
}

INLINE void end_waiting(const waiting *w, int ld, float *restrict ll) {
  for (int b = 0; b < ld; b++) ll[b] += w->ll[b];
}

INLINE void wait_for(waiting *w, int32_t at, int32_t cell, double x, double theta) {
  w->at[w->n] = at;
  w->cell[w->n] = cell;
  w->theta[w->n] = theta;
  w->x[w->n++] = x;
}

INLINE void flush_large(waiting *w, int values, const float *restrict tab, float *restrict dr) {
  const float *restrict lg = tab + 3 * (size_t)values + (size_t)(CV_TABLE - 1) * values;
  const float *restrict dg = lg + (size_t)CV_TABLE * values;
  double l[MANY], g[MANY];
  int m = w->n;
#pragma omp simd
  for (int i = 0; i < m; i++) {
    double t = w->theta[i], a, b;
    large_count(w->x[i], t, 1 / (t + 1e-8), &a, &b);
    l[i] = a;
    g[i] = b;
  }
  for (int i = 0; i < m; i++) {
    int32_t at = w->at[i];
    w->ll[w->cell[i]] += (float)(l[i] + lg[at]);
    dr[at] += (float)(g[i] + dg[at]);
  }
  w->n = 0;
}

// Counts with the terms of their gene, or with CODED of their gene and code.
INLINE void tabled(int coded, stripe s) {
  int values = s.n * (coded ? s.codes : 1);
  const float *restrict tab = s.tab;
  const float *restrict lg = tab + 3 * (size_t)values, *restrict dg = lg + (size_t)CV_TABLE * values;
  float *restrict dr = s.dr, *restrict ll = s.ll;
  waiting w;
  begin_waiting(&w, s.ld, s.late);
  memset(dr, 0, sizeof(float) * (size_t)values);
  for (int j = 0; j < s.n; j++) {
    float sum = 0, *row = s.a + (size_t)j * s.ld;
    for (int i = s.start[j]; i < s.start[j + 1]; i++) {
      int32_t b = s.sorted[i].cell, at = coded ? j * s.codes + s.code[b] : j;
      float v = s.sorted[i].val;
      int32_t k = v < (float)CV_TABLE ? (int32_t)v : CV_TABLE;
      row[b] = v;
      if (k < CV_TABLE && (float)k == v) {
        ll[b] += lg[k * values + at];
        if (coded)
          dr[at] += dg[k * values + at];
        else
          sum += dg[k * values + at];
      } else if (v >= (float)CV_TABLE) {
        wait_for(&w, at, b, v, tab[at]);
        if (w.n == MANY) flush_large(&w, values, tab, dr);
      } else {
        double l, g, t = tab[at];
        fraction_count(v, t, 1 / (t + 1e-8), &l, &g);
        ll[b] += (float)l;
        if (coded)
          dr[at] += (float)g;
        else
          sum += (float)g;
      }
    }
    if (!coded) dr[j] += sum;
  }
  flush_large(&w, values, tab, dr);
  end_waiting(&w, s.ld, ll);
}

// Each count has its own theta: a small one's terms are P/x! and theta P'/P with
// the product P = (theta+k)/(theta+eps) over k < x, a large one's those of
// CV_TABLE-1 and the rest. Factors beyond x are 1.
INLINE void flush_own(int large, waiting *w, stripe s) {
  double l[MANY], g[MANY], p[MANY], d[MANY], ie[MANY];
  int m = w->n, top = 0;
#pragma omp simd
  for (int i = 0; i < m; i++) {
    w->theta[i] = vexp(bounded((float)w->theta[i]));
    ie[i] = 1 / (w->theta[i] + 1e-8);
  }
  for (int i = 0; i < m; i++) {
    top = large ? CV_TABLE - 1 : w->x[i] > top ? (int)w->x[i] : top;
    p[i] = 1;
    d[i] = 0;
    l[i] = log_factorial[large ? CV_TABLE - 1 : (int)w->x[i]];
  }
  for (int k = 0; k < top; k++)
#pragma omp simd
    for (int i = 0; i < m; i++) {
      double f = (w->theta[i] + k) * ie[i];
      int in = large || k < w->x[i];
      d[i] = in ? d[i] * f + p[i] * ie[i] : d[i];
      p[i] = in ? p[i] * f : p[i];
    }
#pragma omp simd
  for (int i = 0; i < m; i++) {
    double t = w->theta[i], a = 0, b = 0;
    if (large) large_count(w->x[i], t, ie[i], &a, &b);
    l[i] = a + dlog(p[i]) - l[i];
    g[i] = b + t * d[i] / p[i];
  }
  for (int i = 0; i < m; i++) {
    w->ll[w->cell[i]] += (float)l[i];
    s.dr[w->at[i]] = (float)g[i];
  }
  w->n = 0;
}

INLINE void own(stripe s) {
  waiting small, large;
  begin_waiting(&small, s.ld, s.late);
  begin_waiting(&large, s.ld, s.late + s.ld);
  memset(s.dr, 0, sizeof(float) * (size_t)s.n * s.ld);
  for (int j = 0; j < s.n; j++)
    for (int i = s.start[j]; i < s.start[j + 1]; i++) {
      int32_t b = s.sorted[i].cell, at = j * s.ld + b;
      float v = s.sorted[i].val;
      float r = s.r[at] + (s.rbias ? s.rbias[j] : 0);
      s.a[at] = v;
      if (v >= (float)CV_TABLE) {
        wait_for(&large, at, b, v, r);
        if (large.n == MANY) flush_own(1, &large, s);
      } else if ((float)(int32_t)v == v) {
        wait_for(&small, at, b, v, r);
        if (small.n == MANY) flush_own(0, &small, s);
      } else {
        double l, g, t = vexp(bounded(r));
        fraction_count(v, t, 1 / (t + 1e-8), &l, &g);
        s.ll[b] += (float)l;
        s.dr[at] = (float)g;
      }
    }
  flush_own(0, &small, s);
  flush_own(1, &large, s);
  end_waiting(&small, s.ld, s.ll);
  end_waiting(&large, s.ld, s.ll);
}

INLINE void flush_factorials(waiting *w) {
  double f[MANY];
#pragma omp simd
  for (int i = 0; i < w->n; i++) f[i] = log_factorial[CV_TABLE - 1] + large_factorial(w->x[i]);
  for (int i = 0; i < w->n; i++) w->ll[w->cell[i]] -= (float)f[i];
  w->n = 0;
}

INLINE void factorials(stripe s) {
  waiting w;
  begin_waiting(&w, s.ld, s.late);
  for (int j = 0; j < s.n; j++)
    for (int i = s.start[j]; i < s.start[j + 1]; i++) {
      int32_t b = s.sorted[i].cell;
      float v = s.sorted[i].val;
      s.a[(size_t)j * s.ld + b] = v;
      if (v >= (float)CV_TABLE) {
        wait_for(&w, 0, b, v, 0);
        if (w.n == MANY) flush_factorials(&w);
      } else
        s.ll[b] -= (float)((float)(int32_t)v == v ? log_factorial[(int32_t)v] : fraction_factorial(v));
    }
  flush_factorials(&w);
  end_waiting(&w, s.ld, s.ll);
}

// spread is for the normal, whose terms all have the mean.
INLINE void spread(stripe s) {
  memset(s.dr, 0, sizeof(float) * (size_t)s.n * (s.r ? s.ld : s.codes));
  for (int j = 0; j < s.n; j++)
    for (int i = s.start[j]; i < s.start[j + 1]; i++) s.a[(size_t)j * s.ld + s.sorted[i].cell] = s.sorted[i].val;
}

CLONES void cv_counts(int likelihood, stripe s) {
  memset(s.a, 0, sizeof(float) * (size_t)s.n * s.ld);
  if (likelihood == CV_AUTOZI) memset(s.ddelta, 0, sizeof(float) * (size_t)s.n * s.delta_codes);
  if (likelihood == CV_POISSON)
    factorials(s);
  else if (likelihood == CV_NORMAL)
    spread(s);
  else if (s.r)
    own(s);
  else if (s.codes > 1)
    tabled(1, s);
  else
    tabled(0, s);
}
