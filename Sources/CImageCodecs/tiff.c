// TIFF by libtiff, from 4.5.0 on, which has limits and errors a file. Ordinary images of 8 and 16 bits are taken as they are stored, a
// strip or a row of tiles at a time; all else (palettes, inks, YCbCr, Lab, bits) goes through libtiff's own conversion
// to RGBA.
#include "checks.h"

#ifdef IMAGE_TIFF
#include <tiffio.h>
#endif

#if defined(IMAGE_TIFF) && TIFFLIB_VERSION >= 20221213
#include <stdlib.h>
#include <string.h>

typedef struct {
  const uint8_t *bytes;
  uint64_t size;
  uint64_t at;
  char *message;
} tiff_source;

static tmsize_t read_bytes(thandle_t handle, void *target, tmsize_t count) {
  tiff_source *source = handle;
  const uint64_t left = source->at < source->size ? source->size - source->at : 0;
  const tmsize_t some = count < 0 ? 0 : (uint64_t)count < left ? count : (tmsize_t)left;
  memcpy(target, source->bytes + (some ? source->at : 0), (size_t)some);
  source->at += (uint64_t)some;
  return some;
}

static tmsize_t no_write(thandle_t handle, void *bytes, tmsize_t count) { return (void)handle, (void)bytes, (void)count, 0; }

static toff_t seek(thandle_t handle, toff_t offset, int from) {
  tiff_source *source = handle;
  source->at = from == SEEK_SET ? offset : from == SEEK_CUR ? source->at + offset : source->size + offset;
  return source->at;
}

static int no_close(thandle_t handle) { return (void)handle, 0; }

static toff_t size_of(thandle_t handle) { return ((tiff_source *)handle)->size; }

// The bytes are all there: no need to read them.
static int map(thandle_t handle, void **base, toff_t *size) {
  const tiff_source *source = handle;
  *base = (void *)source->bytes;
  *size = source->size;
  return 1;
}

static void no_unmap(thandle_t handle, void *base, toff_t size) { (void)handle, (void)base, (void)size; }

// The first error is the cause of those after it.
static int keep_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
  (void)tiff, (void)module;
  char *message = user;
  if (message[0] == 0) {
    memcpy(message, "TIFF: ", 7);
    vsnprintf(message + 6, IMAGE_MESSAGE_SIZE - 6, format, arguments);
  }
  return 1;
}

// Of tags that libtiff does not know, and the like.
static int no_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
  return (void)tiff, (void)user, (void)module, (void)format, (void)arguments, 1;
}

/// What is to be made of the stored samples of a pixel.
typedef struct {
  uint16_t samples, bits;
  int channels;       // to keep
  int is_inverted;    // 0 is white
  uint32_t width, height;
  uint32_t band;      // rows decoded at once
  uint32_t tile_width;  // 0: strips
} tiff_layout;

/// Whether an image can be taken as it is stored.
static int is_plain(TIFF *tiff, tiff_layout *layout, int *premultiplied) {
  uint16_t planar = 0, photometric = 0, extras = 0, *kinds = NULL;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &layout->bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &layout->samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
  if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric)) return 0;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extras, &kinds);
  const int is_gray = photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
  if ((layout->bits != 8 && layout->bits != 16)) return 0;
  if (!is_gray && photometric != PHOTOMETRIC_RGB) return 0;
  const int colours = is_gray ? 1 : 3;
  if (layout->samples < colours || layout->samples > 64) return 0;
  if (planar != PLANARCONFIG_CONTIG && layout->samples > 1) return 0;
  const int has_alpha = layout->samples > colours && extras > 0 && kinds &&
                        (kinds[0] == EXTRASAMPLE_ASSOCALPHA || kinds[0] == EXTRASAMPLE_UNASSALPHA);
  *premultiplied = has_alpha && kinds[0] == EXTRASAMPLE_ASSOCALPHA;
  layout->channels = colours + has_alpha;
  layout->is_inverted = photometric == PHOTOMETRIC_MINISWHITE;
  return 1;
}

/// A row of samples as 8-bit channels: 16 bits to the nearest of 8.
static void convert(const tiff_layout *layout, const uint8_t *row, uint32_t count, uint8_t *target) {
  const int colours = layout->channels == 2 || layout->channels == 4 ? layout->channels - 1 : layout->channels;
  for (uint32_t x = 0; x < count; x++, target += layout->channels) {
    for (int c = 0; c < layout->channels; c++) {
      const size_t sample = (size_t)x * layout->samples + (size_t)c;
      unsigned value = row[sample];
      if (layout->bits == 16) {
        uint16_t wide;
        memcpy(&wide, row + 2 * sample, 2);
        value = (wide * 255u + 32767u) / 65535u;
      }
      target[c] = (uint8_t)(layout->is_inverted && c < colours ? 255 - value : value);
    }
  }
}

/// Decodes and hands on band after band of a plain image. Returns rows handed on before an error.
static uint32_t take_plain(TIFF *tiff, const tiff_layout *layout, uint8_t *stored, tmsize_t stored_size, uint8_t *rows,
                           int lenient, image_row_function take, void *context, image_header *header) {
  const size_t row = (size_t)layout->width * (size_t)layout->channels;
  const size_t stored_pixel = (size_t)layout->samples * layout->bits / 8;
  for (uint32_t top = 0; top < layout->height; top += layout->band) {
    const uint32_t count = layout->height - top < layout->band ? layout->height - top : layout->band;
    const uint32_t across = layout->tile_width ? layout->tile_width : layout->width;
    for (uint32_t left = 0; left < layout->width; left += across) {
      const uint32_t some = layout->width - left < across ? layout->width - left : across;
      const tmsize_t wanted = layout->tile_width ? stored_size : (tmsize_t)(count * across * stored_pixel);
      const tmsize_t found =
          layout->tile_width ? TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, left, top, 0, 0), stored, stored_size)
                             : TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, top, 0), stored, wanted);
      if (found < wanted) {
        if (!lenient) return top;
        const size_t had = found > 0 ? (size_t)found : 0;
        memset(stored + had, layout->is_inverted ? 0 : 255, (size_t)stored_size - had);
      }
      for (uint32_t y = 0; y < count; y++)
        convert(layout, stored + (size_t)y * across * stored_pixel, some,
                rows + y * row + (size_t)left * (size_t)layout->channels);
    }
    for (uint32_t y = 0; y < count; y++) take(context, header, (int)(top + y), rows + y * row);
  }
  return layout->height;
}

static int decode_plain(TIFF *tiff, tiff_layout *layout, const image_limits *limits, int flags, image_row_function take,
                        void *context, image_header *header, char *message) {
  const tmsize_t stored_size = layout->tile_width ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  const uint64_t across = layout->tile_width ? layout->tile_width : layout->width;
  const uint64_t expected = across * layout->band * layout->samples * layout->bits / 8;
  const uint64_t made = (uint64_t)layout->width * layout->band * (uint64_t)layout->channels;
  if (stored_size <= 0 || (uint64_t)stored_size < expected)
    return image_fail(IMAGE_CORRUPT, message, "TIFF: strips or tiles of %lld bytes", (long long)stored_size);
  int status = image_check_memory("TIFF", (uint64_t)stored_size + made, limits, message);
  if (status != IMAGE_OK) return status;
  uint8_t *stored = malloc((size_t)stored_size), *rows = malloc((size_t)made);
  if (!stored || !rows) {
    status = image_no_memory("TIFF", layout->width, layout->height, message);
  } else {
    header->channels = layout->channels;
    const uint32_t done = take_plain(tiff, layout, stored, stored_size, rows, flags & IMAGE_LENIENT, take, context, header);
    status = done == layout->height ? IMAGE_OK : IMAGE_CORRUPT;
    if (status != IMAGE_OK && message[0] == 0)
      image_fail(status, message, "TIFF: ends after %u of %u rows", done, layout->height);
  }
  free(stored);
  free(rows);
  return status;
}

/// By libtiff's conversion to RGBA, whose alpha the colours are already multiplied by.
static int decode_converted(TIFF *tiff, const tiff_layout *layout, const image_limits *limits, int flags,
                            image_row_function take, void *context, image_header *header, char *message) {
  char reason[1024] = "";
  if (!TIFFRGBAImageOK(tiff, reason)) {
    if (message[0] == 0) image_fail(IMAGE_CORRUPT, message, "TIFF: %.200s", reason);
    return IMAGE_CORRUPT;
  }
  const tmsize_t stored_size = layout->tile_width ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  const uint64_t made = (uint64_t)layout->width * layout->band * 4 + (uint64_t)layout->width * 4;
  int status =
      image_check_memory("TIFF", made + (stored_size > 0 ? 4 * (uint64_t)stored_size : 0), limits, message);
  if (status != IMAGE_OK) return status;
  TIFFRGBAImage image;
  if (!TIFFRGBAImageBegin(&image, tiff, !(flags & IMAGE_LENIENT), reason)) {
    if (message[0] == 0) image_fail(IMAGE_CORRUPT, message, "TIFF: %.200s", reason);
    return IMAGE_CORRUPT;
  }
  // Rows as they lie: the caller turns the image.
  image.orientation = image.req_orientation = ORIENTATION_TOPLEFT;
  header->channels = image.alpha ? 4 : 3;
  header->premultiplied = image.alpha != 0;
  uint32_t *pixels = malloc((size_t)layout->width * layout->band * 4);
  uint8_t *row = malloc((size_t)layout->width * 4);
  status = IMAGE_OK;
  if (!pixels || !row) status = image_no_memory("TIFF", layout->width, layout->height, message);
  for (uint32_t top = 0; status == IMAGE_OK && top < layout->height; top += layout->band) {
    const uint32_t count = layout->height - top < layout->band ? layout->height - top : layout->band;
    // White where nothing is decoded.
    memset(pixels, 255, (size_t)layout->width * count * 4);
    image.row_offset = (int)top;
    image.col_offset = 0;
    if (!TIFFRGBAImageGet(&image, pixels, layout->width, count) && !(flags & IMAGE_LENIENT)) {
      status = IMAGE_CORRUPT;
      if (message[0] == 0) image_fail(status, message, "TIFF: ends after %u of %u rows", top, layout->height);
      break;
    }
    for (uint32_t y = 0; y < count; y++) {
      const uint32_t *from = pixels + (size_t)y * layout->width;
      for (uint32_t x = 0; x < layout->width; x++) {
        uint8_t *to = row + (size_t)x * (size_t)header->channels;
        to[0] = (uint8_t)TIFFGetR(from[x]), to[1] = (uint8_t)TIFFGetG(from[x]), to[2] = (uint8_t)TIFFGetB(from[x]);
        if (header->channels == 4) to[3] = (uint8_t)TIFFGetA(from[x]);
      }
      take(context, header, (int)(top + y), row);
    }
  }
  TIFFRGBAImageEnd(&image);
  free(pixels);
  free(row);
  return status;
}

static int decode(TIFF *tiff, const image_limits *limits, int flags, image_row_function take, void *context,
                  image_header *header, char *message) {
  tiff_layout layout;
  memset(&layout, 0, sizeof(layout));
  uint16_t orientation = ORIENTATION_TOPLEFT;
  if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &layout.width) || !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &layout.height) ||
      layout.width == 0 || layout.height == 0)
    return image_fail(IMAGE_CORRUPT, message, "TIFF: an image without a size");
  uint32_t kind = 0;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SUBFILETYPE, &kind);
  if (kind & FILETYPE_REDUCEDIMAGE)
    return image_fail(IMAGE_CORRUPT, message,
                      "TIFF: its first page is a small copy of another, as in cameras' raw files: not supported");
  uint16_t format = SAMPLEFORMAT_UINT;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
  if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID)
    return image_fail(IMAGE_CORRUPT, message, "TIFF: %s samples are not supported",
                      format == SAMPLEFORMAT_INT ? "signed" : "floating-point and complex");
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
  int status = image_check_size("TIFF", layout.width, layout.height, limits, message);
  if (status != IMAGE_OK) return status;
  if (TIFFIsTiled(tiff)) {
    uint32_t tile_height = 0;
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &layout.tile_width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tile_height);
    layout.band = tile_height;
    if (layout.tile_width == 0 || layout.tile_width > 1u << 20 || layout.band == 0 || layout.band > 1u << 20)
      return image_fail(IMAGE_CORRUPT, message, "TIFF: tiles of %u x %u pixels", layout.tile_width, layout.band);
  } else {
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &layout.band);
    if (layout.band == 0 || layout.band > layout.height) layout.band = layout.height;
  }
  header->width = header->full_width = (int)layout.width;
  header->height = header->full_height = (int)layout.height;
  header->orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
  if (is_plain(tiff, &layout, &header->premultiplied))
    return decode_plain(tiff, &layout, limits, flags, take, context, header, message);
  return decode_converted(tiff, &layout, limits, flags, take, context, header, message);
}

int image_decode_tiff(const uint8_t *bytes, size_t size, const image_limits *limits, int flags,
                      image_row_function take, void *context, image_header *header, char message[IMAGE_MESSAGE_SIZE]) {
  memset(header, 0, sizeof(*header));
  message[0] = 0;
  tiff_source source = {bytes, size, 0, message};
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  if (!options) return image_no_memory("TIFF", 0, 0, message);
  // With room for the library's own.
  const uint64_t most = limits->memory < 1 << 16 ? 1 << 16 : limits->memory;
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, most < INT64_MAX ? (tmsize_t)most : INT64_MAX);
  TIFFOpenOptionsSetErrorHandlerExtR(options, keep_error, message);
  TIFFOpenOptionsSetWarningHandlerExtR(options, no_warning, NULL);
  TIFF *tiff = TIFFClientOpenExt("TIFF", "r", &source, read_bytes, no_write, seek, no_close, size_of, map, no_unmap, options);
  TIFFOpenOptionsFree(options);
  if (!tiff) {
    if (message[0] == 0) image_fail(IMAGE_CORRUPT, message, "TIFF: no image in it");
    return IMAGE_CORRUPT;
  }
  int status = decode(tiff, limits, flags, take, context, header, message);
  TIFFClose(tiff);
  if (status == IMAGE_CORRUPT && strstr(message, "byte limit defined in open options"))
    status = image_fail(IMAGE_TOO_LARGE, message, "TIFF: decoding takes more than the limit of %llu bytes",
                        (unsigned long long)limits->memory);
  // Errors of tags that do not matter leave a message beside a whole image.
  if (status == IMAGE_OK && !(flags & IMAGE_LENIENT)) message[0] = 0;
  return status;
}

#else

int image_decode_tiff(const uint8_t *bytes, size_t size, const image_limits *limits, int flags,
                      image_row_function take, void *context, image_header *header, char message[IMAGE_MESSAGE_SIZE]) {
  (void)bytes, (void)size, (void)limits, (void)flags, (void)take, (void)context, (void)header;
  return image_fail(IMAGE_UNSUPPORTED, message, "built without libtiff 4.5 or newer");
}

#endif
