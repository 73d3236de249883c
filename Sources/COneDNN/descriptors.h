// oneDNN as Swift sees it: one set of functions over 2.6 (Debian 12) and 3.x (newer systems).
//
// Between the two, memory descriptors went from structs to handles and the "operation descriptor, then
// primitive descriptor" pair became one call. Everything else (execution, memory, engines, streams) is the
// same in both and is used from <oneapi/dnnl/dnnl.h> directly.
//
// Conventions: every function returns a dnnl_status_t; backward functions take the forward primitive descriptor as
// their hint; descriptors made here are freed with onednn_md_destroy.
//
// Here: memory and its descriptors, what is asked of primitives, and what follows them; primitives themselves are in primitives.h.
#ifndef SURPRISAL_ONEDNN_DESCRIPTORS_H
#define SURPRISAL_ONEDNN_DESCRIPTORS_H

#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>

/// A memory descriptor: shape, type and layout. Opaque in both versions.
typedef struct onednn_md_s *onednn_md;

#if DNNL_VERSION_MAJOR < 3
#define ONEDNN_MD(md) ((const dnnl_memory_desc_t *)(md))
#else
#define ONEDNN_MD(md) ((const_dnnl_memory_desc_t)(md))
#endif

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

/// The execution argument that holds the second operand of the binary post-operation at `position`.
static inline int onednn_arg_post_operand(int position) {
  return DNNL_ARG_ATTR_MULTIPLE_POST_OP(position) | DNNL_ARG_SRC_1;
}

#endif
