// WebP by libwebp; of an animation, its first frame as it is shown, by libwebpdemux.
#include "checks.h"

#ifdef IMAGE_WEBP
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include "exif.h"

/// EXIF orientation from the chunk of that name (WebP Container Specification, "Metadata").
static int orientation(const uint8_t *bytes, size_t size) {
  size_t at = 12;
  while (at < size && size - at >= 8) {
    const size_t length = exif_read32(bytes + at + 4, 1);
    if (length > size - at - 8) return 1;
    if (memcmp(bytes + at, "EXIF", 4) == 0) {
      // Some writers keep JPEG's prefix.
      const size_t prefix = length >= 6 && memcmp(bytes + at + 8, "Exif\0\0", 6) == 0 ? 6 : 0;
      return exif_orientation(bytes + at + 8 + prefix, length - prefix);
    }
    at += 8 + length + (length & 1);
  }
  return 1;
}

static const char *words(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY: return "not enough memory";
    case VP8_STATUS_UNSUPPORTED_FEATURE: return "a feature that libwebp does not have";
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA: return "unexpected end of file";
    default: return "corrupt";
  }
}

/// Decodes one image into `pixels`; how many of its rows are there.
static int decode_still(const uint8_t *bytes, size_t size, int has_alpha, int width, int height, uint8_t *pixels,
                        VP8StatusCode *status) {
  WebPDecoderConfig config;
  *status = VP8_STATUS_OUT_OF_MEMORY;
  if (!WebPInitDecoderConfig(&config)) return 0;
  const int channels = has_alpha ? 4 : 3;
  config.output.colorspace = has_alpha ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = pixels;
  config.output.u.RGBA.stride = width * channels;
  config.output.u.RGBA.size = (size_t)width * (size_t)height * (size_t)channels;
  WebPIDecoder *decoder = WebPIDecode(NULL, 0, &config);
  if (!decoder) return 0;
  *status = WebPIUpdate(decoder, bytes, size);
  int rows = 0;
  if (*status == VP8_STATUS_OK) rows = height;
  else if (!WebPIDecGetRGB(decoder, &rows, NULL, NULL, NULL)) rows = 0;
  WebPIDelete(decoder);
  WebPFreeDecBuffer(&config.output);
  return rows < height ? rows : height;
}

/// The first frame of an animation on its canvas, RGBA.
static int decode_animation(const uint8_t *bytes, size_t size, uint8_t *pixels, size_t count) {
  WebPAnimDecoderOptions options;
  if (!WebPAnimDecoderOptionsInit(&options)) return 0;
  options.color_mode = MODE_RGBA;
  const WebPData data = {bytes, size};
  WebPAnimDecoder *decoder = WebPAnimDecoderNew(&data, &options);
  if (!decoder) return 0;
  uint8_t *frame = NULL;
  int time = 0;
  const int is_there = WebPAnimDecoderGetNext(decoder, &frame, &time) && frame;
  if (is_there) memcpy(pixels, frame, count);
  WebPAnimDecoderDelete(decoder);
  return is_there;
}

int image_decode_webp(const uint8_t *bytes, size_t size, const image_limits *limits, int flags,
                      image_row_function take, void *context, image_header *header, char message[IMAGE_MESSAGE_SIZE]) {
  memset(header, 0, sizeof(*header));
  message[0] = 0;
  WebPBitstreamFeatures features;
  VP8StatusCode state = WebPGetFeatures(bytes, size, &features);
  if (state != VP8_STATUS_OK) return image_fail(IMAGE_CORRUPT, message, "WebP: %s", words(state));
  if (features.width <= 0 || features.height <= 0) return image_fail(IMAGE_CORRUPT, message, "WebP: an image without a size");
  const uint64_t width = (uint64_t)features.width, height = (uint64_t)features.height;
  int status = image_check_size("WebP", width, height, limits, message);
  if (status != IMAGE_OK) return status;
  const int channels = features.has_alpha || features.has_animation ? 4 : 3;
  // The image, and four bytes a pixel that libwebp holds beside it for a lossless one; of an animation three canvases, and a
  // frame that may be as large.
  const uint64_t held = width * height * (features.has_animation ? 20 : (uint64_t)channels + 4);
  status = image_check_memory("WebP", held, limits, message);
  if (status != IMAGE_OK) return status;
  const size_t row = (size_t)width * (size_t)channels;
  uint8_t *pixels = malloc(row * (size_t)height);
  if (!pixels) return image_no_memory("WebP", width, height, message);
  header->width = header->full_width = features.width;
  header->height = header->full_height = features.height;
  header->channels = channels;
  header->orientation = orientation(bytes, size);
  int rows = 0;
  if (features.has_animation) {
    if (decode_animation(bytes, size, pixels, row * (size_t)height)) rows = features.height;
    else image_fail(IMAGE_CORRUPT, message, "WebP: its first frame is corrupt or cut off");
  } else {
    rows = decode_still(bytes, size, channels == 4, features.width, features.height, pixels, &state);
    if (state != VP8_STATUS_OK) image_fail(IMAGE_CORRUPT, message, "WebP: %s", words(state));
  }
  // A part of it that comes after the pixels may say how they are to be turned.
  if (message[0] == 0 && size >= 8 && exif_read32(bytes + 4, 1) > size - 8)
    image_fail(IMAGE_CORRUPT, message, "WebP: unexpected end of file");
  if (message[0] != 0 && (!(flags & IMAGE_LENIENT) || rows == 0)) status = IMAGE_CORRUPT;
  for (int y = 0; status == IMAGE_OK && y < rows; y++) take(context, header, y, pixels + row * (size_t)y);
  free(pixels);
  return status;
}

#else

int image_decode_webp(const uint8_t *bytes, size_t size, const image_limits *limits, int flags,
                      image_row_function take, void *context, image_header *header, char message[IMAGE_MESSAGE_SIZE]) {
  (void)bytes, (void)size, (void)limits, (void)flags, (void)take, (void)context, (void)header;
  return image_fail(IMAGE_UNSUPPORTED, message, "built without libwebp");
}

#endif
