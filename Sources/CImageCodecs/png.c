#include "image_codecs.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exif.h"
#include "png_whole.h"

typedef struct {
  const uint8_t *bytes;
  size_t size;
  size_t at;
} png_bytes;

// The message holds how far the rows got, or what fails if memory does.
static void leave(png_structp png, png_const_charp text) {
  char *message = png_get_error_ptr(png);
  char place[64] = "";
  if (strncmp(message, "row ", 4) == 0) snprintf(place, sizeof(place), " at %.40s", message);
  snprintf(message, IMAGE_MESSAGE_SIZE, "PNG: %s%s", text, place);
  png_longjmp(png, 1);
}

// Warnings are about ancillary chunks (profiles, dates); damage to pixels is an error.
static void ignore(png_structp png, png_const_charp text) { (void)png, (void)text; }

static void read_bytes(png_structp png, png_bytep target, png_size_t count) {
  png_bytes *source = png_get_io_ptr(png);
  if (count > source->size - source->at) png_error(png, "unexpected end of file");
  memcpy(target, source->bytes + source->at, count);
  source->at += count;
}

/// EXIF orientation from the eXIf chunk, wherever it stands.
static int orientation(const uint8_t *bytes, size_t size) {
  size_t at = 8;
  while (size - at >= 12) {
    const size_t length = exif_read32(bytes + at, 0);
    if (length > size - at - 12) return 1;
    if (memcmp(bytes + at + 4, "eXIf", 4) == 0) return exif_orientation(bytes + at + 8, length);
    at += 12 + length;
  }
  return 1;
}

int image_decode_png(const uint8_t *bytes, size_t size, const image_limits *limits, int flags,
                     image_row_function take, void *context, image_header *header, char message[IMAGE_MESSAGE_SIZE]) {
  // Volatile: changed between setjmp and longjmp.
  uint8_t *volatile pixels = NULL;
  png_bytep *volatile rows = NULL;
  volatile int status = IMAGE_CORRUPT;
  png_bytes source = {bytes, size, 0};
  memset(header, 0, sizeof(*header));
  snprintf(message, IMAGE_MESSAGE_SIZE, "PNG: not enough memory");
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, leave, ignore);
  if (!png) return IMAGE_OUT_OF_MEMORY;
  png_infop info = png_create_info_struct(png);
  if (!info) {
    png_destroy_read_struct(&png, NULL, NULL);
    return IMAGE_OUT_OF_MEMORY;
  }
  if (setjmp(png_jmpbuf(png))) goto done;

  png_set_read_fn(png, &source, read_bytes);
  // Ancillary chunks are passed over, tRNS apart: libpng takes memory for the length a chunk claims before it reads,
  // a gigabyte for a file of 57 bytes (fixtures/broken/claims.png).
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_read_info(png, info);
  const png_uint_32 width = png_get_image_width(png, info);
  const png_uint_32 height = png_get_image_height(png, info);
  if ((uint64_t)width * height > limits->pixels || width > limits->side || height > limits->side) {
    snprintf(message, IMAGE_MESSAGE_SIZE, "PNG: %u x %u pixels, more than the limit of %llu (%u a side)", width,
             height, (unsigned long long)limits->pixels, limits->side);
    status = IMAGE_TOO_LARGE;
    goto done;
  }
  const int bit_depth = png_get_bit_depth(png, info), colour_type = png_get_color_type(png, info);
  png_set_expand(png);
  png_set_scale_16(png);
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  const size_t row = png_get_rowbytes(png, info);
  const size_t held = passes > 1 ? height : 1;
  if ((uint64_t)row * held > limits->memory) {
    snprintf(message, IMAGE_MESSAGE_SIZE, "PNG: decoding takes %llu bytes, more than the limit of %llu",
             (unsigned long long)((uint64_t)row * held), (unsigned long long)limits->memory);
    status = IMAGE_TOO_LARGE;
    goto done;
  }
  header->width = header->full_width = (int)width;
  header->height = header->full_height = (int)height;
  header->channels = png_get_channels(png, info);
  header->orientation = orientation(bytes, size);
  // Rows are as the file has them, and libpng has read the first IDAT's length and name.
  const int is_plain = passes == 1 && bit_depth == 8 && row == (size_t)width * (size_t)header->channels &&
                       colour_type != PNG_COLOR_TYPE_PALETTE && !png_get_valid(png, info, PNG_INFO_tRNS);
  if (is_plain && !(flags & IMAGE_LIBRARY_ONLY) &&
      png_decode_whole(bytes, size, source.at - 8, limits, take, context, header)) {
    message[0] = 0;
    header->short_cut = 1;
    status = IMAGE_OK;
    goto done;
  }
  pixels = malloc(row * held);
  if (passes > 1) rows = malloc(sizeof(png_bytep) * height);
  if (!pixels || (passes > 1 && !rows)) {
    status = IMAGE_OUT_OF_MEMORY;
    snprintf(message, IMAGE_MESSAGE_SIZE, "PNG: not enough memory for %u x %u pixels", width, height);
    goto done;
  }
  if (passes > 1) {
    for (png_uint_32 y = 0; y < height; y++) rows[y] = pixels + row * y;
    png_read_image(png, rows);
    for (png_uint_32 y = 0; y < height; y++) take(context, header, (int)y, rows[y]);
  } else {
    for (png_uint_32 y = 0; y < height; y++) {
      snprintf(message, IMAGE_MESSAGE_SIZE, "row %u of %u", y, height);
      png_read_row(png, pixels, NULL);
      take(context, header, (int)y, pixels);
    }
  }
  png_read_end(png, NULL);
  message[0] = 0;
  status = IMAGE_OK;

done:
  png_destroy_read_struct(&png, &info, NULL);
  free(pixels);
  free(rows);
  return status;
}

int image_encode_png(const uint8_t *pixels, int width, int height, int channels, uint8_t **encoded, size_t *size,
                     char message[IMAGE_MESSAGE_SIZE]) {
  png_image image;
  memset(&image, 0, sizeof(image));
  image.version = PNG_IMAGE_VERSION;
  image.width = (png_uint_32)width;
  image.height = (png_uint_32)height;
  image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t room = PNG_IMAGE_PNG_SIZE_MAX(image);
  uint8_t *made = malloc(room);
  if (!made) {
    snprintf(message, IMAGE_MESSAGE_SIZE, "PNG: not enough memory for %d x %d pixels", width, height);
    return IMAGE_OUT_OF_MEMORY;
  }
  if (!png_image_write_to_memory(&image, made, &room, 0, pixels, 0, NULL)) {
    snprintf(message, IMAGE_MESSAGE_SIZE, "PNG: %s", image.message);
    free(made);
    return IMAGE_UNWRITABLE;
  }
  *encoded = made;
  *size = room;
  return IMAGE_OK;
}

void image_free_bytes(uint8_t *bytes) { free(bytes); }
