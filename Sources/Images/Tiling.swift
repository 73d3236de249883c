/// How an image is cut into tiles, each of the size that a network looks at: they overlap, and cover every pixel.
public struct Tiling: Codable, Sendable, Hashable {
  /// Share of its side that a tile has in common with the next, at least.
  public let overlap: Double
  /// Size at which images are cut, in their own: 1 is as they are.
  public let scale: Double

  public static let standardOverlap = 0.5

  public init(overlap: Double = Self.standardOverlap, scale: Double = 1) {
    self.overlap = overlap
    self.scale = scale
  }

  /// The most that tiles overlap: each pixel is then in some hundred of them.
  public static let mostOverlap = 0.9
  /// A thousandth of an image says nothing any more.
  public static let leastScale = 0.001

  /// Why nothing can be cut so, or nil when it can.
  public var refusal: String? {
    guard (0...Self.mostOverlap).contains(overlap) else {
      return "tiles overlap by \(overlap): must be from 0 to \(Self.mostOverlap)"
    }
    guard (Self.leastScale...1).contains(scale) else {
      return "tiles are cut at a scale of \(scale): must be from \(Self.leastScale) to 1"
    }
    return nil
  }

  /// Where the tiles of an image lie.
  /// - Parameters:
  ///   - width, height: of the image, upright.
  ///   - tile: of each.
  public func grid(width: Int, height: Int, tile: ImageShape) -> TileGrid {
    func scaled(_ side: Int, _ least: Int) -> Int { max(Int((Double(side) * scale).rounded()), least) }
    let size = (scaled(width, tile.width), scaled(height, tile.height))
    func starts(_ length: Int, _ side: Int) -> [Int] {
      let step = max(1, Int((Double(side) * (1 - overlap)).rounded()))
      let rest = length - side
      let count = (rest + step - 1) / step + 1
      // Evenly: the last ends with the image, and no two are the same, as there are at most as many as pixels.
      return (0..<count).map { count == 1 ? 0 : $0 * rest / (count - 1) }
    }
    return TileGrid(
      imageWidth: width, imageHeight: height, width: size.0, height: size.1, tileWidth: tile.width,
      tileHeight: tile.height, columns: starts(size.0, tile.width), rows: starts(size.1, tile.height))
  }
}
