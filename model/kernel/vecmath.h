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

// vlog is log(x) for normal x > 0, within 2 ulp.
// x = 2^k m with m in [sqrt(1/2), sqrt 2); log m = 2 atanh(s), s = (m-1)/(m+1),
// by its series 2 (s + s^3/3 + s^5/5 + ...): |s| <= 0.172, so s^11/11 ends it.
INLINE float vlog(float x) {
  int32_t i = float_bits(x) - 0x3f3504f3;
  float kf = (float)(i >> 23);
  float m = bits_float((i & 0x007fffff) + 0x3f3504f3);
  float f = m - 1.0f;
  float s = f / (2.0f + f);
  float z = s * s;
  float p = 2.0f / 9.0f;
  p = p * z + 2.0f / 7.0f;
  p = p * z + 2.0f / 5.0f;
  p = p * z + 2.0f / 3.0f;
  // f - s(f - z p) = 2s + s z p, written so that f carries the leading digits.
  float l = f - s * (f - z * p);
  return (l - kf * 2.12194440e-4f) + kf * 0.693359375f;
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
