#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#include "image_codecs.h"

// zlib's own reader of files: gzip is unfolded, also where several follow each other, anything else passed on as it is.
image_unfold *image_unfold_open(int descriptor) {
  const int own = dup(descriptor);
  if (own < 0) return NULL;
  gzFile file = gzdopen(own, "rb");
  if (!file) close(own);
  return (image_unfold *)file;
}

int image_unfold_is_gzip(image_unfold *source) { return !gzdirect((gzFile)source); }

int64_t image_unfold_read(image_unfold *source, uint64_t offset, uint8_t *target, size_t count,
                          char message[IMAGE_MESSAGE_SIZE]) {
  gzFile file = (gzFile)source;
  message[0] = 0;
  size_t done = 0;
  if (offset > INT64_MAX || gzseek(file, (z_off_t)offset, SEEK_SET) < 0) goto failed;
  while (done < count) {
    const size_t left = count - done;
    const int found = gzread(file, target + done, left < 1u << 30 ? (unsigned)left : 1u << 30);
    if (found < 0) goto failed;
    if (found == 0) break;
    done += (size_t)found;
  }
  // A file that ends early is told only after what there was of it.
  int status = Z_OK;
  gzerror(file, &status);
  if (status == Z_OK || status == Z_STREAM_END) return (int64_t)done;

failed:
  snprintf(message, IMAGE_MESSAGE_SIZE, "gzip: corrupt or cut off after %llu bytes of content",
           (unsigned long long)(offset + done));
  return -1;
}

void image_unfold_close(image_unfold *source) { gzclose_r((gzFile)source); }
