#include "decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  decode_jpeg(bytes, size, 0, 0);
  decode_jpeg(bytes, size, 16, 1);
  return 0;
}
