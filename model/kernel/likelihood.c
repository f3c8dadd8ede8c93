// The likelihoods of a stripe of genes and their gradients, fused.
// observation.go and reference_likelihood.go say what each computes.
#include "codes.h"

#define EPS 1e-8f

// Cells stand beside each other in a row of ld, genes below each other: sums over
// genes are taken for 16 cells at once, and what belongs to a gene is one number.
// The functions below are compiled for each ZERO and THETA: whose theta it is.
enum { NO_ZEROS, ZEROS, MIXED };
enum { GENE, CODED, OWN };

INLINE int positive(float x) { return float_bits(x) > 0; }

// exp_minus_abs is exp(-|x|), 0 beyond 100; the bound is put on the bits, see vexp.
INLINE float exp_minus_abs(float x) {
  int32_t i = float_bits(x) & 0x7fffffff;
  i = i > 0x42c80000 ? 0x42c80000 : i;
  return vexp(bits_float(i | (int32_t)0x80000000));
}

// inflate takes a count's log-probability nb and that of a zero q, both without
// inflation, and the inflation's logit pi; it gives the log-probability, the
// weight of the derivatives of q, and dll/dpi. With P = q - pi, a zero has
// s(P) - s(-pi), s(x) = max(x, 0) + log(1 + exp(-|x|)), another count nb - s(pi);
// both are written so that nothing cancels, and the second is the first with P
// beyond any bound. 0 (q - pi) keeps what is no number.
INLINE float inflate(float x, float nb, float q, float pi, float *weight, float *dpi) {
  float zero = q - pi, P = positive(x) ? 90.0f : zero; // exp(-90) is 0
  float e1 = exp_minus_abs(pi), e2 = exp_minus_abs(P), w1 = 1.0f + e1, w2 = 1.0f + e2;
  float both = 1.0f / (w1 * w2), i2 = both * w1, d = e2 - e1, v = d * (both * w2);
  float up = positive(pi) ? pi : 0.0f;
  float below = positive(pi) ? -1.0f : d, above = positive(pi) ? -d : 1.0f - e1 * e2;
  *weight = positive(P) ? i2 : e2 * i2;
  *dpi = (positive(P) ? below : above) * both;
  return (positive(P) ? nb : pi) - up + vlog1p(v, 1.0f + v, w1 * i2) + 0.0f * zero;
}

// mix gives the logit of zero inflation that the mixture of AutoZI has: of odds
// B p' / (delta + eps + B (1 - p')), B = 1 - delta + eps, p' = m + (1-m) sigmoid(pi);
// and its derivatives. With e = exp(-|pi|), odds are num/den; where m is 0 and pi
// below 0, num has lost a factor e, which would underflow.
INLINE float mix(float pi, float delta, float m, float *dpi, float *ddelta) {
  float none = m == 0 ? 1.0f : 0.0f, rest = 1.0f - m;
  float e = exp_minus_abs(pi), w = 1.0f + e, B = 1.0f - delta + EPS, A = delta + EPS + B * (EPS - EPS * none);
  float low = none + (1.0f - none) * e;
  float num = positive(pi) ? 1.0f + m * e : m + low;
  float den = A * w + B * rest * (positive(pi) ? e : 1.0f);
  float i = 1.0f / (B * num * den);
  *dpi = rest * (positive(pi) ? e : low) * B * i;
  *ddelta = -w * num * i;
  return vlog(B * num * (B * num * i)) + (positive(pi) ? 0.0f : none * pi) + 0.0f * pi;
}

// With u = mu/(theta+eps), w = 1+u and i = 1/w, mu dll/dmu of a zero is -theta u i.
// The shares are not written: a cell's are its exponentials times one number.
INLINE void nb_row(const int zero, const int whose, const stripe *s, int j, int first, int len, coding *theta, coding *delta) {
  size_t at = (size_t)j * s->ld + first;
  const float *restrict row = s->y + at, *restrict scale = s->scale + first, *restrict lib = s->lib + first;
  float *restrict xa = s->a + at, *restrict ll = s->ll + first, *restrict S = s->s + first;
  float *restrict r = whose == OWN ? s->r + at : 0, *restrict own = whose == OWN ? s->dr + at : 0;
  float *restrict pis = zero ? s->pi + at : 0;
  float rb = whose == OWN && s->rbias ? s->rbias[j] : 0, pb = zero && s->pibias ? s->pibias[j] : 0;
  float *restrict tx = theta->x, *restrict td = theta->d, *restrict px = delta->x, *restrict pd = delta->d;
  float least = s->min_dropout, gt = 0, gi = 0, gr = 0, d = 0, e = 0;
  if (whose == GENE) {
    gt = s->tab[j];
    gi = s->tab[s->n + j];
    gr = s->tab[2 * s->n + j];
  }
#pragma omp simd reduction(+ : d, e)
  for (int b = 0; b < len; b++) {
    float t = gt, iv = gi, rt = gr;
    if (whose == CODED) {
      t = tx[b];
      iv = 1.0f / (t + EPS);
      rt = t * iv;
    }
    if (whose == OWN) {
      t = vexp(bounded(r[b] + rb));
      iv = 1.0f / (t + EPS);
      rt = t * iv;
    }
    float mu = row[b] * scale[b] * lib[b], x = xa[b];
    float u = mu * iv, w = 1.0f + u, m = mu + EPS, both = 1.0f / (w * m), i = both * m;
    float ui = u * i, q = vlog1p(u, w, i), g, dt;
    if (zero == NO_ZEROS) {
      g = x * ((mu * (both * w) - 1.0f) + i) - t * ui;
      ll[b] += x * vlog(m * i) - t * q;
      dt = rt * ui - q;
    } else {
      float pi = pis[b] + pb, weight, h, dpi = 1, dd = 0;
      if (zero == MIXED) pi = mix(pi, px[b], least, &dpi, &dd);
      ll[b] += inflate(x, x * vlog(m * i) - t * q, -(t * q), pi, &weight, &h);
      g = x * ((mu * (both * w) - 1.0f) + i) - weight * (t * ui);
      dt = weight * (rt * ui - q);
      pis[b] = h * dpi;
      if (zero == MIXED) pd[b] = h * dd;
    }
    xa[b] = g;
    S[b] += g;
    if (whose == GENE) {
      d += dt;
      e += x * i;
    } else {
      float dr = t * dt - rt * (x * i);
      if (whose == CODED)
        td[b] = dr;
      else
        r[b] = own[b] + dr;
    }
  }
  if (whose == GENE) s->dr[j] += gt * d - gr * e;
}

// Rows are done whole, or where a row of numbers per code is needed CHUNK cells at a time.
INLINE void nb_rows(const int zero, const int whose, const stripe *s) {
  coding theta, delta;
  int step = whose == CODED || zero == MIXED ? CHUNK : s->ld;
  for (int first = 0; first < s->ld; first += step) {
    int len = s->ld - first < step ? s->ld - first : step;
    if (whose == CODED) code_cells(&theta, s->codes, s->code + first, len);
    if (zero == MIXED) code_cells(&delta, s->delta_codes, s->delta_codes > 1 ? s->delta_code + first : 0, len);
    for (int j = 0; j < s->n; j++) {
      if (whose == CODED) by_code(&theta, s->tab + (size_t)j * s->codes);
      if (zero == MIXED) by_code(&delta, s->delta + (size_t)j * s->delta_codes);
      nb_row(zero, whose, s, j, first, len, &theta, &delta);
      if (whose == CODED) sum_by_code(&theta, s->dr + (size_t)j * s->codes);
      if (zero == MIXED) sum_by_code(&delta, s->ddelta + (size_t)j * s->delta_codes);
    }
  }
}

INLINE void nb(const int zero, const stripe *s) {
  if (s->r)
    nb_rows(zero, OWN, s);
  else if (s->codes > 1)
    nb_rows(zero, CODED, s);
  else
    nb_rows(zero, GENE, s);
}

INLINE void poisson(const stripe *s) {
  for (int j = 0; j < s->n; j++) {
    size_t at = (size_t)j * s->ld;
    const float *restrict row = s->y + at, *restrict scale = s->scale, *restrict lib = s->lib;
    float *restrict xa = s->a + at, *restrict ll = s->ll, *restrict S = s->s;
#pragma omp simd
    for (int b = 0; b < s->ld; b++) {
      float mu = row[b] * scale[b] * lib[b], x = xa[b], g = x - mu;
      ll[b] += x * vlog(normal(mu)) - mu;
      xa[b] = g;
      S[b] += g;
    }
  }
}

// The standard deviations of a row come as numbers beside each other, whosever they are.
INLINE void normal_row(const stripe *s, int j, int first, int len, const float *restrict theta, float *restrict dr) {
  size_t at = (size_t)j * s->ld + first;
  const float *restrict row = s->y + at, *restrict scale = s->scale + first, *restrict lib = s->lib + first;
  float *restrict xa = s->a + at, *restrict ll = s->ll + first, *restrict S = s->s + first;
  int cells = s->cells - first;
#pragma omp simd
  for (int b = 0; b < len; b++) {
    float mu = row[b] * scale[b] * lib[b], t = theta[b], iv = 1.0f / t, z = (xa[b] - mu) * iv, g = mu * z * iv;
    float l = -0.5f * z * z - vlog(t) - 0.91893853f, live = b < cells ? 1.0f : 0.0f; // log(2 pi)/2
    ll[b] += l * live;
    dr[b] = (z * z - 1.0f) * live;
    xa[b] = g * live;
    S[b] += g * live;
  }
}

INLINE void normal_rows(const stripe *s) {
  coding c;
  for (int first = 0; first < s->ld; first += CHUNK) {
    int len = s->ld - first < CHUNK ? s->ld - first : CHUNK;
    code_cells(&c, s->r ? 1 : s->codes, s->codes > 1 && !s->r ? s->code + first : 0, len);
    for (int j = 0; j < s->n; j++) {
      float *restrict r = s->r ? s->r + (size_t)j * s->ld + first : 0;
      if (s->r) {
        float rb = s->rbias ? s->rbias[j] : 0;
        for (int b = 0; b < len; b++) c.x[b] = vexp(bounded(r[b] + rb));
      } else
        by_code(&c, s->tab + (size_t)j * s->codes);
      normal_row(s, j, first, len, c.x, c.d);
      if (s->r)
        memcpy(r, c.d, sizeof(float) * (size_t)len);
      else
        sum_by_code(&c, s->dr + (size_t)j * s->codes);
    }
  }
}

CLONES void cv_likelihood(int likelihood, stripe s) {
  if (likelihood == CV_NB) nb(NO_ZEROS, &s);
  if (likelihood == CV_ZINB) nb(ZEROS, &s);
  if (likelihood == CV_AUTOZI) nb(MIXED, &s);
  if (likelihood == CV_POISSON) poisson(&s);
  if (likelihood == CV_NORMAL) normal_rows(&s);
}
