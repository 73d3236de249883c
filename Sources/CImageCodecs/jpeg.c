#include "image_codecs.h"

#include <stdio.h>
// jpeglib.h needs stdio.h before it.
#include <jpeglib.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf escape;
  char *message;
} jpeg_errors;

static void leave(j_common_ptr info) {
  jpeg_errors *errors = (jpeg_errors *)info->err;
  char text[JMSG_LENGTH_MAX];
  errors->base.format_message(info, text);
  snprintf(errors->message, IMAGE_MESSAGE_SIZE, "JPEG: %s", text);
  longjmp(errors->escape, 1);
}

// Level -1 is a warning: the data is corrupt, though libjpeg could go on. Higher levels are traces.
static void judge(j_common_ptr info, int level) {
  if (level < 0) leave(info);
}

static void silent(j_common_ptr info) { (void)info; }

static unsigned read16(const uint8_t *at, int little) {
  return little ? at[0] | at[1] << 8 : at[0] << 8 | at[1];
}

static unsigned long read32(const uint8_t *at, int little) {
  return little ? read16(at, 1) | (unsigned long)read16(at + 2, 1) << 16
                : (unsigned long)read16(at, 0) << 16 | read16(at + 2, 0);
}

/// EXIF 2.3, 4.6.4: tag 0x0112 of the first directory.
static int exif_orientation(const uint8_t *data, size_t size) {
  if (size < 14 || memcmp(data, "Exif\0\0", 6) != 0) return 1;
  const uint8_t *tiff = data + 6;
  size -= 6;
  const int little = tiff[0] == 'I';
  const unsigned long start = read32(tiff + 4, little);
  if (start + 2 > size || start < 8) return 1;
  const unsigned count = read16(tiff + start, little);
  for (unsigned index = 0; index < count; index++) {
    const unsigned long entry = start + 2 + 12ul * index;
    if (entry + 12 > size) return 1;
    if (read16(tiff + entry, little) != 0x0112) continue;
    const unsigned value = read16(tiff + entry + 8, little);
    return value >= 1 && value <= 8 ? (int)value : 1;
  }
  return 1;
}

/// Inks to light. Adobe writes CMYK inverted, and libjpeg hands on what the file has.
static void cmyk_to_rgb(const uint8_t *row, uint8_t *target, int width, int inverted) {
  for (int x = 0; x < width; x++) {
    for (int c = 0; c < 3; c++) {
      const int ink = inverted ? row[4 * x + c] : 255 - row[4 * x + c];
      const int black = inverted ? row[4 * x + 3] : 255 - row[4 * x + 3];
      target[3 * x + c] = (uint8_t)((ink * black + 127) / 255);
    }
  }
}

int image_decode_jpeg(const uint8_t *bytes, size_t size, uint64_t most_pixels, int least, image_pixels *image,
                      char message[IMAGE_MESSAGE_SIZE]) {
  struct jpeg_decompress_struct info;
  jpeg_errors errors;
  // Volatile: changed between setjmp and longjmp.
  uint8_t *volatile pixels = NULL;
  uint8_t *volatile inks = NULL;
  volatile int status = IMAGE_CORRUPT;

  memset(image, 0, sizeof(*image));
  memset(&info, 0, sizeof(info));
  info.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = leave;
  errors.base.emit_message = judge;
  errors.base.output_message = silent;
  errors.message = message;
  if (setjmp(errors.escape)) goto failed;

  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, bytes, (unsigned long)size);
  jpeg_save_markers(&info, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&info, TRUE);
  if ((uint64_t)info.image_width * info.image_height > most_pixels) {
    snprintf(message, IMAGE_MESSAGE_SIZE, "JPEG: %u x %u pixels, more than the limit of %llu", info.image_width,
             info.image_height, (unsigned long long)most_pixels);
    status = IMAGE_TOO_LARGE;
    goto failed;
  }
  image->orientation = 1;
  for (jpeg_saved_marker_ptr marker = info.marker_list; marker; marker = marker->next)
    if (marker->data_length >= 14 && memcmp(marker->data, "Exif\0\0", 6) == 0)
      image->orientation = exif_orientation(marker->data, marker->data_length);

  const int inverted = info.saw_Adobe_marker;
  if (info.num_components == 1) info.out_color_space = JCS_GRAYSCALE;
  else if (info.num_components == 4) info.out_color_space = JCS_CMYK;
  else info.out_color_space = JCS_RGB;
  info.scale_num = 1;
  info.scale_denom = 1;
  while (least > 0 && info.scale_denom < 8 && info.image_width / (info.scale_denom * 2) >= (unsigned)least &&
         info.image_height / (info.scale_denom * 2) >= (unsigned)least)
    info.scale_denom *= 2;
  jpeg_start_decompress(&info);

  const int channels = info.num_components == 1 ? 1 : 3;
  const size_t row = (size_t)info.output_width * channels;
  pixels = malloc(row * info.output_height);
  if (info.num_components == 4) inks = malloc((size_t)info.output_width * 4);
  if (!pixels || (info.num_components == 4 && !inks)) {
    snprintf(message, IMAGE_MESSAGE_SIZE, "JPEG: not enough memory for %u x %u pixels", info.output_width,
             info.output_height);
    status = IMAGE_OUT_OF_MEMORY;
    goto failed;
  }
  while (info.output_scanline < info.output_height) {
    uint8_t *target = pixels + row * info.output_scanline;
    JSAMPROW line = inks ? inks : target;
    jpeg_read_scanlines(&info, &line, 1);
    if (inks) cmyk_to_rgb(inks, target, (int)info.output_width, inverted);
  }
  jpeg_finish_decompress(&info);
  image->pixels = pixels;
  image->width = (int)info.output_width;
  image->height = (int)info.output_height;
  image->channels = channels;
  jpeg_destroy_decompress(&info);
  free(inks);
  return IMAGE_OK;

failed:
  jpeg_destroy_decompress(&info);
  free(pixels);
  free(inks);
  return status;
}
