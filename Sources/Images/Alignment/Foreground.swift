import Foundation

/// The one thing that an image shows on a plain ground: which pixels are its, and how far they are from the ground.
///
/// What is farther from the ground than Otsu's (1979) threshold and hangs together is the thing, with all else of which that holds that is not
/// much smaller.
struct Foreground {
  let width: Int
  let height: Int
  /// Of each channel, in grey levels away from the ground, `[height, width]`.
  let relief: [Plane]
  /// The same, 0 where the thing is not.
  let contrasts: [Plane]
  /// Places of its pixels, `y * width + x`.
  let places: [Int]
  /// The mean of those, in pixels from the top left corner of the first.
  let middle: (x: Double, y: Double)

  /// A thing that covers more is no thing on a ground, one that covers less is dust.
  private static let shares = 0.002...0.7
  /// How many times the ground's own spread a thing is away from it at least.
  private static let clear: Float = 4
  /// Share of the edge that a thing may cover.
  private static let onEdge = 0.1
  /// Of the largest part's size, that another part has at least.
  private static let part = 0.05

  /// - Returns: nil where nothing stands out, or all does.
  init?(of image: Bitmap) {
    guard let ground = Ground(of: image) else { return nil }
    (width, height) = (image.width, image.height)
    let contrasts = ground.contrasts(of: image)
    let distances = (0..<width * height).map { place in
      contrasts.reduce(Float(0)) { $0 + abs($1.values[place]) }
    }
    guard let threshold = Self.threshold(distances), threshold >= Self.clear * max(ground.spread, 1) else {
      return nil
    }
    let found = Self.parts(distances.map { $0 > threshold }, width, height)
    let most = found.map(\.count).max() ?? 0
    let places = found.filter { Double($0.count) >= Self.part * Double(most) }.joined().sorted()
    guard Self.shares.contains(Double(places.count) / Double(width * height)) else { return nil }
    let size = (width, height)
    let onEdge = places.count { place in
      let (x, y) = (place % size.0, place / size.0)
      return x == 0 || y == 0 || x == size.0 - 1 || y == size.1 - 1
    }
    guard Double(onEdge) <= Self.onEdge * Double(2 * (width + height)) else { return nil }
    self.places = places
    var isThing = [Bool](repeating: false, count: width * height)
    for place in places { isThing[place] = true }
    relief = contrasts
    self.contrasts = contrasts.map { plane in
      Plane(height: plane.height, width: plane.width) { y, x in
        isThing[y * size.0 + x] ? plane.values[y * size.0 + x] : 0
      }
    }
    let sums = places.reduce(into: (x: 0.0, y: 0.0)) {
      $0.x += Double($1 % size.0) + 0.5
      $0.y += Double($1 / size.0) + 0.5
    }
    middle = (sums.x / Double(places.count), sums.y / Double(places.count))
  }

  /// How far the thing goes along an axis and across it, in pixels from where it lies.
  func reach(from lie: WindowView.Lie) -> (along: Double, across: Double) {
    let (c, s) = (cos(lie.angle), sin(lie.angle))
    return places.reduce(into: (along: 0.0, across: 0.0)) { most, place in
      let (dx, dy) = (Double(place % width) + 0.5 - lie.x, Double(place / width) + 0.5 - lie.y)
      most.along = max(most.along, abs(dx * c + dy * s))
      most.across = max(most.across, abs(dy * c - dx * s))
    }
  }

  /// The farthest of its pixels from its middle.
  var reach: Double {
    places.reduce(0.0) { most, place in
      let (dx, dy) = (Double(place % width) + 0.5 - middle.x, Double(place / width) + 0.5 - middle.y)
      return max(most, (dx * dx + dy * dy).squareRoot())
    }
  }

  /// Otsu's threshold: the one that parts values into two with most of the variance between them. Nil where all are alike.
  static func threshold(_ values: [Float]) -> Float? {
    guard let most = values.max(), most > 0 else { return nil }
    let bins = 256
    var counts = [Double](repeating: 0, count: bins)
    for value in values { counts[min(Int(value / most * Float(bins)), bins - 1)] += 1 }
    let total = Double(values.count)
    let mean = counts.indices.reduce(0.0) { $0 + counts[$1] * (Double($1) + 0.5) } / total
    var best = (between: 0.0, bin: -1)
    var (below, sum) = (0.0, 0.0)
    for bin in 0..<bins - 1 {
      below += counts[bin] / total
      sum += counts[bin] / total * (Double(bin) + 0.5)
      guard below > 0, below < 1 else { continue }
      let apart = mean * below - sum
      let between = apart * apart / (below * (1 - below))
      if between > best.between { best = (between, bin) }
    }
    return best.bin < 0 ? nil : most * Float(best.bin + 1) / Float(bins)
  }

  /// Parts of a mask that hang together by sides, each by its places.
  private static func parts(_ mask: [Bool], _ width: Int, _ height: Int) -> [[Int]] {
    var left = mask
    var parts: [[Int]] = []
    for start in mask.indices where left[start] {
      var part = [start]
      left[start] = false
      var next = 0
      while next < part.count {
        let place = part[next]
        next += 1
        let x = place % width
        for (other, isThere) in [
          (place - 1, x > 0), (place + 1, x < width - 1), (place - width, place >= width),
          (place + width, place < width * (height - 1)),
        ] where isThere && left[other] {
          left[other] = false
          part.append(other)
        }
      }
      parts.append(part)
    }
    return parts
  }
}
