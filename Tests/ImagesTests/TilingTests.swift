import Testing

@testable import Images

struct TilingTests {
  static let tile = ImageShape(height: 16, width: 20, channels: 1)

  @Test(
    "Tiles cover every pixel, overlap as far as asked, and end with the image",
    arguments: [(20, 16), (21, 17), (100, 77), (33, 400), (641, 480)], [0, 0.3, 0.5, 0.9])
  func cover(size: (width: Int, height: Int), overlap: Double) {
    let grid = Tiling(overlap: overlap).grid(width: size.width, height: size.height, tile: Self.tile)
    #expect(grid.width == size.width && grid.height == size.height)
    for (starts, side, length) in [(grid.columns, 20, size.width), (grid.rows, 16, size.height)] {
      #expect(starts.first == 0 && starts.last == length - side)
      // A step of a whole number of pixels.
      let most = max(1, (Double(side) * (1 - overlap)).rounded())
      #expect(zip(starts, starts.dropFirst()).allSatisfy { $1 > $0 && Double($1 - $0) <= most })
    }
    // Every pixel counts once, whichever tiles it is in.
    #expect(abs(grid.weights.reduce(0, +) - Double(size.width * size.height)) < 1e-6)
    #expect(grid.weights.count == grid.count)
  }

  @Test("An image smaller than a tile is one tile; a side that is shorter is stretched, the other cut")
  func small() {
    let one = Tiling().grid(width: 7, height: 5, tile: Self.tile)
    #expect(one.count == 1 && one.width == 20 && one.height == 16)
    #expect(one.centre(of: 0) == (3, 2))
    let strip = Tiling(overlap: 0).grid(width: 200, height: 8, tile: Self.tile)
    #expect(strip.columns == (0..<10).map { 20 * $0 } && strip.rows == [0] && strip.height == 16)
    #expect(strip.centre(of: 9) == (190, 4))
    let half = Tiling(scale: 0.5).grid(width: 200, height: 100, tile: Self.tile)
    #expect(half.width == 100 && half.height == 50 && half.imageWidth == 200)
    #expect(half.centre(of: half.count - 1) == (180, 84))
  }

  @Test(
    "Rows resampled one by one are those of the whole",
    arguments: [(12, 10), (5, 3), (30, 4), (3, 41), (1, 1)],
    [1, 3])
  func rows(size: (width: Int, height: Int), channels: Int) {
    let image = Bitmap.ramp(12, 10, channels)
    var scaler = RowScaler(
      fromWidth: 12, height: 10, channels: channels, toWidth: size.width, height: size.height)
    var pixels: [UInt8] = []
    image.pixels.withUnsafeBufferPointer { source in
      for y in 0..<10 {
        scaler.add(source.baseAddress! + y * 12 * channels) {
          pixels += UnsafeBufferPointer(start: $0, count: size.width * channels)
        }
      }
    }
    #expect(pixels == image.resampled(width: size.width, height: size.height).pixels)
  }

  /// A part of an image.
  private func crop(_ image: Bitmap, _ x: Int, _ y: Int, _ shape: ImageShape) -> [UInt8] {
    (y..<y + shape.height).flatMap { row in
      let start = (row * image.width + x) * image.channels
      return image.pixels[start..<start + shape.width * image.channels]
    }
  }

  @Test("Tiles are the parts of the upright image, however it lies in its file", arguments: 1...8, [1, 3])
  func orientations(orientation: Int, channels: Int) {
    let stored = Bitmap.ramp(47, 53, channels)
    let upright = stored.upright(from: orientation)
    let tile = ImageShape(height: 16, width: 20, channels: channels)
    var seen: [Int: Bitmap] = [:]
    let cutter = TileCutter(Tiling(), tile: tile) { _, index, bitmap in
      #expect(seen.updateValue(bitmap, forKey: index) == nil)
    }
    cutter.start(width: stored.width, height: stored.height, orientation: orientation)
    stored.pixels.withUnsafeBufferPointer { pixels in
      for y in 0..<stored.height { cutter.add(pixels.baseAddress! + y * stored.width * channels) }
    }
    let grid = Tiling().grid(width: upright.width, height: upright.height, tile: tile)
    #expect(cutter.grid == grid && seen.count == grid.count)
    for (index, bitmap) in seen {
      let (x, y) = grid.origin(of: index)
      #expect(bitmap.shape == tile && bitmap.pixels == crop(upright, x, y, tile), "\(index)")
    }
  }

  @Test(
    "A file's tiles are those of its image as it is decoded whole, shrunk where the tiling says so",
    arguments: [1, 0.4])
  func decoded(scale: Double) throws {
    let image = Bitmap.ramp(90, 70, 3)
    for bytes in [try image.png(), try image.jpeg(quality: 80)] {
      let whole = try ImageDecoder().decode(bytes)
      let tiling = Tiling(scale: scale)
      let tile = ImageShape(height: 16, width: 20, channels: 3)
      var tiles: [Int: Bitmap] = [:]
      let cutter = TileCutter(tiling, tile: tile) { tiles[$1] = $2 }
      let decoded = try ImageDecoder().decode(bytes, to: tile, cutting: cutter)
      #expect(decoded.bitmap == whole.resampled(width: 20, height: 16))
      let grid = try #require(cutter.grid)
      #expect(tiles.count == grid.count && grid.imageWidth == 90 && grid.imageHeight == 70)
      let scaled = whole.resampled(width: grid.width, height: grid.height)
      for (index, bitmap) in tiles {
        let (x, y) = grid.origin(of: index)
        #expect(bitmap.pixels == crop(scaled, x, y, tile))
      }
    }
  }

  @Test(
    "Where some tiles are wanted, these alone are cut; they are spread over the image, the same each time")
  func wanted() {
    let image = Bitmap.ramp(300, 200, 1)
    var taken: [Int] = []
    let cutter = TileCutter(
      Tiling(), tile: Self.tile, wanted: { $0.spread(40) }, take: { _, index, _ in taken.append(index) })
    cutter.cut(image)
    let grid = Tiling().grid(width: 300, height: 200, tile: Self.tile)
    #expect(taken == grid.spread(40) && Set(taken).count == 40)
    #expect(grid.spread(10_000) == Array(0..<grid.count))
    // Some in each quarter.
    let quarters = Set(
      taken.map { index in
        let (x, y) = grid.centre(of: index)
        return (x < 150 ? 0 : 1) + (y < 100 ? 0 : 2)
      })
    #expect(quarters.count == 4)
  }

  @Test("A tiling that nothing can be cut by says so")
  func refusals() {
    #expect(Tiling().refusal == nil && Tiling(overlap: 0.9, scale: 0.001).refusal == nil)
    for tiling in [Tiling(overlap: 1), Tiling(overlap: -0.1), Tiling(overlap: .nan)] {
      #expect(tiling.refusal?.contains("overlap") == true)
    }
    for tiling in [Tiling(scale: 0), Tiling(scale: 2), Tiling(scale: .nan)] {
      #expect(tiling.refusal?.contains("scale") == true)
    }
  }
}
