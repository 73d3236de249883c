// What every decoder asks before it takes memory, and what it may answer.
#ifndef SURPRISAL_CHECKS_H
#define SURPRISAL_CHECKS_H

#include <stdarg.h>
#include <stdio.h>

#include "image_codecs.h"

/// Writes the message, and returns the status.
__attribute__((format(printf, 3, 4))) static inline int image_fail(int status, char *message, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, IMAGE_MESSAGE_SIZE, format, arguments);
  va_end(arguments);
  return status;
}

/// IMAGE_OK, or IMAGE_TOO_LARGE with a message.
static inline int image_check_size(const char *kind, uint64_t width, uint64_t height, const image_limits *limits,
                                   char *message) {
  if (width <= limits->side && height <= limits->side && width * height <= limits->pixels) return IMAGE_OK;
  return image_fail(IMAGE_TOO_LARGE, message, "%s: %llu x %llu pixels, more than the limit of %llu (%u a side)", kind,
                    (unsigned long long)width, (unsigned long long)height, (unsigned long long)limits->pixels,
                    limits->side);
}

/// The same for what decoding holds at once.
static inline int image_check_memory(const char *kind, uint64_t bytes, const image_limits *limits, char *message) {
  if (bytes <= limits->memory) return IMAGE_OK;
  return image_fail(IMAGE_TOO_LARGE, message, "%s: decoding takes %llu bytes, more than the limit of %llu", kind,
                    (unsigned long long)bytes, (unsigned long long)limits->memory);
}

static inline int image_no_memory(const char *kind, uint64_t width, uint64_t height, char *message) {
  return image_fail(IMAGE_OUT_OF_MEMORY, message, "%s: not enough memory for %llu x %llu pixels", kind,
                    (unsigned long long)width, (unsigned long long)height);
}

#endif
