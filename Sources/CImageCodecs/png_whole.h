#ifndef SURPRISAL_PNG_WHOLE_H
#define SURPRISAL_PNG_WHOLE_H

#include "image_codecs.h"

/// Decodes the pixels of a PNG whose header libpng has read: 8 bits a sample, not interlaced, no palette and no
/// transparent colour; `at` is where its first IDAT chunk starts.
///
/// Returns 0 for everything out of the ordinary, before any row is handed on: a chunk other than IEND after the pixels, a
/// checksum that is not right, data that ends early or goes on, an image that takes more than 64 MiB or the limit. libpng then
/// decodes, and the verdict is its own.
int png_decode_whole(const uint8_t *bytes, size_t size, size_t at, const image_limits *limits,
                     image_row_function take, void *context, const image_header *header);

#endif
