// The tiles for AVX-512: 32 registers of 16 floats.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#pragma GCC target("arch=x86-64-v4,prefer-vector-width=512")
#include <immintrin.h>
typedef float lanes __attribute__((vector_size(64), aligned(4), may_alias));
#define LANES 16
#define RSQRT(x) (lanes)_mm512_rsqrt14_ps(x)
#define RECIPROCAL(x) (lanes)_mm512_rcp14_ps(x)
#define TILE(name) cv_v4_##name
#define ROWS 12
#define COLS 2
#define CHUNK 8
#include "tiles.h"
#endif
