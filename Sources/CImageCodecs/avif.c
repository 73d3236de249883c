// AVIF by libavif, which hands its limits down to the decoder of AV1; of a sequence, its first image.
#include "checks.h"

#ifdef IMAGE_AVIF
#include <avif/avif.h>
#endif

// What is used here is there from 0.11 on.
#if defined(IMAGE_AVIF) && AVIF_VERSION >= 110000
#include <stdlib.h>
#include <string.h>

#if AVIF_VERSION >= 1000000
#define MIRROR axis
#else
#define MIRROR mode
#endif

/// How an image is to be turned, as EXIF numbers it: its rotation against the clock first, then its mirror (ISO/IEC
/// 23000-22:2019, 7.3.6.7).
static int orientation(const avifImage *image) {
  const int mirrors = (image->transformFlags & AVIF_TRANSFORM_IMIR) != 0;
  const int sideways = image->imir.MIRROR;
  switch (image->transformFlags & AVIF_TRANSFORM_IROT ? image->irot.angle : 0) {
    case 1: return mirrors ? (sideways ? 7 : 5) : 8;
    case 2: return mirrors ? (sideways ? 4 : 2) : 3;
    case 3: return mirrors ? (sideways ? 5 : 7) : 6;
    default: return mirrors ? (sideways ? 2 : 4) : 1;
  }
}

static int fail(const avifDecoder *decoder, avifResult result, char *message) {
  return image_fail(IMAGE_CORRUPT, message, "AVIF: %s%s%.150s", avifResultToString(result),
                    decoder->diag.error[0] ? ": " : "", decoder->diag.error);
}

static int decode(avifDecoder *decoder, const image_limits *limits, image_row_function take, void *context,
                  image_header *header, char *message) {
  avifResult result = avifDecoderParse(decoder);
  if (result != AVIF_RESULT_OK) return fail(decoder, result, message);
  const avifImage *image = decoder->image;
  int status = image_check_size("AVIF", image->width, image->height, limits, message);
  if (status != IMAGE_OK) return status;
  const uint64_t pixels = (uint64_t)image->width * image->height;
  const uint64_t channels = decoder->alphaPresent ? 4 : 3;
  // The image, its planes as decoded, and the decoder's own of these.
  const uint64_t planes = (3 + (channels == 4)) * (image->depth > 8 ? 2 : 1);
  status = image_check_memory("AVIF", pixels * (channels + 2 * planes), limits, message);
  if (status != IMAGE_OK) return status;
  // What is coded may be larger than what the header says: again, with that as the limit.
  decoder->imageSizeLimit = (uint32_t)pixels;
  result = avifDecoderParse(decoder);
  if (result == AVIF_RESULT_OK) result = avifDecoderNextImage(decoder);
  if (result != AVIF_RESULT_OK) return fail(decoder, result, message);
  image = decoder->image;
  header->width = header->full_width = (int)image->width;
  header->height = header->full_height = (int)image->height;
  header->channels = (int)channels;
  header->orientation = orientation(image);
  avifRGBImage rgb;
  avifRGBImageSetDefaults(&rgb, image);
  rgb.depth = 8;
  rgb.format = channels == 4 ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  rgb.rowBytes = (uint32_t)(image->width * channels);
  rgb.pixels = malloc((size_t)rgb.rowBytes * image->height);
  if (!rgb.pixels) return image_no_memory("AVIF", image->width, image->height, message);
  result = avifImageYUVToRGB(image, &rgb);
  if (result == AVIF_RESULT_OK) {
    for (uint32_t y = 0; y < image->height; y++) take(context, header, (int)y, rgb.pixels + (size_t)rgb.rowBytes * y);
  } else {
    status = image_fail(IMAGE_CORRUPT, message, "AVIF: %s", avifResultToString(result));
  }
  free(rgb.pixels);
  return status;
}

int image_decode_avif(const uint8_t *bytes, size_t size, const image_limits *limits, int flags,
                      image_row_function take, void *context, image_header *header, char message[IMAGE_MESSAGE_SIZE]) {
  memset(header, 0, sizeof(*header));
  message[0] = 0;
  avifDecoder *decoder = avifDecoderCreate();
  if (!decoder) return image_no_memory("AVIF", 0, 0, message);
  decoder->maxThreads = 1;
  decoder->ignoreExif = AVIF_TRUE;
  decoder->ignoreXMP = AVIF_TRUE;
  // The one of its decoders that keeps the limit.
  decoder->codecChoice = AVIF_CODEC_CHOICE_DAV1D;
  // Old writers leave out 'pixi' and cropping that they do not use.
  decoder->strictFlags = AVIF_STRICT_ENABLED & ~(avifStrictFlags)AVIF_STRICT_PIXI_REQUIRED;
  if (flags & IMAGE_LENIENT) decoder->strictFlags = AVIF_STRICT_DISABLED;
  avifDecoderSetIOMemory(decoder, bytes, size);
  const int status = decode(decoder, limits, take, context, header, message);
  avifDecoderDestroy(decoder);
  return status;
}

#else

int image_decode_avif(const uint8_t *bytes, size_t size, const image_limits *limits, int flags,
                      image_row_function take, void *context, image_header *header, char message[IMAGE_MESSAGE_SIZE]) {
  (void)bytes, (void)size, (void)limits, (void)flags, (void)take, (void)context, (void)header;
  return image_fail(IMAGE_UNSUPPORTED, message, "built without libavif 0.11 or newer");
}

#endif
