// The threads that oneDNN works on, and what the processor can do.
#ifndef SURPRISAL_ONEDNN_THREADS_H
#define SURPRISAL_ONEDNN_THREADS_H

#include <oneapi/dnnl/dnnl.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

// Defined by the OpenMP runtime that libdnnl brings; absent where libdnnl was built without OpenMP.
extern void omp_set_num_threads(int count) __attribute__((weak));
extern int omp_get_max_threads(void) __attribute__((weak));
extern int omp_get_thread_num(void) __attribute__((weak));
extern int omp_get_num_threads(void) __attribute__((weak));
// What the compiler makes of `#pragma omp parallel`: in GNU's runtime and in LLVM's.
extern void GOMP_parallel(void (*body)(void *), void *context, unsigned threads, unsigned flags) __attribute__((weak));

static inline void onednn_set_threads(int count) {
  if (omp_set_num_threads) omp_set_num_threads(count);
}

static inline int onednn_max_threads(void) { return omp_get_max_threads ? omp_get_max_threads() : 1; }

/// Runs `body` on every thread of the calling thread's team, once, or on this thread alone where there is no OpenMP.
static inline void onednn_parallel(void (*body)(void *), void *context) {
  if (GOMP_parallel && omp_get_thread_num && omp_get_num_threads) GOMP_parallel(body, context, 0, 0);
  else body(context);
}

/// Within `onednn_parallel`: which thread of how many.
static inline int onednn_thread_index(void) { return omp_get_thread_num ? omp_get_thread_num() : 0; }
static inline int onednn_thread_count(void) { return omp_get_num_threads ? omp_get_num_threads() : 1; }

/// Whether the processor multiplies bfloat16 natively (oneDNN falls back to slow emulation elsewhere).
static inline int onednn_has_bf16(void) {
  const int isa = (int)dnnl_get_effective_cpu_isa();
  return (isa & (int)dnnl_cpu_isa_avx512_core_bf16) == (int)dnnl_cpu_isa_avx512_core_bf16;
}

/// Whether AMD made it.
static inline int onednn_is_amd(void) {
#if defined(__x86_64__)
  unsigned leaf, b, c, d;
  // "AuthenticAMD" in three registers.
  return __get_cpuid(0, &leaf, &b, &c, &d) && b == 0x68747541 && d == 0x69746e65 && c == 0x444d4163;
#else
  return 0;
#endif
}

/// Whether it has matrix tiles for bfloat16 (AMX).
static inline int onednn_has_amx_bf16(void) {
  const int tiles = (int)dnnl_cpu_isa_avx512_core_amx;
  return ((int)dnnl_get_effective_cpu_isa() & tiles) == tiles;
}

#endif
