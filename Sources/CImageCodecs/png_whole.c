// zlib's streams and libpng's filters take nine tenths of a PNG's time. An ordinary image is inflated at once here, by
// libdeflate, two to three times as fast as by zlib, and its filters are undone a pixel's channels at a time (PNG
// specification, third edition, section 9).
#include "png_whole.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

enum { most_bytes = 64 << 20, slack = 8 };

static uint32_t load32(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/// The contents of the IDAT chunks from `at`, one after the other, if IEND follows and all checksums are right.
static uint8_t *gather(const uint8_t *bytes, size_t size, size_t at, size_t *length) {
  uint8_t *made = malloc(size - at);
  *length = 0;
  while (made && size - at >= 12) {
    const uint32_t count = load32(bytes + at);
    const uint8_t *chunk = bytes + at + 4;
    if (count > size - at - 12 || libdeflate_crc32(0, chunk, (size_t)count + 4) != load32(chunk + 4 + count)) break;
    if (memcmp(chunk, "IEND", 4) == 0 && count == 0) return made;
    if (memcmp(chunk, "IDAT", 4) != 0) break;
    memcpy(made + *length, chunk + 4, count);
    *length += count;
    at += 12 + (size_t)count;
  }
  free(made);
  return NULL;
}

typedef uint8_t bytes4 __attribute__((vector_size(4)));
typedef int16_t words4 __attribute__((vector_size(8)));

// Up to four channels of a pixel. Reads and writes four bytes whatever there are: lines have slack.
static inline words4 load(const uint8_t *at) {
  bytes4 value;
  memcpy(&value, at, 4);
  return __builtin_convertvector(value, words4);
}

static inline void store(uint8_t *at, words4 value) {
  const bytes4 narrow = __builtin_convertvector(value, bytes4);
  memcpy(at, &narrow, 4);
}

static inline words4 magnitude(words4 value) {
  const words4 negative = value >> 15;
  return (value ^ negative) - negative;
}

/// Undoes a line's filter; before its first pixel and above the first line, all is 0.
static inline void restore(int filter, const uint8_t *from, uint8_t *line, const uint8_t *above, size_t count, int channels) {
  words4 left = {0, 0, 0, 0}, corner = {0, 0, 0, 0};
  switch (filter) {
    case 0: memcpy(line, from, count); break;
    case 1:
      for (size_t i = 0; i < count; i += (size_t)channels) {
        left = (load(from + i) + left) & 255;
        store(line + i, left);
      }
      break;
    case 2:
      for (size_t i = 0; i < count; i++) line[i] = (uint8_t)(from[i] + above[i]);
      break;
    case 3:
      for (size_t i = 0; i < count; i += (size_t)channels) {
        left = (load(from + i) + ((left + load(above + i)) >> 1)) & 255;
        store(line + i, left);
      }
      break;
    default:
      for (size_t i = 0; i < count; i += (size_t)channels) {
        const words4 up = load(above + i);
        // Distances of left + up - corner to each of the three.
        const words4 to_left = magnitude(up - corner), to_up = magnitude(left - corner);
        const words4 to_corner = magnitude(left + up - corner - corner);
        const words4 is_left = (to_left <= to_up) & (to_left <= to_corner), is_up = to_up <= to_corner;
        const words4 nearest = (left & is_left) | (((up & is_up) | (corner & ~is_up)) & ~is_left);
        left = (load(from + i) + nearest) & 255;
        corner = up;
        store(line + i, left);
      }
  }
}

/// Inflates to exactly `length` bytes from exactly `packed_size`.
static uint8_t *inflate_all(const uint8_t *packed, size_t packed_size, size_t length) {
  struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
  uint8_t *made = inflater ? malloc(length + slack) : NULL;
  size_t taken = 0;
  if (made && (libdeflate_zlib_decompress_ex(inflater, packed, packed_size, made, length, &taken, NULL) !=
                   LIBDEFLATE_SUCCESS ||
               taken != packed_size)) {
    free(made);
    made = NULL;
  }
  libdeflate_free_decompressor(inflater);
  return made;
}

int png_decode_whole(const uint8_t *bytes, size_t size, size_t at, const image_limits *limits,
                     image_row_function take, void *context, const image_header *header) {
  const size_t row = (size_t)header->width * (size_t)header->channels, height = (size_t)header->height;
  if (row + 1 > most_bytes / height || (row + 1) * height + size > limits->memory) return 0;
  size_t packed_size = 0;
  uint8_t *packed = gather(bytes, size, at, &packed_size);
  if (!packed) return 0;
  uint8_t *filtered = inflate_all(packed, packed_size, (row + 1) * height);
  free(packed);
  uint8_t *lines = filtered ? calloc(2, row + slack) : NULL;
  int done = lines != NULL;
  for (size_t y = 0; done && y < height; y++) done = filtered[y * (row + 1)] <= 4;
  for (size_t y = 0; done && y < height; y++) {
    const uint8_t *from = filtered + y * (row + 1);
    uint8_t *line = lines + (y & 1) * (row + slack);
    const uint8_t *above = lines + (~y & 1) * (row + slack);
    // A constant in each case, so that the loops are unrolled for it.
    switch (header->channels) {
      case 1: restore(from[0], from + 1, line, above, row, 1); break;
      case 2: restore(from[0], from + 1, line, above, row, 2); break;
      case 3: restore(from[0], from + 1, line, above, row, 3); break;
      default: restore(from[0], from + 1, line, above, row, 4);
    }
    take(context, header, (int)y, line);
  }
  free(lines);
  free(filtered);
  return done;
}
