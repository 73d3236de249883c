// One decode as the library does it, with small limits; shared by the fuzz targets and the mutator.
#ifndef SURPRISAL_FUZZ_DECODE_H
#define SURPRISAL_FUZZ_DECODE_H

#include <image_codecs.h>

static const image_limits small_limits = {.pixels = 1 << 20, .side = 65500, .memory = 64 << 20, .scans = 100};

// Reads every byte of every row, so that the sanitizers see rows shorter than promised.
static void add_row(void *context, const image_header *header, int y, const uint8_t *row) {
  (void)y;
  unsigned *sum = context;
  for (int i = 0; i < header->width * header->channels; i++) *sum += row[i];
}

static int decode_jpeg(const uint8_t *bytes, size_t size, int least, int flags) {
  image_header header;
  char message[IMAGE_MESSAGE_SIZE];
  unsigned sum = 0;
  return image_decode_jpeg(bytes, size, &small_limits, least, least, 0, flags, add_row, &sum, &header, message);
}

typedef int decoder(const uint8_t *bytes, size_t size, const image_limits *limits, int flags, image_row_function take,
                    void *context, image_header *header, char message[IMAGE_MESSAGE_SIZE]);

// All but JPEG's, which shrinks.
static int decode_by(decoder *decode, const uint8_t *bytes, size_t size, int flags) {
  image_header header;
  char message[IMAGE_MESSAGE_SIZE];
  unsigned sum = 0;
  return decode(bytes, size, &small_limits, flags, add_row, &sum, &header, message);
}

#endif
