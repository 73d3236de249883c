// Every decoder but JPEG's: DECODER is its name after image_decode_, given by the compiler's command line.
#include "decode.h"

#define JOINED(name) image_decode_##name
#define NAMED(name) JOINED(name)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  decode_by(NAMED(DECODER), bytes, size, 0);
  decode_by(NAMED(DECODER), bytes, size, IMAGE_LENIENT);
  return 0;
}
