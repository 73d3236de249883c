// Descriptors of the primitives that networks are made of; descriptors.h says by what conventions.
#ifndef SURPRISAL_ONEDNN_PRIMITIVES_H
#define SURPRISAL_ONEDNN_PRIMITIVES_H

#include "descriptors.h"

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
