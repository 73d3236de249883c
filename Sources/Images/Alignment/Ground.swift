/// The plain ground that a thing lies on, as the edge of the image shows it: light that changes slowly.
///
/// Each channel is a polynomial of second degree in place, fitted by least squares to a band along the edge; what is farther from it than three
/// times the median, such as a part of the thing that reaches the edge, is left out of the next fit.
struct Ground {
  /// Median over the band of how far its pixels are from the ground, in grey levels summed over channels.
  let spread: Float
  private let width: Int
  private let height: Int
  /// Of each channel those of 1, x, y, xx, xy, yy.
  private let coefficients: [[Double]]
  private static let terms = 6
  private static let rounds = 3

  /// - Returns: nil of an image whose edge is too short to tell.
  init?(of image: Bitmap) {
    (width, height) = (image.width, image.height)
    let band = max(2, min(width, height) / 50)
    guard min(width, height) >= 4 * band else { return nil }
    var edge: [(x: Int, y: Int)] = []
    for y in 0..<height {
      let isRow = y < band || y >= height - band
      for x in 0..<width where isRow || x < band || x >= width - band { edge.append((x, y)) }
    }
    let (channels, size) = (image.channels, (width, height))
    var kept = edge
    var found: [[Double]] = []
    var spread: Float = 0
    for _ in 0..<Self.rounds {
      guard let fitted = Self.fit(kept, image, size) else { return nil }
      found = fitted
      let distances = edge.map { place in
        let terms = Self.values(place.x, place.y, size)
        return (0..<channels).reduce(Float(0)) { sum, c in
          sum
            + abs(
              Float(image.pixels[(place.y * size.0 + place.x) * channels + c]) - Self.level(terms, found[c]))
        }
      }
      spread = distances.sorted()[distances.count / 2]
      let limit = max(3 * spread, 1)
      kept = zip(edge, distances).filter { $0.1 <= limit }.map(\.0)
    }
    self.spread = spread
    coefficients = found
  }

  /// How far an image is from the ground, in grey levels: of each channel, `[height, width]`.
  func contrasts(of image: Bitmap) -> [Plane] {
    (0..<image.channels).map { c in
      Plane(height: height, width: width) { y, x in
        let terms = Self.values(x, y, (width, height))
        return Float(image.pixels[(y * width + x) * image.channels + c]) - Self.level(terms, coefficients[c])
      }
    }
  }

  private static func values(
    _ x: Int, _ y: Int, _ size: (width: Int, height: Int)
  ) -> (Double, Double, Double, Double, Double, Double) {
    let (u, v) = (2 * Double(x) / Double(size.width - 1) - 1, 2 * Double(y) / Double(size.height - 1) - 1)
    return (1, u, v, u * u, u * v, v * v)
  }

  private static func level(_ t: (Double, Double, Double, Double, Double, Double), _ c: [Double]) -> Float {
    Float(t.0 * c[0] + t.1 * c[1] + t.2 * c[2] + t.3 * c[3] + t.4 * c[4] + t.5 * c[5])
  }

  /// Least squares by the normal equations, of every channel.
  private static func fit(_ places: [(x: Int, y: Int)], _ image: Bitmap, _ size: (Int, Int)) -> [[Double]]? {
    let (n, channels) = (terms, image.channels)
    // Rows of the matrix with the channels' right sides after them.
    let wide = n + channels
    var rows = [Double](repeating: 0, count: n * wide)
    for place in places {
      let t = values(place.x, place.y, size)
      withUnsafePointer(to: t) { pointer in
        // The tuple's six numbers lie one after another.
        pointer.withMemoryRebound(to: Double.self, capacity: n) { t in
          for i in 0..<n {
            for j in 0..<n { rows[i * wide + j] += t[i] * t[j] }
            for k in 0..<channels {
              rows[i * wide + n + k] +=
                t[i] * Double(image.pixels[(place.y * size.0 + place.x) * channels + k])
            }
          }
        }
      }
    }
    // Gauss and Jordan; the matrix is positive definite where the band goes round.
    for i in 0..<n {
      let pivot = rows[i * wide + i]
      guard pivot > 1e-9 else { return nil }
      for k in i..<wide { rows[i * wide + k] /= pivot }
      for j in 0..<n where j != i {
        let share = rows[j * wide + i]
        for k in i..<wide { rows[j * wide + k] -= share * rows[i * wide + k] }
      }
    }
    return (0..<channels).map { k in (0..<n).map { rows[$0 * wide + n + k] } }
  }
}
