#include "decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  decode_png(bytes, size);
  return 0;
}
