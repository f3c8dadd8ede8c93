// Vectorizable float32 exp, log and log1p, and what every kernel file shares.
//
// Each kernel is compiled for several instruction sets (CLONES) and picked at
// load time. The helpers are plain scalar code without branches, so that the
// compiler vectorizes the loops they are inlined in, once per instruction set.
#ifndef CELLVI_VECMATH_H
#define CELLVI_VECMATH_H

#include <stdint.h>
#include <string.h>
#include <math.h>

// Selects that cannot trap can be vectorized. cgo refuses this as a flag, so it
// stands here; no-math-errno, which would free sqrtf, gcc 12 ignores here: see vsqrt.
#pragma GCC optimize("O3", "no-trapping-math")

#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
#define INLINE static inline __attribute__((always_inline))

INLINE float bits_float(int32_t i) { float f; memcpy(&f, &i, 4); return f; }
INLINE int32_t float_bits(float f) { int32_t i; memcpy(&i, &f, 4); return i; }
INLINE double bits_double(int64_t i) { double f; memcpy(&f, &i, 8); return f; }
INLINE int64_t double_bits(double f) { int64_t i; memcpy(&i, &f, 8); return i; }

// vexp is exp(x) within 2 ulp for -1e5 < x <= 88; 0 below -87.3.
// x = k ln 2 + r with |r| <= ln 2 / 2; exp(r) by its Taylor series to r^7/7!,
// whose remainder is below half an ulp there; ln 2 in two parts (Cody and Waite).
// The bound is put on k, not on x: a comparison of floats keeps gcc 12 from
// vectorizing the loop for AVX-512.
INLINE float vexp(float x) {
  float t = x * 1.44269504f;
  int32_t k = (int32_t)(t + copysignf(0.5f, t));
  k = k < -127 ? -127 : k; // 2^-127 is written as 0
  float kf = (float)k;
  float r = (x - kf * 0.693359375f) + kf * 2.12194440e-4f;
  float p = 1.0f / 5040.0f;
  p = p * r + 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return p * bits_float((k + 127) << 23);
}

// bounded is r between -80 and 80, where exp(r) is a normal float: no likelihood
// tells thetas beyond from these. A select of floats would do, but see vexp. What is
// no number stays so.
INLINE float bounded(float r) {
  int32_t i = float_bits(r), a = i & 0x7fffffff;
  a = a > 0x42a00000 ? 0x42a00000 : a;
  return bits_float(a | (i & (int32_t)0x80000000)) + 0.0f * r;
}

// normal is x >= 0, or the least normal float where x is less.
INLINE float normal(float x) {
  int32_t i = float_bits(x);
  return bits_float(i < 0x00800000 ? 0x00800000 : i);
}

// vlog is log(x) for normal x > 0, within 2 ulp.
// x = 2^k m with m in [2/3, 4/3), f = m-1; log m = f - f^2/2 + f^3 P(f), without a
// division. P's seven coefficients are the minimax fit of the relative error
// (Lawson's reweighted least squares at 4,000 Chebyshev nodes): 3.7e-8.
INLINE float vlog(float x) {
  int32_t i = float_bits(x) - 0x3f2aaaab;
  float kf = (float)(i >> 23);
  float f = bits_float((i & 0x007fffff) + 0x3f2aaaab) - 1.0f;
  float p = 0.13820235f;
  p = p * f - 0.15122180f;
  p = p * f + 0.14042309f;
  p = p * f - 0.16472326f;
  p = p * f + 0.20007919f;
  p = p * f - 0.25004238f;
  p = p * f + 0.33333266f;
  p = p * f - 0.5f;
  return kf * 0.69314718f + (p * (f * f) + f);
}

// vlog1p is log(1+u) for u >= 0, given w = 1+u rounded and iw = 1/w:
// log w plus the first-order term of what the rounding of w lost.
INLINE float vlog1p(float u, float w, float iw) { return vlog(w) + (u - (w - 1.0f)) * iw; }

// vsqrt is sqrt(x) within 2 ulp for normal x, 0 at 0: x times 1/sqrt(x) by
// three Newton steps from the well-known shift of the exponent (error 3%, then
// 2e-3, 5e-6, below rounding).
INLINE float vsqrt(float x) {
  float r = bits_float(0x5f3759df - (float_bits(x) >> 1)), h = 0.5f * x;
  r = r * (1.5f - h * r * r);
  r = r * (1.5f - h * r * r);
  r = r * (1.5f - h * r * r);
  return x * r;
}

// dlog is log(x) in double for normal x > 0, by the same series to s^21/21
// (relative error below 1e-15).
INLINE double dlog(double x) {
  int64_t i = double_bits(x) - 0x3fe6a09e667f3bcdLL;
  double kf = (double)(i >> 52);
  double m = bits_double((i & 0x000fffffffffffffLL) + 0x3fe6a09e667f3bcdLL);
  double f = m - 1.0, s = f / (2.0 + f), z = s * s;
  double p = 2.0 / 21;
  p = p * z + 2.0 / 19;
  p = p * z + 2.0 / 17;
  p = p * z + 2.0 / 15;
  p = p * z + 2.0 / 13;
  p = p * z + 2.0 / 11;
  p = p * z + 2.0 / 9;
  p = p * z + 2.0 / 7;
  p = p * z + 2.0 / 5;
  p = p * z + 2.0 / 3;
  double l = f - s * (f - z * p);
  return l + kf * 0.69314718055994530942;
}

// dlog1p is log(1+u) in double for u >= 0.
INLINE double dlog1p(double u) {
  double w = 1.0 + u;
  return dlog(w) + (u - (w - 1.0)) / w;
}

#endif
