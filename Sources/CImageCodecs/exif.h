// The one thing taken from EXIF: how the camera lay.
#ifndef SURPRISAL_EXIF_H
#define SURPRISAL_EXIF_H

#include <stddef.h>
#include <stdint.h>

static inline unsigned exif_read16(const uint8_t *at, int little) {
  return little ? (unsigned)(at[0] | at[1] << 8) : (unsigned)(at[0] << 8 | at[1]);
}

static inline unsigned long exif_read32(const uint8_t *at, int little) {
  return little ? exif_read16(at, 1) | (unsigned long)exif_read16(at + 2, 1) << 16
                : (unsigned long)exif_read16(at, 0) << 16 | exif_read16(at + 2, 0);
}

/// Tag 0x0112 of the first directory of a TIFF structure (EXIF 2.3, 4.6.4); 1 where there is none or it is damaged.
static inline int exif_orientation(const uint8_t *tiff, size_t size) {
  if (size < 8) return 1;
  const int little = tiff[0] == 'I';
  const unsigned long start = exif_read32(tiff + 4, little);
  if (start < 8 || start + 2 > size) return 1;
  const unsigned count = exif_read16(tiff + start, little);
  for (unsigned index = 0; index < count; index++) {
    const unsigned long entry = start + 2 + 12ul * index;
    if (entry + 12 > size) return 1;
    if (exif_read16(tiff + entry, little) != 0x0112) continue;
    const unsigned value = exif_read16(tiff + entry + 8, little);
    return value >= 1 && value <= 8 ? (int)value : 1;
  }
  return 1;
}

#endif
