// OpenVINO as Swift sees it: an encoder in ONNX, opened by its C library, which is loaded while the program runs.
//
// Nothing of OpenVINO is needed to build: `openvino.c` declares the few functions of its C API that are used (2023.1 and
// newer) as openvino/c/openvino.h has them. Every function that can fail writes a sentence into `error` of that many bytes.
#ifndef SURPRISAL_OPENVINO_SHIM_H
#define SURPRISAL_OPENVINO_SHIM_H

#include <stddef.h>
#include <stdint.h>

/// Most dimensions of an input or output.
enum { ENCODER_RANK = 8 };

/// The functions of a loaded library. Never unloaded.
typedef struct encoder_library encoder_library;

/// One model: read, then compiled for a shape of its input, then run from one thread at a time.
typedef struct encoder_model encoder_model;

/// - Returns: NULL where the library cannot be loaded or lacks a function.
encoder_library *encoder_library_load(const char *path, char *error, size_t size);

/// Its version, into `text`.
void encoder_library_version(const encoder_library *library, char *text, size_t size);

/// - Parameter bytes: of an ONNX file.
/// - Returns: NULL where it cannot be read.
encoder_model *encoder_model_read(
    const encoder_library *library, const uint8_t *bytes, size_t count, char *error, size_t size);

/// The input's dimensions, -1 where the model leaves one open. Returns how many there are, or -1.
int encoder_model_input(const encoder_model *model, int64_t dimensions[ENCODER_RANK], char *error, size_t size);

/// Compiles for an input of four dimensions. Returns 0, or -1.
int encoder_model_compile(
    encoder_model *model, const int64_t dimensions[4], int threads, char *error, size_t size);

/// Where the input's values are written; NULL where they are no 32-bit floats.
float *encoder_model_input_values(encoder_model *model, char *error, size_t size);

/// Returns 0, or -1.
int encoder_model_run(encoder_model *model, char *error, size_t size);

/// Number of outputs.
size_t encoder_model_outputs(const encoder_model *model);

/// The name of an output, into `name`. Returns 0, or -1.
int encoder_model_output_name(const encoder_model *model, size_t index, char *name, size_t size);

/// What the last run gave. Returns its number of dimensions, or -1; the values stay until the next run.
int encoder_model_output(
    encoder_model *model, size_t index, int64_t dimensions[ENCODER_RANK], const float **values, char *error,
    size_t size);

void encoder_model_free(encoder_model *model);

#endif
