// oneDNN as Swift sees it: one set of functions over 2.6 (Debian 12) and 3.x (newer systems).
//
// Between the two, memory descriptors went from structs to handles and the "operation descriptor, then
// primitive descriptor" pair became one call. Everything else (execution, memory, engines, streams) is the
// same in both and is used from <oneapi/dnnl/dnnl.h> directly.
//
// Conventions: every function returns a dnnl_status_t; backward functions take the forward primitive descriptor as
// their hint; descriptors made here are freed with onednn_md_destroy.
#ifndef SURPRISAL_ONEDNN_SHIM_H
#define SURPRISAL_ONEDNN_SHIM_H

#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

/// A memory descriptor: shape, type and layout. Opaque in both versions.
typedef struct onednn_md_s *onednn_md;

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

#if DNNL_VERSION_MAJOR < 3
#define ONEDNN_MD(md) ((const dnnl_memory_desc_t *)(md))
#else
#define ONEDNN_MD(md) ((const_dnnl_memory_desc_t)(md))
#endif

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

/// The execution argument that holds the second operand of the binary post-operation at `position`.
static inline int onednn_arg_post_operand(int position) {
  return DNNL_ARG_ATTR_MULTIPLE_POST_OP(position) | DNNL_ARG_SRC_1;
}

// ---- Memory descriptors -------------------------------------------------------------------------------

static inline dnnl_status_t onednn_md_create(onednn_md *md, int rank, const int64_t *dims,
                                             dnnl_data_type_t type, dnnl_format_tag_t tag) {
  dnnl_dims_t shape = {0};
  if (rank > DNNL_MAX_NDIMS) return dnnl_invalid_arguments;
  for (int axis = 0; axis < rank; axis++) shape[axis] = dims[axis];
#if DNNL_VERSION_MAJOR < 3
  dnnl_memory_desc_t *made = (dnnl_memory_desc_t *)malloc(sizeof(*made));
  if (!made) return dnnl_out_of_memory;
  dnnl_status_t status = dnnl_memory_desc_init_by_tag(made, rank, shape, type, tag);
  if (status != dnnl_success) { free(made); made = NULL; }
  *md = (onednn_md)made;
  return status;
#else
  return dnnl_memory_desc_create_with_tag((dnnl_memory_desc_t *)md, rank, shape, type, tag);
#endif
}

static inline void onednn_md_destroy(onednn_md md) {
  if (!md) return;
#if DNNL_VERSION_MAJOR < 3
  free(md);
#else
  dnnl_memory_desc_destroy((dnnl_memory_desc_t)md);
#endif
}

static inline size_t onednn_md_size(onednn_md md) { return dnnl_memory_desc_get_size(ONEDNN_MD(md)); }

static inline int onednn_md_equal(onednn_md a, onednn_md b) {
  return dnnl_memory_desc_equal(ONEDNN_MD(a), ONEDNN_MD(b));
}

/// A window of `parent`: `dims` elements from `offsets` on, in the parent's memory.
static inline dnnl_status_t onednn_md_window(onednn_md *md, onednn_md parent, const int64_t *dims,
                                             const int64_t *offsets) {
#if DNNL_VERSION_MAJOR < 3
  dnnl_memory_desc_t *made = (dnnl_memory_desc_t *)malloc(sizeof(*made));
  if (!made) return dnnl_out_of_memory;
  dnnl_status_t status = dnnl_memory_desc_init_submemory(made, ONEDNN_MD(parent), dims, offsets);
  if (status != dnnl_success) { free(made); made = NULL; }
  *md = (onednn_md)made;
  return status;
#else
  return dnnl_memory_desc_create_submemory((dnnl_memory_desc_t *)md, ONEDNN_MD(parent), dims, offsets);
#endif
}

/// A copy of the descriptor a primitive asks for (layouts made with dnnl_format_tag_any are decided there).
static inline dnnl_status_t onednn_pd_md(onednn_md *md, const_dnnl_primitive_desc_t pd, dnnl_query_t what,
                                         int index) {
#if DNNL_VERSION_MAJOR < 3
  const dnnl_memory_desc_t *found = dnnl_primitive_desc_query_md(pd, what, index);
  if (!found) return dnnl_invalid_arguments;
  dnnl_memory_desc_t *made = (dnnl_memory_desc_t *)malloc(sizeof(*made));
  if (!made) return dnnl_out_of_memory;
  *made = *found;
  *md = (onednn_md)made;
  return dnnl_success;
#else
  const_dnnl_memory_desc_t found = dnnl_primitive_desc_query_md(pd, what, index);
  if (!found) return dnnl_invalid_arguments;
  return dnnl_memory_desc_clone((dnnl_memory_desc_t *)md, found);
#endif
}

static inline dnnl_status_t onednn_memory_create(dnnl_memory_t *memory, onednn_md md, dnnl_engine_t engine,
                                                 void *handle) {
  return dnnl_memory_create(memory, ONEDNN_MD(md), engine, handle);
}

static inline const char *onednn_pd_implementation(const_dnnl_primitive_desc_t pd) {
  const char *name = NULL;
  dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, (void *)&name);
  return name ? name : "";
}

// ---- Post-operations ----------------------------------------------------------------------------------

static inline dnnl_status_t onednn_post_swish(dnnl_post_ops_t ops) {
#if DNNL_VERSION_MAJOR < 3
  return dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_swish, 1.0f, 0.0f);
#else
  return dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_swish, 1.0f, 0.0f);
#endif
}

/// Adds what the destination held before.
static inline dnnl_status_t onednn_post_sum(dnnl_post_ops_t ops) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_post_ops_append_sum(ops, 1.0f, 0, dnnl_data_type_undef);
#else
  return dnnl_post_ops_append_sum(ops, 1.0f);
#endif
}

static inline dnnl_status_t onednn_post_add(dnnl_post_ops_t ops, onednn_md other) {
  return dnnl_post_ops_append_binary(ops, dnnl_binary_add, ONEDNN_MD(other));
}

/// Multiplies by a number.
static inline dnnl_status_t onednn_post_scale(dnnl_post_ops_t ops, float factor) {
#if DNNL_VERSION_MAJOR < 3
  return dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_linear, factor, 0.0f);
#else
  return dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_linear, factor, 0.0f);
#endif
}

// ---- Primitive descriptors ----------------------------------------------------------------------------

#define ONEDNN_DILATION {0, 0}

static inline dnnl_status_t onednn_convolution_forward(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                                       dnnl_prop_kind_t kind, dnnl_alg_kind_t algorithm, onednn_md src,
                                                       onednn_md weights, onednn_md bias, onednn_md dst,
                                                       const int64_t *strides, const int64_t *pad_begin,
                                                       const int64_t *pad_end, const_dnnl_primitive_attr_t attr) {
  const dnnl_dims_t dilation = ONEDNN_DILATION;
#if DNNL_VERSION_MAJOR < 3
  dnnl_convolution_desc_t desc;
  dnnl_status_t status = dnnl_dilated_convolution_forward_desc_init(
      &desc, kind, algorithm, ONEDNN_MD(src), ONEDNN_MD(weights), ONEDNN_MD(bias), ONEDNN_MD(dst), strides, dilation, pad_begin, pad_end);
  return status != dnnl_success ? status : dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL);
#else
  return dnnl_convolution_forward_primitive_desc_create(
      pd, engine, kind, algorithm, ONEDNN_MD(src), ONEDNN_MD(weights), ONEDNN_MD(bias),
      ONEDNN_MD(dst), strides, dilation, pad_begin, pad_end, attr);
#endif
}

static inline dnnl_status_t onednn_convolution_backward_data(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_alg_kind_t algorithm, onednn_md diff_src,
    onednn_md weights, onednn_md diff_dst, const int64_t *strides, const int64_t *pad_begin, const int64_t *pad_end, const_dnnl_primitive_desc_t hint,
    const_dnnl_primitive_attr_t attr) {
  const dnnl_dims_t dilation = ONEDNN_DILATION;
#if DNNL_VERSION_MAJOR < 3
  dnnl_convolution_desc_t desc;
  dnnl_status_t status = dnnl_dilated_convolution_backward_data_desc_init(
      &desc, algorithm, ONEDNN_MD(diff_src), ONEDNN_MD(weights), ONEDNN_MD(diff_dst), strides,
      dilation, pad_begin, pad_end);
  return status != dnnl_success ? status : dnnl_primitive_desc_create(pd, &desc, attr, engine, hint);
#else
  return dnnl_convolution_backward_data_primitive_desc_create(
      pd, engine, algorithm, ONEDNN_MD(diff_src), ONEDNN_MD(weights), ONEDNN_MD(diff_dst),
      strides, dilation, pad_begin, pad_end, hint, attr);
#endif
}

static inline dnnl_status_t onednn_convolution_backward_weights(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_alg_kind_t algorithm, onednn_md src,
    onednn_md diff_weights, onednn_md diff_bias, onednn_md diff_dst, const int64_t *strides, const int64_t *pad_begin, const int64_t *pad_end,
    const_dnnl_primitive_desc_t hint, const_dnnl_primitive_attr_t attr) {
  const dnnl_dims_t dilation = ONEDNN_DILATION;
#if DNNL_VERSION_MAJOR < 3
  dnnl_convolution_desc_t desc;
  dnnl_status_t status = dnnl_dilated_convolution_backward_weights_desc_init(
      &desc, algorithm, ONEDNN_MD(src), ONEDNN_MD(diff_weights), ONEDNN_MD(diff_bias),
      ONEDNN_MD(diff_dst), strides, dilation, pad_begin, pad_end);
  return status != dnnl_success ? status : dnnl_primitive_desc_create(pd, &desc, attr, engine, hint);
#else
  return dnnl_convolution_backward_weights_primitive_desc_create(
      pd, engine, algorithm, ONEDNN_MD(src), ONEDNN_MD(diff_weights), ONEDNN_MD(diff_bias),
      ONEDNN_MD(diff_dst), strides, dilation, pad_begin, pad_end, hint, attr);
#endif
}

static inline dnnl_status_t onednn_matmul(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, onednn_md src,
                                          onednn_md weights, onednn_md bias, onednn_md dst,
                                          const_dnnl_primitive_attr_t attr) {
#if DNNL_VERSION_MAJOR < 3
  dnnl_matmul_desc_t desc;
  dnnl_status_t status =
      dnnl_matmul_desc_init(&desc, ONEDNN_MD(src), ONEDNN_MD(weights), ONEDNN_MD(bias), ONEDNN_MD(dst));
  return status != dnnl_success ? status : dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL);
#else
  return dnnl_matmul_primitive_desc_create(pd, engine, ONEDNN_MD(src), ONEDNN_MD(weights), ONEDNN_MD(bias),
                                           ONEDNN_MD(dst), attr);
#endif
}

/// Softmax over `axis`, of one layout for source and result, which may be the same memory.
static inline dnnl_status_t onednn_softmax_forward(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                                   dnnl_prop_kind_t kind, onednn_md data, int axis,
                                                   const_dnnl_primitive_attr_t attr) {
#if DNNL_VERSION_MAJOR < 3
  dnnl_softmax_desc_t desc;
  dnnl_status_t status = dnnl_softmax_forward_desc_init(&desc, kind, ONEDNN_MD(data), axis);
  return status != dnnl_success ? status : dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL);
#else
  return dnnl_softmax_forward_primitive_desc_create(pd, engine, kind, dnnl_softmax_accurate, ONEDNN_MD(data),
                                                    ONEDNN_MD(data), axis, attr);
#endif
}

/// Its gradient, from the result and the result's gradient.
static inline dnnl_status_t onednn_softmax_backward(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, onednn_md data,
                                                    int axis, const_dnnl_primitive_desc_t hint,
                                                    const_dnnl_primitive_attr_t attr) {
#if DNNL_VERSION_MAJOR < 3
  dnnl_softmax_desc_t desc;
  dnnl_status_t status = dnnl_softmax_backward_desc_init(&desc, ONEDNN_MD(data), ONEDNN_MD(data), axis);
  return status != dnnl_success ? status : dnnl_primitive_desc_create(pd, &desc, attr, engine, hint);
#else
  return dnnl_softmax_backward_primitive_desc_create(pd, engine, dnnl_softmax_accurate, ONEDNN_MD(data),
                                                     ONEDNN_MD(data), ONEDNN_MD(data), axis, hint, attr);
#endif
}

/// Layer normalisation over the last axis, with separate scale and shift.
static inline dnnl_status_t onednn_layer_normalization_forward(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                                               dnnl_prop_kind_t kind, onednn_md data,
                                                               onednn_md statistics, float epsilon,
                                                               const_dnnl_primitive_attr_t attr) {
  const unsigned flags = dnnl_use_scale | dnnl_use_shift;
#if DNNL_VERSION_MAJOR < 3
  dnnl_layer_normalization_desc_t desc;
  dnnl_status_t status = dnnl_layer_normalization_forward_desc_init(
      &desc, kind, ONEDNN_MD(data), ONEDNN_MD(statistics), epsilon, flags);
  return status != dnnl_success ? status : dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL);
#else
  return dnnl_layer_normalization_forward_primitive_desc_create(
      pd, engine, kind, ONEDNN_MD(data), ONEDNN_MD(data), ONEDNN_MD(statistics), epsilon, flags, attr);
#endif
}

static inline dnnl_status_t onednn_layer_normalization_backward(dnnl_primitive_desc_t *pd,
                                                                dnnl_engine_t engine, onednn_md data,
                                                                onednn_md statistics, float epsilon,
                                                                const_dnnl_primitive_desc_t hint,
                                                                const_dnnl_primitive_attr_t attr) {
  const unsigned flags = dnnl_use_scale | dnnl_use_shift;
#if DNNL_VERSION_MAJOR < 3
  dnnl_layer_normalization_desc_t desc;
  dnnl_status_t status = dnnl_layer_normalization_backward_desc_init(
      &desc, dnnl_backward, ONEDNN_MD(data), ONEDNN_MD(data), ONEDNN_MD(statistics), epsilon, flags);
  return status != dnnl_success ? status : dnnl_primitive_desc_create(pd, &desc, attr, engine, hint);
#else
  return dnnl_layer_normalization_backward_primitive_desc_create(
      pd, engine, dnnl_backward, ONEDNN_MD(data), ONEDNN_MD(data), ONEDNN_MD(data), ONEDNN_MD(statistics),
      epsilon, flags, hint, attr);
#endif
}

static inline dnnl_status_t onednn_eltwise_forward(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                                   dnnl_prop_kind_t kind, dnnl_alg_kind_t algorithm,
                                                   onednn_md data, float alpha, float beta,
                                                   const_dnnl_primitive_attr_t attr) {
#if DNNL_VERSION_MAJOR < 3
  dnnl_eltwise_desc_t desc;
  dnnl_status_t status = dnnl_eltwise_forward_desc_init(&desc, kind, algorithm, ONEDNN_MD(data), alpha, beta);
  return status != dnnl_success ? status : dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL);
#else
  return dnnl_eltwise_forward_primitive_desc_create(pd, engine, kind, algorithm, ONEDNN_MD(data),
                                                    ONEDNN_MD(data), alpha, beta, attr);
#endif
}

static inline dnnl_status_t onednn_eltwise_backward(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                                    dnnl_alg_kind_t algorithm, onednn_md data, float alpha,
                                                    float beta, const_dnnl_primitive_desc_t hint,
                                                    const_dnnl_primitive_attr_t attr) {
#if DNNL_VERSION_MAJOR < 3
  dnnl_eltwise_desc_t desc;
  dnnl_status_t status =
      dnnl_eltwise_backward_desc_init(&desc, algorithm, ONEDNN_MD(data), ONEDNN_MD(data), alpha, beta);
  return status != dnnl_success ? status : dnnl_primitive_desc_create(pd, &desc, attr, engine, hint);
#else
  return dnnl_eltwise_backward_primitive_desc_create(pd, engine, algorithm, ONEDNN_MD(data), ONEDNN_MD(data),
                                                     ONEDNN_MD(data), alpha, beta, hint, attr);
#endif
}

static inline dnnl_status_t onednn_binary(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                          dnnl_alg_kind_t algorithm, onednn_md a, onednn_md b, onednn_md dst,
                                          const_dnnl_primitive_attr_t attr) {
#if DNNL_VERSION_MAJOR < 3
  dnnl_binary_desc_t desc;
  dnnl_status_t status = dnnl_binary_desc_init(&desc, algorithm, ONEDNN_MD(a), ONEDNN_MD(b), ONEDNN_MD(dst));
  return status != dnnl_success ? status : dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL);
#else
  return dnnl_binary_primitive_desc_create(pd, engine, algorithm, ONEDNN_MD(a), ONEDNN_MD(b), ONEDNN_MD(dst),
                                           attr);
#endif
}

static inline dnnl_status_t onednn_resampling_forward(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                                      dnnl_prop_kind_t kind, onednn_md src, onednn_md dst,
                                                      const_dnnl_primitive_attr_t attr) {
#if DNNL_VERSION_MAJOR < 3
  dnnl_resampling_desc_t desc;
  dnnl_status_t status = dnnl_resampling_forward_desc_init(&desc, kind, dnnl_resampling_nearest, NULL,
                                                           ONEDNN_MD(src), ONEDNN_MD(dst));
  return status != dnnl_success ? status : dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL);
#else
  return dnnl_resampling_forward_primitive_desc_create(pd, engine, kind, dnnl_resampling_nearest, NULL,
                                                       ONEDNN_MD(src), ONEDNN_MD(dst), attr);
#endif
}

static inline dnnl_status_t onednn_resampling_backward(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                                       onednn_md diff_src, onednn_md diff_dst,
                                                       const_dnnl_primitive_desc_t hint,
                                                       const_dnnl_primitive_attr_t attr) {
#if DNNL_VERSION_MAJOR < 3
  dnnl_resampling_desc_t desc;
  dnnl_status_t status = dnnl_resampling_backward_desc_init(&desc, dnnl_resampling_nearest, NULL,
                                                            ONEDNN_MD(diff_src), ONEDNN_MD(diff_dst));
  return status != dnnl_success ? status : dnnl_primitive_desc_create(pd, &desc, attr, engine, hint);
#else
  return dnnl_resampling_backward_primitive_desc_create(pd, engine, dnnl_resampling_nearest, NULL,
                                                        ONEDNN_MD(diff_src), ONEDNN_MD(diff_dst), hint, attr);
#endif
}

static inline dnnl_status_t onednn_reorder(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, onednn_md src,
                                           onednn_md dst, const_dnnl_primitive_attr_t attr) {
  return dnnl_reorder_primitive_desc_create(pd, ONEDNN_MD(src), engine, ONEDNN_MD(dst), engine, attr);
}

/// Two tensors one after the other along `axis`.
static inline dnnl_status_t onednn_concat(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, int axis, onednn_md a,
                                          onednn_md b, onednn_md dst, const_dnnl_primitive_attr_t attr) {
#if DNNL_VERSION_MAJOR < 3
  const dnnl_memory_desc_t parts[2] = {*ONEDNN_MD(a), *ONEDNN_MD(b)};
  return dnnl_concat_primitive_desc_create(pd, ONEDNN_MD(dst), 2, axis, parts, attr, engine);
#else
  const_dnnl_memory_desc_t parts[2] = {ONEDNN_MD(a), ONEDNN_MD(b)};
  return dnnl_concat_primitive_desc_create(pd, engine, ONEDNN_MD(dst), 2, axis, parts, attr);
#endif
}

#endif
