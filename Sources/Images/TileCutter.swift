/// Cuts tiles out of an image while its rows go by, upright however the image lies in its file. Of the image it holds as many rows as a
/// tile is high.
package final class TileCutter {
  private let tiling: Tiling
  private let tile: ImageShape
  /// Which of the tiles are wanted; all where it is nil.
  private let wanted: ((TileGrid) -> [Int])?
  private let take: (TileGrid, Int, Bitmap) -> Void

  /// What is known once the image's header is.
  private struct Work {
    let grid: TileGrid
    let orientation: Int
    /// Of the image and its tiles as they lie in the file, at the tiling's scale.
    let width: Int
    let height: Int
    let tileWidth: Int
    let tileHeight: Int
    /// Where tiles begin across, and at which row they end, each with its number upright.
    let columns: [(start: Int, number: Int)]
    let ends: [Int: Int]
    let wanted: Set<Int>?
    var scaler: RowScaler?
    /// The last rows, each in its place by its number.
    var band: [UInt8]
    var next = 0
  }
  private var work: Work?

  /// - Parameters:
  ///   - tile: of each tile; its channels are those of the rows.
  ///   - wanted: asked once.
  ///   - take: given each tile with its number.
  package init(
    _ tiling: Tiling, tile: ImageShape, wanted: ((TileGrid) -> [Int])? = nil,
    take: @escaping (TileGrid, Int, Bitmap) -> Void
  ) {
    self.tiling = tiling
    self.tile = tile
    self.wanted = wanted
    self.take = take
  }

  /// Of the image that was begun.
  package var grid: TileGrid? { work?.grid }

  /// Begins an image.
  /// - Parameters:
  ///   - width, height: as it lies in its file.
  ///   - orientation: EXIF, 1 to 8.
  func start(width: Int, height: Int, orientation: Int) {
    let isTurned = orientation >= 5
    let grid = tiling.grid(
      width: isTurned ? height : width, height: isTurned ? width : height, tile: tile)
    let size = isTurned ? (grid.height, grid.width) : (grid.width, grid.height)
    let side = isTurned ? (tile.height, tile.width) : (tile.width, tile.height)
    // `Bitmap.upright`, backwards: where a tile begins in the file.
    func lying(_ starts: [Int], _ length: Int, _ side: Int, isMirrored: Bool) -> [(start: Int, number: Int)] {
      starts.enumerated().map { (isMirrored ? length - side - $1 : $1, $0) }
    }
    let columns = lying(
      isTurned ? grid.rows : grid.columns, size.0, side.0, isMirrored: [2, 3, 7, 8].contains(orientation))
    let rows = lying(
      isTurned ? grid.columns : grid.rows, size.1, side.1, isMirrored: [3, 4, 6, 7].contains(orientation))
    work = Work(
      grid: grid, orientation: orientation, width: size.0, height: size.1, tileWidth: side.0,
      tileHeight: side.1, columns: columns,
      ends: Dictionary(uniqueKeysWithValues: rows.map { ($0.start + side.1 - 1, $0.number) }),
      wanted: wanted.map { Set($0(grid)) },
      scaler: size == (width, height)
        ? nil
        : RowScaler(
          fromWidth: width, height: height, channels: tile.channels, toWidth: size.0, height: size.1),
      band: [UInt8](repeating: 0, count: side.1 * size.0 * tile.channels))
  }

  /// Cuts a whole image, in the tiles' channels.
  package func cut(_ image: Bitmap) {
    start(width: image.width, height: image.height, orientation: 1)
    image.pixels.withUnsafeBufferPointer { pixels in
      // In bounds: a bitmap holds width * height * channels values.
      for y in 0..<image.height { add(pixels.baseAddress! + y * image.width * image.channels) }
    }
  }

  /// Takes the next row as it lies in the file, `[width, channels]`.
  func add(_ row: UnsafePointer<UInt8>) {
    guard var scaler = work?.scaler else { return keep(row) }
    work?.scaler = nil
    scaler.add(row) { keep($0) }
    work?.scaler = scaler
  }

  private func keep(_ row: UnsafePointer<UInt8>) {
    guard let (y, number) = place(row), let number, let work else { return }
    let isTurned = work.orientation >= 5
    for column in work.columns {
      let index =
        isTurned
        ? column.number * work.grid.columns.count + number : number * work.grid.columns.count + column.number
      if work.wanted?.contains(index) == false { continue }
      take(work.grid, index, cut(work, column.start, endingAt: y))
    }
  }

  /// - Returns: the row's number, and of the row of tiles that ends with it.
  private func place(_ row: UnsafePointer<UInt8>) -> (Int, Int?)? {
    guard let y = work?.next, let line = work.map({ $0.width * tile.channels }),
      let start = work.map({ y % $0.tileHeight * line })
    else { return nil }
    work?.band.withUnsafeMutableBufferPointer { band in
      // In bounds: the band holds as many rows as a tile.
      (band.baseAddress! + start).update(from: row, count: line)
    }
    work?.next += 1
    return (y, work?.ends[y])
  }

  private func cut(_ work: Work, _ left: Int, endingAt last: Int) -> Bitmap {
    let channels = tile.channels
    var pixels: [UInt8] = []
    pixels.reserveCapacity(tile.count)
    for y in last - work.tileHeight + 1...last {
      let start = (y % work.tileHeight * work.width + left) * channels
      pixels += work.band[start..<start + work.tileWidth * channels]
    }
    return Bitmap(width: work.tileWidth, height: work.tileHeight, channels: channels, pixels: pixels)
      .upright(from: work.orientation)
  }
}
