#include "image_codecs.h"

#include <stdio.h>
// jpeglib.h needs stdio.h before it.
#include <jpeglib.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "exif.h"
#include "jpeg_eighth.h"

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf escape;
  char *message;
  int lenient;
} jpeg_errors;

static void describe(j_common_ptr info) {
  jpeg_errors *errors = (jpeg_errors *)info->err;
  char text[JMSG_LENGTH_MAX];
  errors->base.format_message(info, text);
  snprintf(errors->message, IMAGE_MESSAGE_SIZE, "JPEG: %s", text);
}

static void leave(j_common_ptr info) {
  describe(info);
  longjmp(((jpeg_errors *)info->err)->escape, 1);
}

// Level -1 is a warning: the data is corrupt, though libjpeg could go on. Higher levels are traces.
static void judge(j_common_ptr info, int level) {
  jpeg_errors *errors = (jpeg_errors *)info->err;
  if (level >= 0) return;
  if (!errors->lenient) leave(info);
  if (errors->message[0] == 0) describe(info);
}

static void silent(j_common_ptr info) { (void)info; }

typedef struct {
  struct jpeg_progress_mgr base;
  int scans;
} jpeg_patience;

// A progressive file may pass over its pixels any number of times: a bomb that no header shows.
static void watch(j_common_ptr info) {
  const jpeg_patience *patience = (jpeg_patience *)info->progress;
  jpeg_errors *errors = (jpeg_errors *)info->err;
  if (!info->is_decompressor || ((j_decompress_ptr)info)->input_scan_number <= patience->scans) return;
  snprintf(errors->message, IMAGE_MESSAGE_SIZE, "JPEG: more than %d scans", patience->scans);
  longjmp(errors->escape, 2);
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

/// Bytes that a JPEG of several scans holds until the last: two for each coefficient of each component's blocks.
static uint64_t coefficient_bytes(const struct jpeg_decompress_struct *info) {
  uint64_t total = 0;
  for (int index = 0; index < info->num_components; index++) {
    const jpeg_component_info *component = &info->comp_info[index];
    total += 128ull * component->width_in_blocks * component->height_in_blocks;
  }
  return total;
}

int image_decode_jpeg(const uint8_t *bytes, size_t size, const image_limits *limits, int least_width,
                      int least_height, int least_longer, int flags, image_row_function take, void *context,
                      image_header *header, char message[IMAGE_MESSAGE_SIZE]) {
  struct jpeg_decompress_struct info;
  jpeg_errors errors;
  jpeg_patience patience;
  jpeg_eighth eighth;
  // Volatile: changed between setjmp and longjmp.
  uint8_t *volatile line = NULL;
  volatile int status = IMAGE_CORRUPT;

  message[0] = 0;
  memset(header, 0, sizeof(*header));
  memset(&info, 0, sizeof(info));
  info.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = leave;
  errors.base.emit_message = judge;
  errors.base.output_message = silent;
  errors.message = message;
  errors.lenient = flags & IMAGE_LENIENT;
  memset(&patience, 0, sizeof(patience));
  patience.base.progress_monitor = watch;
  patience.scans = limits->scans;
  const int jump = setjmp(errors.escape);
  if (jump) {
    if (jump == 2) status = IMAGE_TOO_LARGE;
    goto done;
  }

  jpeg_create_decompress(&info);
  info.progress = &patience.base;
  jpeg_mem_src(&info, bytes, (unsigned long)size);
  jpeg_save_markers(&info, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&info, TRUE);
  if ((uint64_t)info.image_width * info.image_height > limits->pixels || info.image_width > limits->side ||
      info.image_height > limits->side) {
    snprintf(message, IMAGE_MESSAGE_SIZE, "JPEG: %u x %u pixels, more than the limit of %llu (%u a side)",
             info.image_width, info.image_height, (unsigned long long)limits->pixels, limits->side);
    status = IMAGE_TOO_LARGE;
    goto done;
  }
  if (jpeg_has_multiple_scans(&info) && coefficient_bytes(&info) > limits->memory) {
    snprintf(message, IMAGE_MESSAGE_SIZE, "JPEG: decoding takes %llu bytes, more than the limit of %llu",
             (unsigned long long)coefficient_bytes(&info), (unsigned long long)limits->memory);
    status = IMAGE_TOO_LARGE;
    goto done;
  }
  header->full_width = (int)info.image_width;
  header->full_height = (int)info.image_height;
  header->orientation = 1;
  for (jpeg_saved_marker_ptr marker = info.marker_list; marker; marker = marker->next)
    if (marker->data_length >= 14 && memcmp(marker->data, "Exif\0\0", 6) == 0)
      header->orientation = exif_orientation(marker->data + 6, marker->data_length - 6);

  const int inverted = info.saw_Adobe_marker;
  if (info.num_components == 1) info.out_color_space = JCS_GRAYSCALE;
  else if (info.num_components == 4) info.out_color_space = JCS_CMYK;
  else info.out_color_space = JCS_RGB;
  const unsigned wide = (unsigned)(header->orientation < 5 ? least_width : least_height);
  const unsigned high = (unsigned)(header->orientation < 5 ? least_height : least_width);
  const unsigned longer = info.image_width > info.image_height ? info.image_width : info.image_height;
  info.scale_num = 1;
  info.scale_denom = 1;
  while (wide > 0 && high > 0 && info.scale_denom < 8 && info.image_width / (info.scale_denom * 2) >= wide &&
         info.image_height / (info.scale_denom * 2) >= high &&
         longer / (info.scale_denom * 2) >= (unsigned)least_longer)
    info.scale_denom *= 2;
  if (info.scale_denom == 8 && !(flags & IMAGE_LIBRARY_ONLY) && jpeg_decode_eighth(&info, &eighth)) {
    line = eighth.pixels;
    header->width = eighth.width;
    header->height = eighth.height;
    header->channels = eighth.channels;
    header->short_cut = 1;
    for (int y = 0; y < eighth.height; y++)
      take(context, header, y, eighth.pixels + (size_t)y * (size_t)eighth.width * (size_t)eighth.channels);
    status = IMAGE_OK;
    goto done;
  }
  jpeg_start_decompress(&info);

  header->width = (int)info.output_width;
  header->height = (int)info.output_height;
  header->channels = info.num_components == 1 ? 1 : 3;
  // The row as libjpeg writes it, then the row as RGB where it is inks.
  const size_t wide_row = (size_t)info.output_width * (size_t)info.output_components;
  line = malloc(wide_row + (size_t)info.output_width * 3);
  if (!line) {
    snprintf(message, IMAGE_MESSAGE_SIZE, "JPEG: not enough memory for %u x %u pixels", info.output_width,
             info.output_height);
    status = IMAGE_OUT_OF_MEMORY;
    goto done;
  }
  while (info.output_scanline < info.output_height) {
    const int y = (int)info.output_scanline;
    JSAMPROW row = line;
    if (jpeg_read_scanlines(&info, &row, 1) != 1) {
      snprintf(message, IMAGE_MESSAGE_SIZE, "JPEG: ends after %d of %d rows", y, header->height);
      goto done;
    }
    if (info.num_components == 4) {
      cmyk_to_rgb(line, line + wide_row, header->width, inverted);
      row = line + wide_row;
    }
    take(context, header, y, row);
  }
  jpeg_finish_decompress(&info);
  status = IMAGE_OK;

done:
  jpeg_destroy_decompress(&info);
  free(line);
  return status;
}

int image_encode_jpeg(const uint8_t *pixels, int width, int height, int channels, int quality, uint8_t **encoded,
                      size_t *size, char message[IMAGE_MESSAGE_SIZE]) {
  struct jpeg_compress_struct info;
  jpeg_errors errors;
  // libjpeg keeps both up to date itself; what they point to is ours to free.
  unsigned char *made = NULL;
  unsigned long length = 0;
  volatile int status = IMAGE_UNWRITABLE;

  message[0] = 0;
  memset(&info, 0, sizeof(info));
  info.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = leave;
  errors.base.emit_message = judge;
  errors.base.output_message = silent;
  errors.message = message;
  errors.lenient = 0;
  if (setjmp(errors.escape)) goto done;

  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, &made, &length);
  info.image_width = (JDIMENSION)width;
  info.image_height = (JDIMENSION)height;
  info.input_components = channels;
  info.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = (JSAMPROW)(pixels + (size_t)info.next_scanline * (size_t)width * (size_t)channels);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  status = IMAGE_OK;

done:
  jpeg_destroy_compress(&info);
  if (status == IMAGE_OK) {
    *encoded = made;
    *size = length;
  } else {
    free(made);
  }
  return status;
}
