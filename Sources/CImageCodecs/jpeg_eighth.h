#ifndef SURPRISAL_JPEG_EIGHTH_H
#define SURPRISAL_JPEG_EIGHTH_H

#include <stdint.h>
#include <stdio.h>
// jpeglib.h needs stdio.h before it.
#include <jpeglib.h>

/// An image at an eighth of its size, rounded up: gray or RGB rows without gaps.
typedef struct {
  uint8_t *pixels;
  int width;
  int height;
  int channels;
} jpeg_eighth;

/// Decodes a baseline JPEG, whose header libjpeg has read, to the means of its blocks.
///
/// Returns 0 for everything out of the ordinary, with nothing consumed and nothing said: other processes and colour
/// spaces, several scans, bad codes, data that ends early or goes on after the last block. libjpeg then decodes, and the
/// verdict is its own. On 1, `made->pixels` is the caller's to free.
int jpeg_decode_eighth(const struct jpeg_decompress_struct *info, jpeg_eighth *made);

#endif
