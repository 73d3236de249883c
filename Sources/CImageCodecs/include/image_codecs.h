// Image files for Swift, row by row: errors as codes and messages, limits before allocation.
//
// libjpeg and libpng leave through longjmp; it never leaves these functions, and nothing they allocated outlives an
// error. A row function returns before the library goes on, so no jump passes through it. All functions are safe to
// call from several threads at once.
#ifndef SURPRISAL_IMAGE_CODECS_H
#define SURPRISAL_IMAGE_CODECS_H

#include <stddef.h>
#include <stdint.h>

enum {
  IMAGE_OK = 0,
  IMAGE_CORRUPT = 1,      // the bytes are no whole image of their kind
  IMAGE_TOO_LARGE = 2,    // more than a limit allows, by the header
  IMAGE_OUT_OF_MEMORY = 3,
  IMAGE_UNWRITABLE = 4,
  IMAGE_UNSUPPORTED = 5,  // this build is without the library
};

/// What an image may cost. All are checked from the header, before anything is allocated for pixels.
typedef struct {
  uint64_t pixels;  // width * height
  uint32_t side;    // width, and height
  uint64_t memory;  // bytes that decoding holds at once: coefficients of a progressive JPEG, an interlaced PNG, a WebP
  int scans;        // passes of a progressive JPEG over its pixels
} image_limits;

typedef struct {
  int width;
  int height;
  int full_width;   // of the file, where it was shrunk on the way
  int full_height;
  int channels;     // of the rows: 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha
  int orientation;  // EXIF, 1 to 8
  int premultiplied;  // whether colours are multiplied by alpha already
  int short_cut;    // whether the library's own decoder was passed by
} image_header;

/// Takes rows of `width * channels` bytes, top to bottom; `header` is complete at the first.
typedef void (*image_row_function)(void *context, const image_header *header, int y, const uint8_t *row);

#define IMAGE_MESSAGE_SIZE 256

enum {
  IMAGE_LENIENT = 1,       // damage is a message, not an error
  IMAGE_LIBRARY_ONLY = 2,  // without our own short cuts for ordinary files: what these are tested against
};

/// Decodes a JPEG to gray or RGB.
///
/// `least_width` and `least_height` allow the decoder to shrink by 1/2, 1/4 or 1/8 while the upright image stays at
/// least that large, and its longer side at least `least_longer`; 0: no. Warnings of the library (such as a premature end) are errors unless `flags` has
/// IMAGE_LENIENT; then the first stands in `message` and the result is IMAGE_OK.
int image_decode_jpeg(const uint8_t *bytes, size_t size, const image_limits *limits, int least_width,
                      int least_height, int least_longer, int flags, image_row_function take, void *context, image_header *header,
                      char message[IMAGE_MESSAGE_SIZE]);

/// Decodes a PNG to 8 bits: palettes expanded, 16 bits scaled to the nearest of 8, alpha kept, gamma not applied. Of
/// an animation, its default image. Of `flags`, only IMAGE_LIBRARY_ONLY says anything here.
int image_decode_png(const uint8_t *bytes, size_t size, const image_limits *limits, int flags,
                     image_row_function take, void *context, image_header *header, char message[IMAGE_MESSAGE_SIZE]);

/// Decodes a BMP: of Windows and OS/2, of 1 to 32 bits, with palettes, runs and masks.
int image_decode_bmp(const uint8_t *bytes, size_t size, const image_limits *limits, int flags,
                     image_row_function take, void *context, image_header *header, char message[IMAGE_MESSAGE_SIZE]);

/// Decodes the first page of a TIFF to 8 bits; IMAGE_UNSUPPORTED without libtiff.
int image_decode_tiff(const uint8_t *bytes, size_t size, const image_limits *limits, int flags,
                      image_row_function take, void *context, image_header *header, char message[IMAGE_MESSAGE_SIZE]);

/// Decodes a WebP, of an animation its first frame; IMAGE_UNSUPPORTED without libwebp.
int image_decode_webp(const uint8_t *bytes, size_t size, const image_limits *limits, int flags,
                      image_row_function take, void *context, image_header *header, char message[IMAGE_MESSAGE_SIZE]);

/// Decodes an AVIF, of a sequence its first image, to 8 bits; IMAGE_UNSUPPORTED without libavif.
int image_decode_avif(const uint8_t *bytes, size_t size, const image_limits *limits, int flags,
                      image_row_function take, void *context, image_header *header, char message[IMAGE_MESSAGE_SIZE]);

/// Encodes gray (1 channel) or RGB (3) as PNG; `*encoded` is freed with image_free_bytes.
int image_encode_png(const uint8_t *pixels, int width, int height, int channels, uint8_t **encoded, size_t *size,
                     char message[IMAGE_MESSAGE_SIZE]);

/// Encodes gray (1 channel) or RGB (3) as baseline JPEG of a quality from 1 to 100, chroma halved both ways; `*encoded`
/// is freed with image_free_bytes.
int image_encode_jpeg(const uint8_t *pixels, int width, int height, int channels, int quality, uint8_t **encoded,
                      size_t *size, char message[IMAGE_MESSAGE_SIZE]);

/// A file as it is, or unfolded where it is gzip.
typedef struct image_unfold image_unfold;

/// Reads from where the descriptor stands, which stays the caller's; NULL without memory.
image_unfold *image_unfold_open(int descriptor);

/// Whether it is gzip; known once something was read.
int image_unfold_is_gzip(image_unfold *source);

/// Reads `count` bytes from `offset` of the content on, fewer only at its end; -1 with a reason. Holds some 100 KB. To go back
/// in gzip is to begin anew.
int64_t image_unfold_read(image_unfold *source, uint64_t offset, uint8_t *target, size_t count,
                          char message[IMAGE_MESSAGE_SIZE]);

void image_unfold_close(image_unfold *source);

void image_free_bytes(uint8_t *bytes);

#endif
