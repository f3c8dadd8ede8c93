// The tiles for AVX2: 16 registers of 8 floats.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#pragma GCC target("arch=x86-64-v3")
#include <immintrin.h>
typedef float lanes __attribute__((vector_size(32), aligned(4), may_alias));
#define LANES 8
#define RSQRT(x) (lanes)_mm256_rsqrt_ps(x)
#define RECIPROCAL(x) (lanes)_mm256_rcp_ps(x)
#define TILE(name) cv_v3_##name
#define ROWS 6
#define COLS 1
#define CHUNK 4
#include "tiles.h"
#endif
