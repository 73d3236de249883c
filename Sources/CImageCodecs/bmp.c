// BMP has no library, and needs none: a header, a palette, rows. Windows's headers from 40 bytes on and OS/2's of 12 to 64;
// 1, 4 and 8 bits with a palette, plain or run-length encoded; 16, 24 and 32 bits, by masks or without
// (learn.microsoft.com/windows/win32/gdi/bitmap-storage and -header-types, wingdi.h).
#include <stdlib.h>
#include <string.h>

#include "checks.h"

enum { rgb = 0, rle8 = 1, rle4 = 2, bitfields = 3, alpha_bitfields = 6 };

typedef struct {
  uint32_t mask;
  int shift;
  uint32_t most;
} bmp_field;

typedef struct {
  uint32_t width, height;
  int top_down;
  unsigned bits, compression;
  bmp_field fields[4];  // red, green, blue, alpha
  int has_alpha;
  uint8_t palette[256][3];
  unsigned colours;
  int is_gray;            // whether the palette is of grays alone
  const uint8_t *pixels;
  size_t size;            // bytes from there on
} bmp_image;

static uint32_t load16(const uint8_t *at) { return (uint32_t)(at[0] | at[1] << 8); }

static uint32_t load32(const uint8_t *at) { return load16(at) | load16(at + 2) << 16; }

static bmp_field field_of(uint32_t mask) {
  bmp_field field = {mask, 0, 0};
  if (mask) {
    field.shift = __builtin_ctz(mask);
    field.most = mask >> field.shift;
  }
  return field;
}

/// A part of a pixel as 8 bits, rounded; masks with holes are taken as they come.
static uint8_t part(const bmp_field *field, uint32_t pixel) {
  if (!field->most) return 0;
  const uint64_t value = (pixel & field->mask) >> field->shift;
  return (uint8_t)((value * 255 + field->most / 2) / field->most);
}

/// The header, from `bytes` on; IMAGE_OK or a status with a message.
static int read_header(const uint8_t *bytes, size_t size, const image_limits *limits, bmp_image *image, char *message) {
  if (size < 26) return image_fail(IMAGE_CORRUPT, message, "BMP: cut off in its header");
  const uint32_t start = load32(bytes + 10), length = load32(bytes + 14);
  const int is_core = length == 12;
  if (!is_core && (length < 16 || length > 124 || size < 14 + (size_t)length))
    return image_fail(IMAGE_CORRUPT, message, "BMP: a header of %u bytes", length);
  int64_t width, height;
  unsigned planes;
  if (is_core) {
    width = load16(bytes + 18), height = load16(bytes + 20);
    planes = load16(bytes + 22), image->bits = load16(bytes + 24);
  } else {
    if (size < 30) return image_fail(IMAGE_CORRUPT, message, "BMP: cut off in its header");
    width = (int32_t)load32(bytes + 18), height = (int32_t)load32(bytes + 22);
    planes = load16(bytes + 26), image->bits = load16(bytes + 28);
  }
  image->compression = length >= 20 ? load32(bytes + 30) : rgb;
  image->top_down = height < 0;
  if (height < 0) height = -height;
  if (width <= 0 || height == 0 || planes != 1)
    return image_fail(IMAGE_CORRUPT, message, "BMP: %lld x %lld pixels in %u planes", (long long)width,
                      (long long)height, planes);
  const int status = image_check_size("BMP", (uint64_t)width, (uint64_t)height, limits, message);
  if (status != IMAGE_OK) return status;
  image->width = (uint32_t)width, image->height = (uint32_t)height;

  const unsigned bits = image->bits, compression = image->compression;
  const int is_plain = compression == rgb && (bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32);
  const int is_masked = (compression == bitfields || compression == alpha_bitfields) && (bits == 16 || bits == 32) && length >= 40;
  const int is_run = ((compression == rle8 && bits == 8) || (compression == rle4 && bits == 4)) && !image->top_down;
  if (!is_plain && !is_masked && !is_run)
    return image_fail(IMAGE_CORRUPT, message, "BMP: %u bits of compression %u are not supported", bits, compression);

  size_t after = 14 + (size_t)length;
  if (is_masked) {
    // Three masks after a header of 40 bytes, or within a longer one; a fourth of alpha where there is room or it says so.
    const size_t masks = compression == alpha_bitfields ? 4 : 3;
    if (length < 40 + 4 * masks && length == 40) after += 4 * masks;
    const size_t held = length >= 56 ? 4 : masks;
    if (size < 54 + 4 * held || (length > 40 && length < 40 + 4 * masks))
      return image_fail(IMAGE_CORRUPT, message, "BMP: cut off in its masks");
    for (size_t index = 0; index < held; index++) image->fields[index] = field_of(load32(bytes + 54 + 4 * index));
  } else if (bits == 16) {
    image->fields[0] = field_of(0x7C00), image->fields[1] = field_of(0x03E0), image->fields[2] = field_of(0x001F);
  }
  image->has_alpha = image->fields[3].mask != 0;

  if (bits <= 8) {
    const size_t entry = is_core ? 3 : 4, most = (size_t)1 << bits;
    size_t count = length >= 36 ? load32(bytes + 46) : 0;
    if (count == 0 || count > most) count = most;
    // Some files have fewer than they say: as many as there is room for before the pixels.
    const size_t end = start > after && start < size ? start : size;
    if (end < after) return image_fail(IMAGE_CORRUPT, message, "BMP: cut off in its palette");
    if (count > (end - after) / entry) count = (end - after) / entry;
    image->is_gray = 1;
    for (size_t index = 0; index < count; index++) {
      const uint8_t *colour = bytes + after + entry * index;
      for (int c = 0; c < 3; c++) image->palette[index][c] = colour[2 - c];
      if (colour[0] != colour[1] || colour[1] != colour[2]) image->is_gray = 0;
    }
    image->colours = (unsigned)count;
  }
  if (start < after || start > size) return image_fail(IMAGE_CORRUPT, message, "BMP: its pixels lie outside the file");
  image->pixels = bytes + start;
  image->size = size - start;
  return IMAGE_OK;
}

/// Unfolds runs into `indices`, `[height, width]` from the top, which is all of colour 0 before. Returns whether it came
/// to the end that it has to have.
static int unfold(const bmp_image *image, uint8_t *indices) {
  const uint8_t *at = image->pixels, *end = at + image->size;
  const uint32_t width = image->width, height = image->height;
  const int by_half = image->bits == 4;
  uint64_t x = 0, y = 0;  // from the bottom
  while (end - at >= 2 && y < height) {
    const unsigned count = at[0], value = at[1];
    at += 2;
    uint8_t *row = indices + (size_t)(height - 1 - y) * width;
    if (count > 0) {
      for (unsigned index = 0; index < count && x < width; index++, x++)
        row[x] = (uint8_t)(by_half ? (index & 1 ? value & 15 : value >> 4) : value);
    } else if (value == 0) {
      x = 0, y++;
    } else if (value == 1) {
      return 1;
    } else if (value == 2) {
      if (end - at < 2) return 0;
      x += at[0], y += at[1];
      at += 2;
    } else {
      const size_t length = by_half ? (value + 1) / 2 : value, padded = length + (length & 1);
      if ((size_t)(end - at) < length) return 0;
      for (unsigned index = 0; index < value && x < width; index++, x++)
        row[x] = (uint8_t)(by_half ? (index & 1 ? at[index / 2] & 15 : at[index / 2] >> 4) : at[index]);
      at += padded < (size_t)(end - at) ? padded : (size_t)(end - at);
    }
  }
  // Files without a last mark end with their last row.
  return y + (x >= width) >= height;
}

/// A row of 8-bit channels from one of the file's, or from indices where these are unfolded.
static void convert(const bmp_image *image, const uint8_t *row, int is_unfolded, int channels, uint8_t *target) {
  for (uint32_t x = 0; x < image->width; x++, target += channels) {
    uint32_t pixel;
    switch (is_unfolded ? 8 : image->bits) {
      case 1: pixel = row[x / 8] >> (7 - x % 8) & 1; break;
      case 4: pixel = x & 1 ? row[x / 2] & 15 : row[x / 2] >> 4; break;
      case 8: pixel = row[x]; break;
      case 16: pixel = load16(row + 2 * (size_t)x); break;
      case 24: {
        const uint8_t *at = row + 3 * (size_t)x;
        target[0] = at[2], target[1] = at[1], target[2] = at[0];
        continue;
      }
      default: {
        const uint8_t *at = row + 4 * (size_t)x;
        if (image->compression == rgb) {
          target[0] = at[2], target[1] = at[1], target[2] = at[0];
          continue;
        }
        pixel = load32(at);
      }
    }
    if (image->bits <= 8) {
      // A colour that the palette has not is black, as it lies.
      memcpy(target, image->palette[pixel], channels == 1 ? 1 : 3);
    } else {
      for (int c = 0; c < channels; c++) target[c] = part(&image->fields[c], pixel);
    }
  }
}

/// Whether no pixel has any alpha: then it is not meant.
static int is_unseen(const bmp_image *image, size_t stride, uint32_t rows) {
  for (uint32_t y = 0; y < rows; y++)
    for (uint32_t x = 0; x < image->width; x++) {
      const uint8_t *at = image->pixels + stride * y + (size_t)image->bits / 8 * x;
      if ((image->bits == 16 ? load16(at) : load32(at)) & image->fields[3].mask) return 0;
    }
  return 1;
}

int image_decode_bmp(const uint8_t *bytes, size_t size, const image_limits *limits, int flags, image_row_function take,
                     void *context, image_header *header, char message[IMAGE_MESSAGE_SIZE]) {
  bmp_image image;
  memset(&image, 0, sizeof(image));
  memset(header, 0, sizeof(*header));
  message[0] = 0;
  int status = read_header(bytes, size, limits, &image, message);
  if (status != IMAGE_OK) return status;
  const size_t stride = ((size_t)image.width * image.bits + 31) / 32 * 4;
  const int is_run = image.compression == rle8 || image.compression == rle4;
  // Bytes a row that are pixels: the last row may lack what fills it up.
  const size_t needed = ((size_t)image.width * image.bits + 7) / 8;
  uint32_t rows = image.height;
  if (!is_run && (image.size < needed || (image.size - needed) / stride + 1 < rows))
    rows = image.size < needed ? 0 : (uint32_t)((image.size - needed) / stride + 1);
  if (image.has_alpha && is_unseen(&image, stride, rows)) image.has_alpha = 0;
  const int channels = image.bits <= 8 && image.is_gray ? 1 : image.has_alpha ? 4 : 3;
  header->width = header->full_width = (int)image.width;
  header->height = header->full_height = (int)image.height;
  header->channels = channels;
  header->orientation = 1;

  const size_t pixels = (size_t)image.width * image.height;
  status = image_check_memory("BMP", (is_run ? pixels : 0) + (size_t)image.width * 4, limits, message);
  if (status != IMAGE_OK) return status;
  uint8_t *indices = is_run ? calloc(pixels, 1) : NULL;
  uint8_t *line = malloc((size_t)image.width * 4);
  if ((is_run && !indices) || !line) {
    status = image_no_memory("BMP", image.width, image.height, message);
    goto done;
  }
  int is_whole = rows == image.height;
  if (is_run) is_whole = unfold(&image, indices);
  if (!is_whole) {
    image_fail(IMAGE_CORRUPT, message, "BMP: ends after %u of %u rows", is_run ? 0 : rows, image.height);
    if (is_run) image_fail(IMAGE_CORRUPT, message, "BMP: its runs end before its last row");
    if (!(flags & IMAGE_LENIENT) || (!is_run && rows == 0)) {
      status = IMAGE_CORRUPT;
      goto done;
    }
  }
  // From the top; what is missing of a file from the bottom up is its top, and white.
  for (uint32_t y = 0; y < image.height; y++) {
    const uint32_t stored = image.top_down || is_run ? y : image.height - 1 - y;
    if (!is_run && stored >= rows) {
      memset(line, 255, (size_t)image.width * (size_t)channels);
    } else {
      const uint8_t *row = is_run ? indices + (size_t)y * image.width : image.pixels + stride * stored;
      convert(&image, row, is_run, channels, line);
    }
    take(context, header, (int)y, line);
  }
  status = IMAGE_OK;

done:
  free(indices);
  free(line);
  return status;
}
