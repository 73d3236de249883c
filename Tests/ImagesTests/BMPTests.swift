import Foundation
import Testing

@testable import Images

/// BMP files made here, byte by byte as the format's pages say, against what they were made of.
struct BMPTests {
  private func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// A file: header of `length` bytes, what follows it (masks, palette), pixels as they lie.
  private func bmp(
    _ width: Int, _ height: Int, bits: Int, compression: Int = 0, length: Int = 40, after: [UInt8] = [],
    colours: Int = 0, _ pixels: [UInt8]
  ) -> Data {
    var header = little(length, 4)
    if length == 12 {
      header += little(width, 2) + little(height, 2) + little(1, 2) + little(bits, 2)
    } else {
      header += little(width, 4) + little(height, 4) + little(1, 2) + little(bits, 2) + little(compression, 4)
      header += little(pixels.count, 4) + little(0, 8) + little(colours, 4) + little(0, 4)
      // A longer header holds the masks itself.
      if length > 40 { header += Array(after.prefix(length - 40)) }
      header += [UInt8](repeating: 0, count: max(length - header.count, 0))
    }
    let rest = length > 40 ? [] : after
    let start = 14 + header.count + rest.count
    return Data(
      Array("BM".utf8) + little(start + pixels.count, 4) + little(0, 4) + little(start, 4) + header + rest
        + pixels)
  }

  /// Rows from the bottom up, each filled up to four bytes.
  private func rows(_ rows: [[UInt8]], topDown: Bool = false) -> [UInt8] {
    (topDown ? rows : rows.reversed()).flatMap {
      $0 + [UInt8](repeating: 0xEE, count: (4 - $0.count % 4) % 4)
    }
  }

  private func decode(_ file: Data) throws -> Bitmap { try ImageDecoder().decode(file) }

  @Test(
    "24 and 32 bits, from the bottom up or the top down, under headers of Windows and of OS/2",
    arguments: 1...6)
  func colours(width: Int) throws {
    let image = Bitmap.ramp(width, 4, 3)
    func stored(_ extra: [UInt8]) -> [[UInt8]] {
      (0..<4).map { y in
        (0..<width).flatMap { x in
          let at = (y * width + x) * 3
          return [image.pixels[at + 2], image.pixels[at + 1], image.pixels[at]] + extra
        }
      }
    }
    for length in [12, 40, 64, 108, 124] {
      #expect(try decode(bmp(width, 4, bits: 24, length: length, rows(stored([])))) == image, "\(length)")
    }
    #expect(try decode(bmp(width, -4, bits: 24, rows(stored([]), topDown: true))) == image)
    // The fourth byte is no alpha without masks.
    #expect(try decode(bmp(width, 4, bits: 32, rows(stored([7])))) == image)
    // The last row may lack what fills it up.
    let file = bmp(width, 4, bits: 24, rows(stored([])))
    #expect(try decode(file.dropLast((4 - width * 3 % 4) % 4)) == image)
  }

  @Test(
    "Palettes of 1, 4 and 8 bits, whole or cut short, gray where all their colours are", arguments: [1, 4, 8])
  func palettes(bits: Int) throws {
    let (width, height) = (11, 5)
    let indices = (0..<width * height).map { ($0 * 7 + $0 / 5) % (1 << bits) }
    let lines = (0..<height).map { y -> [UInt8] in
      var line = [UInt8](repeating: 0, count: (width * bits + 7) / 8)
      for x in 0..<width {
        line[x * bits / 8] |= UInt8(indices[y * width + x] << (8 - bits - x * bits % 8))
      }
      return line
    }
    let count = 1 << bits
    let colours = (0..<count).map { index -> [UInt8] in
      let (red, green) = (index * 3 & 255, index * 5 & 255)
      return [UInt8(red), UInt8(green), UInt8(255 - index)]
    }
    let expected = Bitmap(width: width, height: height, channels: 3, pixels: indices.flatMap { colours[$0] })
    func palette(_ colours: [[UInt8]], _ end: [UInt8]) -> [UInt8] { colours.flatMap { $0.reversed() + end } }
    #expect(try decode(bmp(width, height, bits: bits, after: palette(colours, [0]), rows(lines))) == expected)
    let core = bmp(width, height, bits: bits, length: 12, rows(lines))
    var old = Data(core.prefix(26)) + Data(palette(colours, [])) + core.dropFirst(26)
    old.replaceSubrange(10..<14, with: little(26 + 3 * colours.count, 4))
    #expect(try decode(old) == expected)
    let grays = (0..<count).map { index in [UInt8](repeating: UInt8(255 - index), count: 3) }
    #expect(
      try decode(bmp(width, height, bits: bits, after: palette(grays, [0]), rows(lines)))
        == Bitmap(width: width, height: height, channels: 1, pixels: indices.map { UInt8(255 - $0) }))
    // A colour that the palette has not is black.
    let short = bmp(
      width, height, bits: bits, after: palette(Array(colours.prefix(1)), [0]), colours: 1, rows(lines))
    #expect(
      try decode(short).pixels == indices.flatMap { $0 == 0 ? colours[0] : [0, 0, 0] })
  }

  @Test(
    "16 and 32 bits by masks, each part scaled to the nearest of 8 bits; alpha over white, unless there is none"
  )
  func masks() throws {
    let values = (0..<60).map { $0 * 1093 & 0xFFFF }
    func file(_ masks: [Int], length: Int, compression: Int, bits: Int = 16, _ values: [Int]) -> Data {
      let lines = (0..<4).map { y in values[y * 15..<y * 15 + 15].flatMap { little($0, bits / 8) } }
      return bmp(
        15, 4, bits: bits, compression: compression, length: length, after: masks.flatMap { little($0, 4) },
        rows(lines))
    }
    func part(_ value: Int, _ shift: Int, _ bits: Int) -> UInt8 {
      let most = (1 << bits) - 1
      return UInt8((Double(value >> shift & most) * 255 / Double(most)).rounded())
    }
    let plain = values.flatMap { value -> [UInt8] in
      [part(value, 10, 5), part(value, 5, 5), part(value, 0, 5)]
    }
    #expect(try decode(file([], length: 40, compression: 0, values)).pixels == plain)
    let masks = [0xF800, 0x07E0, 0x001F]
    let masked = values.flatMap { value -> [UInt8] in
      [part(value, 11, 5), part(value, 5, 6), part(value, 0, 5)]
    }
    for length in [40, 52, 56, 108] {
      #expect(try decode(file(masks, length: length, compression: 3, values)).pixels == masked, "\(length)")
    }
    let colours = values.map { $0 << 8 | $0 >> 4 & 0xFF }
    let fields = [0xFF0000, 0xFF00, 0xFF, 0xFF00_0000]
    let seen = colours.enumerated().map { index, colour in colour & 0xFFFFFF | (index * 4) << 24 }
    func over(_ value: Int, _ shift: Int) -> UInt8 {
      let alpha = value >> 24
      return UInt8(((value >> shift & 0xFF) * alpha + 255 * (255 - alpha) + 127) / 255)
    }
    let expected = seen.flatMap { value -> [UInt8] in [over(value, 16), over(value, 8), over(value, 0)] }
    for (length, compression) in [(108, 3), (124, 3), (40, 6)] {
      #expect(
        try decode(file(fields, length: length, compression: compression, bits: 32, seen)).pixels == expected)
    }
    // No pixel with any alpha: a writer that left it out.
    let unseen = seen.map { $0 & 0xFFFFFF }
    let opaque = unseen.flatMap { value -> [UInt8] in
      [UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)]
    }
    #expect(try decode(file(fields, length: 108, compression: 3, bits: 32, unseen)).pixels == opaque)
  }

  @Test("Runs, single pixels, jumps and ends of lines unfold to what they say")
  func runs() throws {
    let palette = (0..<256).flatMap { index -> [UInt8] in
      [UInt8(index), UInt8(index), UInt8(index), 0]
    }
    // From the bottom: five of 9; 1 2 3 as they are, filled up; to the end of the line; a jump; the end.
    let eight: [UInt8] = [5, 9, 0, 3, 1, 2, 3, 0, 0, 0, 2, 200, 0, 2, 1, 1, 1, 77, 0, 1]
    let rows: [[UInt8]] = [
      [0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 77, 0, 0, 0, 0], [200, 200, 0, 0, 0, 0, 0, 0],
      [9, 9, 9, 9, 9, 1, 2, 3],
    ]
    #expect(throws: ImageError.corrupt("BMP: its runs end before its last row")) {
      try decode(bmp(8, 4, bits: 8, compression: 1, after: palette, [UInt8](eight.prefix(11))))
    }
    #expect(
      try decode(bmp(8, 4, bits: 8, compression: 1, after: palette, eight)).pixels == rows.flatMap { $0 })
    let four: [UInt8] = [5, 0x12, 0, 4, 0x34, 0x56, 0, 0, 9, 0x77, 0, 1]
    let halves = bmp(9, 2, bits: 4, compression: 2, after: Array(palette.prefix(64)), four)
    #expect(
      try decode(halves).pixels == [7, 7, 7, 7, 7, 7, 7, 7, 7, 1, 2, 1, 2, 1, 3, 4, 5, 6])
  }

  @Test("What a header cannot mean is refused with a reason; what is cut is, or with leniency white")
  func refused() throws {
    let good = bmp(4, 4, bits: 24, rows((0..<4).map { _ in [UInt8](repeating: 9, count: 12) }))
    for (at, bytes) in [
      (14, [39, 0, 1, 0]), (14, [13, 0, 0, 0]), (18, [0, 0, 0, 0]), (18, [0, 0, 0, 0x80]),
      (22, [0, 0, 0, 0]),
      (26, [2, 0]), (28, [7, 0]), (30, [4, 0, 0, 0]), (30, [1, 0, 0, 0]), (10, [0xFF, 0xFF, 0, 0]),
      (10, [3, 0, 0, 0]),
    ] as [(Int, [UInt8])] {
      var bad = good
      bad.replaceSubrange(at..<at + bytes.count, with: bytes)
      let error = #expect(throws: ImageError.self) { try decode(bad) }
      #expect(error?.description.hasPrefix("BMP: ") == true, "\(at): \(String(describing: error))")
    }
    let cut = good.dropLast(13)
    #expect(throws: ImageError.corrupt("BMP: ends after 2 of 4 rows")) { try decode(cut) }
    var lenient = ImageDecoder()
    lenient.isLenient = true
    let image = try lenient.decode(cut, to: nil)
    #expect(image.warning == "BMP: ends after 2 of 4 rows")
    #expect(image.bitmap.pixels == [UInt8](repeating: 255, count: 24) + [UInt8](repeating: 9, count: 24))
  }
}
