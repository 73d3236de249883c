/// Where the tiles of one image lie, row by row.
public struct TileGrid: Sendable, Equatable {
  /// Of the image as its file holds it, upright.
  public let imageWidth: Int
  public let imageHeight: Int
  /// Of the image as it is cut: at the tiling's scale, a side that would be shorter than a tile's stretched to it.
  public let width: Int
  public let height: Int
  public let tileWidth: Int
  public let tileHeight: Int
  /// Where tiles begin across and down, ascending; the first at 0, the last so that it ends with the image.
  public let columns: [Int]
  public let rows: [Int]

  public var count: Int { columns.count * rows.count }

  /// Where a tile begins in the image as it is cut.
  public func origin(of index: Int) -> (x: Int, y: Int) {
    (columns[index % columns.count], rows[index / columns.count])
  }

  /// The middle of a tile in the image's own pixels.
  public func centre(of index: Int) -> (x: Int, y: Int) {
    let (x, y) = origin(of: index)
    func own(_ middle: Int, _ cut: Int, _ whole: Int) -> Int { min(middle * whole / cut, whole - 1) }
    return (own(x + tileWidth / 2, width, imageWidth), own(y + tileHeight / 2, height, imageHeight))
  }

  /// What each tile counts in a mean over the image's pixels, where a pixel in several tiles gives each of them an equal share of
  /// itself: the number of pixels that it stands for.
  public var weights: [Double] {
    let across = Self.shares(columns, tileWidth, width)
    let down = Self.shares(rows, tileHeight, height)
    return down.flatMap { y in across.map { x in x * y } }
  }

  private static func shares(_ starts: [Int], _ side: Int, _ length: Int) -> [Double] {
    var covered = [Int](repeating: 0, count: length)
    for start in starts { for place in start..<start + side { covered[place] += 1 } }
    return starts.map { start in (start..<start + side).reduce(0) { $0 + 1 / Double(covered[$1]) } }
  }

  /// At most so many tiles, spread over the image and the same each time: by steps of the golden ratio, which no width of a row is in
  /// step with.
  package func spread(_ most: Int) -> [Int] {
    guard most < count else { return Array(0..<count) }
    let ratio = 0.618_033_988_749_894_9
    var chosen = Set<Int>()
    var step = 0.0
    while chosen.count < most {
      step += ratio
      step -= step.rounded(.down)
      chosen.insert(min(Int(step * Double(count)), count - 1))
    }
    return chosen.sorted()
  }
}
