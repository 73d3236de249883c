// Decodes COUNT damaged copies of the files given, and says how much processor time the slowest took and how much
// memory was held.
//
//     mutate SEED COUNT FILE...
//
// Damage: bits flipped, the end cut off, a chunk of another file spliced in, a run repeated or dropped, a length or
// size field overwritten. Everything follows from SEED. Build with sanitizers (`make mutate`): they end the run at the
// first crash, leak or undefined step.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "decode.h"

static uint64_t state;

// splitmix64 (Steele et al. 2014).
static uint64_t draw(uint64_t below) {
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return below ? (z ^ (z >> 31)) % below : 0;
}

typedef struct {
  uint8_t *bytes;
  size_t size;
} file;

static file load(const char *path) {
  file loaded = {NULL, 0};
  FILE *stream = fopen(path, "rb");
  if (!stream) return loaded;
  fseek(stream, 0, SEEK_END);
  const long size = ftell(stream);
  rewind(stream);
  loaded.bytes = malloc(size > 0 ? (size_t)size : 1);
  if (loaded.bytes) loaded.size = fread(loaded.bytes, 1, (size_t)size, stream);
  fclose(stream);
  return loaded;
}

// A copy of exactly the size it says, so that a read past its end is seen.
static file damage(const file *whole, const file *other) {
  size_t size = whole->size, room = whole->size + other->size + 64;
  uint8_t *made = malloc(room);
  memcpy(made, whole->bytes, size);
  for (uint64_t rounds = 1 + draw(4); rounds > 0 && size > 16; rounds--) {
    switch (draw(6)) {
      case 0:
        for (uint64_t flips = 1 + draw(16); flips > 0; flips--) made[draw(size)] ^= 1u << draw(8);
        break;
      case 1: size = 8 + draw(size - 8); break;
      case 2: {
        const size_t length = draw(other->size + 1), from = draw(other->size - length + 1), at = draw(size);
        if (size + length > room) break;
        memmove(made + at + length, made + at, size - at);
        memcpy(made + at, other->bytes + from, length);
        size += length;
        break;
      }
      case 3: {
        const size_t length = 1 + draw(size / 4), at = draw(size - length);
        memmove(made + at, made + at + length, size - at - length);
        size -= length;
        break;
      }
      case 4: {
        static const uint8_t lies[][4] = {{0xFF, 0xFF, 0xFF, 0xFF}, {0x7F, 0xFF, 0xFF, 0xFF}, {0, 0, 0, 0}, {0, 1, 0, 0}};
        memcpy(made + draw(size - 4), lies[draw(4)], 1 + draw(4));
        break;
      }
      default: made[draw(size < 64 ? size : 64)] = (uint8_t)draw(256);
    }
  }
  file damaged = {malloc(size), size};
  memcpy(damaged.bytes, made, size);
  free(made);
  return damaged;
}

int main(int count, char **arguments) {
  if (count < 4) return fprintf(stderr, "usage: mutate SEED COUNT FILE...\n"), 64;
  state = strtoull(arguments[1], NULL, 10);
  const long wanted = strtol(arguments[2], NULL, 10);
  const int files = count - 3;
  file *seeds = calloc((size_t)files, sizeof(file));
  for (int index = 0; index < files; index++) {
    seeds[index] = load(arguments[index + 3]);
    if (seeds[index].size < 16) return fprintf(stderr, "%s: too small to damage\n", arguments[index + 3]), 1;
  }
  long accepted = 0;
  double slowest = 0;
  for (long index = 0; index < wanted; index++) {
    file damaged = damage(&seeds[draw((uint64_t)files)], &seeds[draw((uint64_t)files)]);
    struct timespec start, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    const int lenient = (int)draw(2);
    const int least = (int[]){0, 1, 28}[draw(3)];
    const int flags = lenient ? IMAGE_LENIENT : 0;
    // All of them, as first bytes are among what is damaged.
    int decodes = decode_jpeg(damaged.bytes, damaged.size, least, flags) == IMAGE_OK;
    static decoder *const others[] = {image_decode_png, image_decode_bmp, image_decode_tiff, image_decode_webp, image_decode_avif};
    for (int kind = 0; kind < 5; kind++) decodes |= decode_by(others[kind], damaged.bytes, damaged.size, flags) == IMAGE_OK;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    const double seconds = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
    if (seconds > slowest) slowest = seconds;
    accepted += decodes;
    free(damaged.bytes);
  }
  for (int index = 0; index < files; index++) free(seeds[index].bytes);
  free(seeds);
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("%ld damaged files, %ld still decode; slowest %.3f s; at most %ld MB held\n", wanted, accepted, slowest,
         usage.ru_maxrss / 1024);
  return 0;
}
