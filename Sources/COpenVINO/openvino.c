#include "COpenVINO.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// MARK: What is used of openvino/c/openvino.h

typedef int ov_status;  // ov_status_e: 0 is OK
typedef struct ov_core ov_core;
typedef struct ov_model ov_model;
typedef struct ov_compiled_model ov_compiled_model;
typedef struct ov_infer_request ov_infer_request;
typedef struct ov_tensor ov_tensor;
typedef struct ov_port ov_port;  // ov_output_const_port_t
typedef struct { const char *number, *description; } ov_version;
typedef struct { int64_t rank; int64_t *dimensions; } ov_shape;
typedef struct { int64_t least, most; } ov_dimension;
typedef struct { ov_dimension rank; ov_dimension *dimensions; } ov_partial_shape;

// Every function once: its result, its name without ov_, its parameters.
#define FUNCTIONS(F) \
  F(ov_status, get_openvino_version, (ov_version *)) \
  F(void, version_free, (ov_version *)) \
  F(void, free, (const char *)) \
  F(ov_status, core_create, (ov_core **)) \
  F(void, core_free, (ov_core *)) \
  F(ov_status, core_read_model_from_memory_buffer, \
    (const ov_core *, const char *, size_t, const ov_tensor *, ov_model **)) \
  F(ov_status, core_compile_model, \
    (const ov_core *, const ov_model *, const char *, size_t, ov_compiled_model **, ...)) \
  F(void, model_free, (ov_model *)) \
  F(ov_status, model_inputs_size, (const ov_model *, size_t *)) \
  F(ov_status, model_const_input_by_index, (const ov_model *, size_t, ov_port **)) \
  F(ov_status, model_reshape_single_input, (const ov_model *, ov_partial_shape)) \
  F(ov_status, partial_shape_create_static, (int64_t, const int64_t *, ov_partial_shape *)) \
  F(void, partial_shape_free, (ov_partial_shape *)) \
  F(ov_status, port_get_any_name, (const ov_port *, char **)) \
  F(ov_status, port_get_partial_shape, (const ov_port *, ov_partial_shape *)) \
  F(void, output_const_port_free, (ov_port *)) \
  F(void, compiled_model_free, (ov_compiled_model *)) \
  F(ov_status, compiled_model_outputs_size, (const ov_compiled_model *, size_t *)) \
  F(ov_status, compiled_model_output_by_index, (const ov_compiled_model *, size_t, ov_port **)) \
  F(ov_status, compiled_model_create_infer_request, (const ov_compiled_model *, ov_infer_request **)) \
  F(void, infer_request_free, (ov_infer_request *)) \
  F(ov_status, infer_request_get_input_tensor_by_index, (const ov_infer_request *, size_t, ov_tensor **)) \
  F(ov_status, infer_request_get_output_tensor_by_index, (const ov_infer_request *, size_t, ov_tensor **)) \
  F(ov_status, infer_request_infer, (ov_infer_request *)) \
  F(void, tensor_free, (ov_tensor *)) \
  F(ov_status, tensor_get_shape, (const ov_tensor *, ov_shape *)) \
  F(ov_status, tensor_get_size, (const ov_tensor *, size_t *)) \
  F(ov_status, tensor_get_byte_size, (const ov_tensor *, size_t *)) \
  F(ov_status, tensor_data, (const ov_tensor *, void **)) \
  F(ov_status, shape_free, (ov_shape *))

struct encoder_library {
  void *handle;
  // Not in every version.
  const char *(*get_last_err_msg)(void);
#define FIELD(result, name, parameters) result(*name) parameters;
  FUNCTIONS(FIELD)
#undef FIELD
};

struct encoder_model {
  const encoder_library *ov;
  ov_core *core;
  ov_model *model;
  ov_compiled_model *compiled;
  ov_infer_request *request;
  ov_tensor *input;
  ov_tensor **outputs;
  size_t count;
};

// MARK: Loading

encoder_library *encoder_library_load(const char *path, char *error, size_t size) {
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char *reason = dlerror();
    snprintf(error, size, "%s", reason ? reason : "it cannot be loaded");
    return NULL;
  }
  encoder_library *ov = calloc(1, sizeof *ov);
  if (!ov) {
    snprintf(error, size, "out of memory");
    return NULL;
  }
  ov->handle = handle;
#define FIND(result, name, parameters) \
  *(void **)&ov->name = dlsym(handle, "ov_" #name); \
  if (!ov->name) { \
    snprintf(error, size, "it has no function ov_" #name ": OpenVINO 2023.1 or newer is needed"); \
    free(ov); \
    return NULL; \
  }
  FUNCTIONS(FIND)
#undef FIND
  *(void **)&ov->get_last_err_msg = dlsym(handle, "ov_get_last_err_msg");
  return ov;
}

void encoder_library_version(const encoder_library *ov, char *text, size_t size) {
  ov_version version = {0};
  snprintf(text, size, "unknown");
  if (ov->get_openvino_version(&version) != 0) return;
  if (version.number) snprintf(text, size, "%s", version.number);
  ov->version_free(&version);
}

/// Whether a call went well; what the library says where not, less what only its authors can use.
static bool went(const encoder_library *ov, ov_status status, const char *what, char *error, size_t size) {
  if (status == 0) return true;
  const char *said = ov->get_last_err_msg ? ov->get_last_err_msg() : NULL;
  if (said && *said) snprintf(error, size, "%s: %s", what, said);
  else snprintf(error, size, "%s: status %d", what, status);
  return false;
}

// MARK: A model

encoder_model *encoder_model_read(
    const encoder_library *ov, const uint8_t *bytes, size_t count, char *error, size_t size) {
  encoder_model *model = calloc(1, sizeof *model);
  if (!model) {
    snprintf(error, size, "out of memory");
    return NULL;
  }
  model->ov = ov;
  size_t inputs = 0;
  if (!went(ov, ov->core_create(&model->core), "OpenVINO does not start", error, size)
      || !went(
          ov, ov->core_read_model_from_memory_buffer(model->core, (const char *)bytes, count, NULL, &model->model),
          "no model that OpenVINO reads", error, size)
      || !went(ov, ov->model_inputs_size(model->model, &inputs), "its inputs", error, size)) {
    encoder_model_free(model);
    return NULL;
  }
  if (inputs != 1) {
    snprintf(error, size, "it has %zu inputs: an encoder of images has one", inputs);
    encoder_model_free(model);
    return NULL;
  }
  return model;
}

int encoder_model_input(const encoder_model *model, int64_t dimensions[ENCODER_RANK], char *error, size_t size) {
  const encoder_library *ov = model->ov;
  ov_port *port = NULL;
  ov_partial_shape shape = {0};
  if (!went(ov, ov->model_const_input_by_index(model->model, 0, &port), "its input", error, size)) return -1;
  bool known = went(ov, ov->port_get_partial_shape(port, &shape), "its input's shape", error, size);
  ov->output_const_port_free(port);
  if (!known) return -1;
  // A rank that is open has other bounds, or none.
  int rank = shape.rank.least == shape.rank.most && shape.rank.most <= ENCODER_RANK ? (int)shape.rank.most : 0;
  for (int k = 0; k < rank; k++) {
    ov_dimension d = shape.dimensions[k];
    dimensions[k] = d.least == d.most ? d.most : -1;
  }
  ov->partial_shape_free(&shape);
  return rank;
}

int encoder_model_compile(
    encoder_model *model, const int64_t dimensions[4], int threads, char *error, size_t size) {
  const encoder_library *ov = model->ov;
  ov_partial_shape shape = {0};
  if (!went(ov, ov->partial_shape_create_static(4, dimensions, &shape), "shape", error, size)) return -1;
  bool fits = went(
      ov, ov->model_reshape_single_input(model->model, shape), "it does not take images of this size", error, size);
  ov->partial_shape_free(&shape);
  if (!fits) return -1;
  char count[16];
  snprintf(count, sizeof count, "%d", threads);
  // Single precision whatever the processor has: the same numbers everywhere, to the last digits.
  if (!went(
          ov,
          ov->core_compile_model(
              model->core, model->model, "CPU", 6, &model->compiled, "INFERENCE_NUM_THREADS", count,
              "PERFORMANCE_HINT", "LATENCY", "INFERENCE_PRECISION_HINT", "f32"),
          "OpenVINO cannot run it", error, size)
      || !went(
          ov, ov->compiled_model_create_infer_request(model->compiled, &model->request), "OpenVINO cannot run it",
          error, size)
      || !went(
          ov, ov->infer_request_get_input_tensor_by_index(model->request, 0, &model->input), "its input", error,
          size)
      || !went(ov, ov->compiled_model_outputs_size(model->compiled, &model->count), "its outputs", error, size))
    return -1;
  model->outputs = calloc(model->count, sizeof *model->outputs);
  if (!model->outputs) {
    snprintf(error, size, "out of memory");
    return -1;
  }
  return 0;
}

/// A tensor's values; NULL where they are no numbers of four bytes.
static float *values(const encoder_library *ov, const ov_tensor *tensor, const char *what, char *error, size_t size) {
  size_t count = 0, bytes = 0;
  void *data = NULL;
  if (!went(ov, ov->tensor_get_size(tensor, &count), what, error, size)
      || !went(ov, ov->tensor_get_byte_size(tensor, &bytes), what, error, size)
      || !went(ov, ov->tensor_data(tensor, &data), what, error, size))
    return NULL;
  if (bytes != 4 * count) {
    snprintf(error, size, "%s: values of %zu bytes where 32-bit floats are wanted", what, count ? bytes / count : 0);
    return NULL;
  }
  return data;
}

float *encoder_model_input_values(encoder_model *model, char *error, size_t size) {
  return values(model->ov, model->input, "its input", error, size);
}

int encoder_model_run(encoder_model *model, char *error, size_t size) {
  return went(model->ov, model->ov->infer_request_infer(model->request), "OpenVINO", error, size) ? 0 : -1;
}

size_t encoder_model_outputs(const encoder_model *model) { return model->count; }

int encoder_model_output_name(const encoder_model *model, size_t index, char *name, size_t size) {
  const encoder_library *ov = model->ov;
  ov_port *port = NULL;
  char *known = NULL;
  if (ov->compiled_model_output_by_index(model->compiled, index, &port) != 0) return -1;
  int state = ov->port_get_any_name(port, &known) == 0 ? 0 : -1;
  if (state == 0) {
    snprintf(name, size, "%s", known);
    ov->free(known);
  }
  ov->output_const_port_free(port);
  return state;
}

int encoder_model_output(
    encoder_model *model, size_t index, int64_t dimensions[ENCODER_RANK], const float **found, char *error,
    size_t size) {
  const encoder_library *ov = model->ov;
  if (model->outputs[index]) ov->tensor_free(model->outputs[index]);
  model->outputs[index] = NULL;
  ov_shape shape = {0};
  if (!went(
          ov, ov->infer_request_get_output_tensor_by_index(model->request, index, &model->outputs[index]),
          "its output", error, size)
      || !went(ov, ov->tensor_get_shape(model->outputs[index], &shape), "its output's shape", error, size))
    return -1;
  int rank = (int)shape.rank;
  if (rank < 0 || rank > ENCODER_RANK) {
    snprintf(error, size, "an output of %d dimensions", rank);
    rank = -1;
  }
  for (int k = 0; k < rank; k++) dimensions[k] = shape.dimensions[k];
  ov->shape_free(&shape);
  if (rank < 0) return -1;
  *found = values(ov, model->outputs[index], "its output", error, size);
  return *found ? rank : -1;
}

void encoder_model_free(encoder_model *model) {
  if (!model) return;
  const encoder_library *ov = model->ov;
  for (size_t k = 0; model->outputs && k < model->count; k++)
    if (model->outputs[k]) ov->tensor_free(model->outputs[k]);
  free(model->outputs);
  if (model->input) ov->tensor_free(model->input);
  if (model->request) ov->infer_request_free(model->request);
  if (model->compiled) ov->compiled_model_free(model->compiled);
  if (model->model) ov->model_free(model->model);
  if (model->core) ov->core_free(model->core);
  free(model);
}
