// JPEG and PNG for Swift: whole images in memory, errors as codes and messages.
//
// libjpeg and libpng leave through longjmp; it never leaves these functions, and nothing they allocated outlives an
// error. All functions are safe to call from several threads at once.
#ifndef SURPRISAL_IMAGE_CODECS_H
#define SURPRISAL_IMAGE_CODECS_H

#include <stddef.h>
#include <stdint.h>

enum {
  IMAGE_OK = 0,
  IMAGE_CORRUPT = 1,      // the bytes are no whole image of their kind
  IMAGE_TOO_LARGE = 2,    // more pixels than allowed, by the header
  IMAGE_OUT_OF_MEMORY = 3,
  IMAGE_UNWRITABLE = 4,
};

typedef struct {
  uint8_t *pixels;  // rows of width * channels bytes; freed with image_free
  int width;
  int height;
  int channels;     // 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha
  int orientation;  // EXIF, 1 to 8
} image_pixels;

#define IMAGE_MESSAGE_SIZE 256

/// Decodes a JPEG to gray or RGB. Warnings of the library (such as a premature end) are errors.
/// `least` allows the decoder to shrink by 1/2, 1/4 or 1/8 while both sides stay at least that many pixels; 0: no.
int image_decode_jpeg(const uint8_t *bytes, size_t size, uint64_t most_pixels, int least, image_pixels *image,
                      char message[IMAGE_MESSAGE_SIZE]);

/// Decodes a PNG to 8 bits: palettes expanded, 16 bits scaled to the nearest of 8, alpha kept.
int image_decode_png(const uint8_t *bytes, size_t size, uint64_t most_pixels, image_pixels *image,
                     char message[IMAGE_MESSAGE_SIZE]);

/// Encodes gray (1 channel) or RGB (3) as PNG; `*encoded` is freed with image_free_bytes.
int image_encode_png(const uint8_t *pixels, int width, int height, int channels, uint8_t **encoded, size_t *size,
                     char message[IMAGE_MESSAGE_SIZE]);

/// Inflates gzip, at most `most` bytes.
int image_gunzip(const uint8_t *bytes, size_t size, size_t most, uint8_t **inflated, size_t *inflated_size,
                 char message[IMAGE_MESSAGE_SIZE]);

void image_free(image_pixels *image);
void image_free_bytes(uint8_t *bytes);

#endif
