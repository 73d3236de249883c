#include "decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  decode_jpeg(bytes, size, 0, 0);
  decode_jpeg(bytes, size, 16, IMAGE_LENIENT);
  // At an eighth wherever the image has eight pixels.
  decode_jpeg(bytes, size, 1, 0);
  return 0;
}
