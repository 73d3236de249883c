// At an eighth of its size, a pixel is the mean of a block: its DC coefficient. libjpeg still decodes each AC coefficient
// there, and that is nine tenths of its time on a large photograph. Here the codes of a luma block are stepped over, as
// many at once as a table of `skip_bits` bits holds, without their values; of a chroma block under several luma blocks, the
// coefficients that tell its halves apart are read (ITU-T T.81, Annexes C and F).
#include "jpeg_eighth.h"

#include <stdlib.h>
#include <string.h>

enum { look_bits = 10, skip_bits = 13, ends_block = 128, no_code = 255 << 16 };

// What a coefficient tells apart in its block.
enum { neither, across, down, diagonal };

typedef struct {
  uint16_t look[1 << look_bits];  // length << 8 | symbol; 0: a longer code
  int32_t last[18];               // the greatest code of each length, -1 without any
  int32_t offset[18];             // of a length's codes into `symbols`
  const uint8_t *symbols;
} code_table;

// For the next bits: how long the codes in them are with their values (byte 0), what they add to the coefficient's index
// (byte 1), and what all but the last add (byte 2; no_code: not even one code is whole).
typedef uint32_t skip_entry;

typedef struct {
  code_table dc, ac;
  skip_entry *skip;  // NULL where values are wanted
  float step;            // of the quantised mean
  float weights[64];     // of a quantised coefficient in what `halves` says, in the file's order
  uint8_t halves[64];
  int wide, high;       // blocks in an MCU
  int part_wide, part_high;  // pixels made of each block
  uint8_t *plane;
  size_t row;
  int predicted;
} channel;

typedef struct {
  const uint8_t *at, *end;
  uint64_t bits;  // the next bits, from the top
  int count;      // how many of them are counted on
} bit_reader;

static const uint8_t zigzag[64] = {0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
                                   41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
                                   30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

// Mean of cos((2x + 1) u pi / 16) over x = 0...3: what half a block sees of a frequency; the other half sees its negative.
static const float half_mean[8] = {1, 0.640728861f, 0, -0.224993715f, 0, 0.150336180f, 0, -0.127448388f};

static inline uint64_t load64(const uint8_t *bytes) {
  uint64_t value;
  memcpy(&value, bytes, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  value = __builtin_bswap64(value);
#endif
  return value;
}

/// Tops up to at least 56 bits, or to the next marker.
static inline void refill(bit_reader *reader) {
  if (reader->end - reader->at >= 8) {
    const uint64_t word = load64(reader->at);
    // The top bit of each byte of ~word that is zero: no byte of `word` is FF, which would be a marker or stuffed.
    const uint64_t inverse = ~word;
    if (!((inverse - 0x0101010101010101u) & word & 0x8080808080808080u)) {
      reader->bits |= word >> reader->count;
      const int bytes = (63 - reader->count) >> 3;
      reader->at += bytes;
      reader->count += 8 * bytes;
      return;
    }
  }
  while (reader->count < 56 && reader->at < reader->end) {
    const uint8_t byte = *reader->at;
    if (byte == 0xFF) {
      if (reader->end - reader->at < 2 || reader->at[1] != 0) return;
      reader->at++;
    }
    reader->at++;
    reader->bits |= (uint64_t)byte << (56 - reader->count);
    reader->count += 8;
  }
}

static inline void drop(bit_reader *reader, int length) {
  reader->bits <<= length;
  reader->count -= length;
}

/// Length and symbol of the code at the top of `bits`, or 0.
static inline int code_at(const code_table *table, uint64_t bits) {
  const int found = table->look[bits >> (64 - look_bits)];
  if (found) return found;
  for (int length = look_bits + 1; length <= 16; length++) {
    const int32_t code = (int32_t)(bits >> (64 - length));
    if (code <= table->last[length]) return length << 8 | table->symbols[code + table->offset[length]];
  }
  return 0;
}

static int make_codes(const JHUFF_TBL *from, int is_dc, code_table *table) {
  memset(table, 0, sizeof(*table));
  table->symbols = from->huffval;
  int32_t code = 0;
  int index = 0;
  for (int length = 1; length <= 16; length++) {
    const int count = from->bits[length];
    // Codes of a length must fit it, none of them all ones, and symbols their list.
    if (index + count > 256 || (count && code + count >= (1 << length))) return 0;
    table->offset[length] = index - code;
    for (int i = 0; i < count; i++, code++, index++) {
      if (is_dc && from->huffval[index] > 15) return 0;
      if (length > look_bits) continue;
      const int shift = look_bits - length;
      for (int tail = 0; tail < 1 << shift; tail++)
        table->look[(code << shift) + tail] = (uint16_t)(length << 8 | from->huffval[index]);
    }
    table->last[length] = count ? code - 1 : -1;
    code <<= 1;
  }
  return 1;
}

/// What an AC symbol adds to the coefficient's index: its run and itself, 16 zeros, or the end of the block.
static inline int step_of(int symbol) {
  if (symbol & 15) return (symbol >> 4) + 1;
  return symbol == 0xF0 ? 16 : ends_block;
}

static skip_entry *make_skips(const code_table *table) {
  skip_entry *entries = malloc(sizeof(skip_entry) << skip_bits);
  if (!entries) return NULL;
  for (uint64_t index = 0; index < 1 << skip_bits; index++) {
    entries[index] = no_code;
    for (int length = 0, step = 0; step < 64;) {
      const int found = code_at(table, index << (64 - skip_bits) << length), before = step;
      length += (found >> 8) + (found & 15);
      if (!found || length > skip_bits) break;
      step += step_of(found & 255);
      entries[index] = (skip_entry)(before << 16 | step << 8 | length);
    }
  }
  return entries;
}

/// A number of `size` bits as T.81 writes them: the lower half stands for negative ones.
static inline int value_of(bit_reader *reader, int size) {
  if (size == 0) return 0;
  const int value = (int)(reader->bits >> (64 - size));
  drop(reader, size);
  return value >> (size - 1) ? value : value - (1 << size) + 1;
}

static inline int read_dc(bit_reader *reader, channel *of) {
  refill(reader);
  const int found = code_at(&of->dc, reader->bits);
  if (!found) return 0;
  drop(reader, found >> 8);
  of->predicted += value_of(reader, found & 15);
  return reader->count >= 0 && abs(of->predicted) <= 32767;
}

/// Steps over a block's AC coefficients.
static inline int skip_ac(bit_reader *reader, const channel *of) {
  const skip_entry *skip = of->skip;
  unsigned index = 1;
  while (index < 64) {
    refill(reader);
    // Four entries and a long code fit what there is now.
    for (int i = 0; i < 2; i++) {
      const skip_entry entry = skip[reader->bits >> (64 - skip_bits)];
      if (index + (entry >> 16) >= 64) {
        // A long code, or codes of which the first ends this block.
        const int found = code_at(&of->ac, reader->bits);
        if (!found) return 0;
        drop(reader, (found >> 8) + (found & 15));
        index += (unsigned)step_of(found & 255);
        break;
      }
      drop(reader, entry & 63);
      index += entry >> 8 & 255;
      if (index >= 64) break;
    }
    if (reader->count < 0) return 0;
  }
  return index == 64 || index >= ends_block;
}

/// Reads what sets a block's left half from its right, upper from lower, and diagonal from diagonal, into `sums` by
/// `halves` of a coefficient.
static inline int read_halves(bit_reader *reader, const channel *of, float sums[4]) {
  unsigned index = 1;
  while (index < 64) {
    if (reader->count < 32) refill(reader);
    const int found = code_at(&of->ac, reader->bits);
    if (!found) return 0;
    drop(reader, found >> 8);
    const int value = value_of(reader, found & 15);
    if (reader->count < 0) return 0;
    index += (unsigned)step_of(found & 255);
    if (!(found & 15)) continue;
    if (index > 64) return 0;
    sums[of->halves[index - 1]] += (float)value * of->weights[index - 1];
  }
  return index == 64 || index >= ends_block;
}

static inline uint8_t level(float value) {
  value += 128.5f;
  return value < 0 ? 0 : value >= 255 ? 255 : (uint8_t)value;
}

static inline int read_block(bit_reader *reader, channel *of, uint8_t *target) {
  if (!read_dc(reader, of)) return 0;
  const float mean = (float)of->predicted * of->step;
  if (of->skip) {
    *target = level(mean);
    return skip_ac(reader, of);
  }
  float sums[4] = {0, 0, 0, 0};
  if (!read_halves(reader, of, sums)) return 0;
  for (int y = 0; y < of->part_high; y++)
    for (int x = 0; x < of->part_wide; x++) {
      float value = mean;
      if (of->part_wide == 2) value += x ? -sums[across] : sums[across];
      if (of->part_high == 2) value += y ? -sums[down] : sums[down];
      if (of->part_wide == 2 && of->part_high == 2) value += x == y ? sums[diagonal] : -sums[diagonal];
      target[(size_t)y * of->row + (size_t)x] = level(value);
    }
  return 1;
}

/// At a marker with nothing but padding before it?
static int stands_before(bit_reader *reader, uint8_t marker) {
  refill(reader);
  return reader->count < 8 && reader->end - reader->at >= 2 && reader->at[0] == 0xFF && reader->at[1] == marker;
}

static int read_scan(const struct jpeg_decompress_struct *info, channel *channels, int wide, int high) {
  bit_reader reader = {info->src->next_input_byte, info->src->next_input_byte + info->src->bytes_in_buffer, 0, 0};
  unsigned remaining = info->restart_interval, restarts = 0;
  for (int row = 0; row < high; row++)
    for (int column = 0; column < wide; column++) {
      if (info->restart_interval && remaining-- == 0) {
        if (!stands_before(&reader, (uint8_t)(JPEG_RST0 + (restarts++ & 7)))) return 0;
        reader = (bit_reader){reader.at + 2, reader.end, 0, 0};
        for (int c = 0; c < info->num_components; c++) channels[c].predicted = 0;
        remaining = info->restart_interval - 1;
      }
      for (int c = 0; c < info->num_components; c++) {
        channel *of = &channels[c];
        for (int y = 0; y < of->high; y++)
          for (int x = 0; x < of->wide; x++) {
            const size_t top = (size_t)((row * of->high + y) * of->part_high);
            const size_t left = (size_t)((column * of->wide + x) * of->part_wide);
            if (!read_block(&reader, of, of->plane + top * of->row + left)) return 0;
          }
      }
    }
  return stands_before(&reader, JPEG_EOI);
}

/// BT.601 as JFIF states it, in libjpeg's fixed point.
static void ycc_to_rgb(const channel *channels, int width, int height, uint8_t *pixels) {
  for (int y = 0; y < height; y++) {
    const uint8_t *luma = channels[0].plane + (size_t)y * channels[0].row;
    const uint8_t *blue = channels[1].plane + (size_t)y * channels[1].row;
    const uint8_t *red = channels[2].plane + (size_t)y * channels[2].row;
    for (int x = 0; x < width; x++, pixels += 3) {
      const int cb = blue[x] - 128, cr = red[x] - 128;
      const int values[3] = {luma[x] + ((91881 * cr + 32768) >> 16), luma[x] + ((-22554 * cb - 46802 * cr + 32768) >> 16),
                             luma[x] + ((116130 * cb + 32768) >> 16)};
      for (int c = 0; c < 3; c++) pixels[c] = (uint8_t)(values[c] < 0 ? 0 : values[c] > 255 ? 255 : values[c]);
    }
  }
}

/// An ordinary file: one baseline scan of all components, gray or YCbCr, chroma as fine as luma or halved.
static int is_ordinary(const struct jpeg_decompress_struct *info) {
  if (info->progressive_mode || info->arith_code || info->data_precision != 8 ||
      info->comps_in_scan != info->num_components || info->Ss != 0 || info->Se != 63 || info->Ah != 0 || info->Al != 0)
    return 0;
  if (info->num_components == 1) {
    if (info->jpeg_color_space != JCS_GRAYSCALE) return 0;
  } else {
    if (info->num_components != 3 || info->jpeg_color_space != JCS_YCbCr) return 0;
    if (info->comp_info[0].h_samp_factor > 2 || info->comp_info[0].v_samp_factor > 2) return 0;
    for (int c = 1; c < 3; c++)
      if (info->comp_info[c].h_samp_factor != 1 || info->comp_info[c].v_samp_factor != 1) return 0;
  }
  for (int c = 0; c < info->num_components; c++) {
    const jpeg_component_info *component = &info->comp_info[c];
    // libjpeg has taken these numbers from the file as they are.
    if (component->quant_tbl_no >= NUM_QUANT_TBLS || component->dc_tbl_no >= NUM_HUFF_TBLS ||
        component->ac_tbl_no >= NUM_HUFF_TBLS)
      return 0;
    if (info->cur_comp_info[c] != component || !info->quant_tbl_ptrs[component->quant_tbl_no] ||
        !info->dc_huff_tbl_ptrs[component->dc_tbl_no] || !info->ac_huff_tbl_ptrs[component->ac_tbl_no])
      return 0;
  }
  return 1;
}

/// Weights of the inverse transform's means (T.81, A.3.3), from steps of quantisation in natural order.
static void weigh(const UINT16 *steps, channel *of) {
  of->step = (float)steps[0] * 0.125f;
  for (int index = 1; index < 64; index++) {
    const int place = zigzag[index], u = place & 7, v = place >> 3;
    if (half_mean[u] == 0 || half_mean[v] == 0) continue;
    of->halves[index] = v == 0 ? across : u == 0 ? down : diagonal;
    // 1/4 C(u) C(v), and C(0) is 1/sqrt(2).
    of->weights[index] = (float)steps[place] * half_mean[u] * half_mean[v] * (u == 0 || v == 0 ? 0.176776695f : 0.25f);
  }
}

static int decode(const struct jpeg_decompress_struct *info, channel *channels, jpeg_eighth *made) {
  // A scan of one component has blocks for MCUs, whatever its sampling.
  const int is_gray = info->num_components == 1;
  const int most_wide = is_gray ? 1 : info->comp_info[0].h_samp_factor;
  const int most_high = is_gray ? 1 : info->comp_info[0].v_samp_factor;
  made->width = ((int)info->image_width + 7) / 8;
  made->height = ((int)info->image_height + 7) / 8;
  made->channels = is_gray ? 1 : 3;
  const int wide = (made->width + most_wide - 1) / most_wide, high = (made->height + most_high - 1) / most_high;
  for (int c = 0; c < info->num_components; c++) {
    const jpeg_component_info *component = &info->comp_info[c];
    channel *of = &channels[c];
    weigh(info->quant_tbl_ptrs[component->quant_tbl_no]->quantval, of);
    of->wide = c == 0 ? most_wide : 1;
    of->high = c == 0 ? most_high : 1;
    of->part_wide = most_wide / of->wide;
    of->part_high = most_high / of->high;
    of->row = (size_t)(wide * most_wide);
    of->plane = malloc(of->row * (size_t)(high * most_high));
    if (!of->plane || !make_codes(info->dc_huff_tbl_ptrs[component->dc_tbl_no], 1, &of->dc) ||
        !make_codes(info->ac_huff_tbl_ptrs[component->ac_tbl_no], 0, &of->ac))
      return 0;
    if (of->part_wide * of->part_high == 1 && !(of->skip = make_skips(&of->ac))) return 0;
  }
  if (!read_scan(info, channels, wide, high)) return 0;
  made->pixels = malloc((size_t)made->width * (size_t)made->height * (size_t)made->channels);
  if (!made->pixels) return 0;
  if (is_gray) memcpy(made->pixels, channels[0].plane, (size_t)made->width * (size_t)made->height);
  else ycc_to_rgb(channels, made->width, made->height, made->pixels);
  return 1;
}

int jpeg_decode_eighth(const struct jpeg_decompress_struct *info, jpeg_eighth *made) {
  if (!is_ordinary(info)) return 0;
  channel *channels = calloc(3, sizeof(channel));
  if (!channels) return 0;
  const int done = decode(info, channels, made);
  for (int c = 0; c < 3; c++) {
    free(channels[c].plane);
    free(channels[c].skip);
  }
  free(channels);
  return done;
}
