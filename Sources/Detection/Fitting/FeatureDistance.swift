/// How alike images are by some features: the distance of these, each in its standard deviations among the images.
package struct FeatureDistance: Sendable {
  /// `[N, width]`, standardised.
  private let rows: [Float]
  private let width: Int
  private let (mean, scale): ([Float], [Float])

  /// - Parameter features: a row an image, all of one length.
  package init(_ features: [[Float]]) {
    width = features.first?.count ?? 0
    let count = Float(max(features.count, 1))
    var (mean, scale) = ([Float](repeating: 0, count: width), [Float](repeating: 0, count: width))
    for row in features { for k in row.indices { mean[k] += row[k] / count } }
    for row in features {
      for k in row.indices { scale[k] += (row[k] - mean[k]) * (row[k] - mean[k]) / count }
    }
    // What never differs among these says nothing of which is nearer.
    scale = scale.map { $0 > 0 ? 1 / $0.squareRoot() : 0 }
    (self.mean, self.scale) = (mean, scale)
    rows = features.flatMap { row in row.indices.map { (row[$0] - mean[$0]) * scale[$0] } }
  }

  /// The row that is nearest to some features; nil where there is none.
  ///
  /// - Parameter candidates: rows to choose from, nil for all.
  package func nearest(to features: [Float], among candidates: [Int]? = nil) -> Int? {
    guard features.count == width, width > 0 else { return nil }
    let wanted = features.indices.map { (features[$0] - mean[$0]) * scale[$0] }
    var best: (row: Int, distance: Float)?
    for row in candidates ?? Array(0..<rows.count / width) {
      let distance = rows.withUnsafeBufferPointer { rows in
        var sum: Float = 0
        for k in 0..<width {
          let difference = rows[row * width + k] - wanted[k]
          sum += difference * difference
        }
        return sum
      }
      if distance < best?.distance ?? .infinity { best = (row, distance) }
    }
    return best?.row
  }
}
