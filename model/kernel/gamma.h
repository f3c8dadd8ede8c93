// The gamma functions' terms of counts that no table serves, in double.
#ifndef CELLVI_GAMMA_H
#define CELLVI_GAMMA_H

#include "kernel.h"
#include "vecmath.h"

// log k! for k < CV_TABLE.
static const double log_factorial[CV_TABLE] = {
    0.0, 0.0, 0.69314718055994530942, 1.7917594692280550008, 3.1780538303479456197,
    4.7874917427820459942, 6.5792512120101009951, 8.5251613610654143002, 10.604602902745250228,
    12.801827480081469611, 15.104412573075515295, 17.502307845873885839, 19.987214495661886150,
    22.552163853123422886, 25.191221182738681500, 27.899271383840891566};

// What log x! and the gamma terms of a count x have beyond those of CV_TABLE-1,
// by Stirling's series, each difference term by term; see nb.go.
INLINE double large_factorial(double x) {
  const double T = CV_TABLE - 1;
  double d = x - T, z1 = x + 1, z2 = T + 1, j1 = 1 / z1, j2 = 1 / z2;
  double f = dlog1p(d * j2);
  return (z2 - 0.5) * f + d * dlog(z1) - d + (j1 - j2) / 12 - (j1 * j1 * j1 - j2 * j2 * j2) / 360;
}

INLINE void large_count(double x, double theta, double ie, double *lg, double *dg) {
  const double T = CV_TABLE - 1;
  double d = x - T, y1 = theta + x, y2 = theta + T, i1 = 1 / y1, i2 = 1 / y2;
  double q = dlog1p(d * i2);
  double a = (y2 - 0.5) * q + d * dlog(y1 * ie) - d + (i1 - i2) / 12 - (i1 * i1 * i1 - i2 * i2 * i2) / 360;
  *lg = a - large_factorial(x);
  *dg = theta * (q - (i1 - i2) / 2 - (i1 * i1 - i2 * i2) / 12 + (i1 * i1 * i1 * i1 - i2 * i2 * i2 * i2) / 120);
}

// The slow path of fractional counts: log Gamma(x+theta) - log Gamma(theta) - x log(theta+eps) - log Gamma(x+1),
// and theta (psi(x+theta) - psi(theta)), both shifted up by CV_TABLE so that Stirling's series is accurate.
static void fraction_count(double x, double theta, double ie, double *lg, double *dg) {
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

// log x! of a fraction: that of x + CV_TABLE less what lies between.
static double fraction_factorial(double x) {
  double between = 1;
  for (int k = 1; k <= CV_TABLE; k++) between *= x + k;
  return log_factorial[CV_TABLE - 1] + large_factorial(x + CV_TABLE) - dlog(between);
}

#endif
