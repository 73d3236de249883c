import Foundation

/// A Gaussian of a population's features at each place of an image, for populations that are framed alike: PaDiM (Defard et al.,
/// arXiv 2011.08785).
///
/// A place's own covariance is of rank lower than its features where there are fewer images: it is mixed with a little of the mean over
/// places and of that mean's diagonal (`docs/detection.md`).
package struct PlaceGaussians: Sendable, Equatable {
  /// Features of a place.
  package let columns: Int
  /// `[places, columns]`.
  package let mean: [Float]
  /// Lower Cholesky factors of the covariances, packed by columns (`PackedCholesky`), one place after another.
  package let factors: [Float]

  /// Of its own, of the mean over places, and of the mean's diagonal.
  private static let (own, common, diagonal) = (0.995, 0.005, 0.01)

  package init(columns: Int, mean: [Float], factors: [Float]) {
    (self.columns, self.mean, self.factors) = (columns, mean, factors)
  }

  package var places: Int { mean.count / max(columns, 1) }

  private var length: Int { columns * (columns + 1) / 2 }

  /// - Parameter moments: of each place, at least one.
  init(fitting moments: [Moments]) {
    let width = moments[0].columns
    let covariances = inParallel(moments.count) { moments[$0].covariances() }
    var common = [Double](repeating: 0, count: width * width)
    for covariance in covariances {
      for i in common.indices { common[i] += covariance[i] / Double(covariances.count) }
    }
    // Features that never differ still need a width.
    let floor = max((0..<width).reduce(0) { $0 + common[$1 * width + $1] } / Double(width), 1e-9) * 1e-3
    let shared = common
    let factors = inParallel(moments.count) { place in
      var matrix = covariances[place]
      for i in matrix.indices { matrix[i] = Self.own * matrix[i] + Self.common * shared[i] }
      for i in 0..<width {
        matrix[i * width + i] += Self.diagonal * max(shared[i * width + i], floor)
      }
      return PackedCholesky.factor(matrix, width).map { Float($0) }
    }
    self.init(
      columns: width, mean: moments.flatMap { $0.mean.map { Float($0) } }, factors: factors.flatMap { $0 })
  }

  /// - Parameter images: features of each, `[places, columns]`, finite; at least one.
  init(fitting images: [[Float]], columns: Int) {
    self.init(fitting: Self.moments(images, Array(images.indices), columns, Self.origins(images, columns)))
  }

  /// Of each place the mean over images.
  private static func origins(_ images: [[Float]], _ columns: Int) -> [[Float]] {
    inParallel(images[0].count / columns) { place in
      var sums = [Double](repeating: 0, count: columns)
      for image in images { for k in 0..<columns { sums[k] += Double(image[place * columns + k]) } }
      return sums.map { Float($0 / Double(images.count)) }
    }
  }

  /// Of each place over some images.
  private static func moments(
    _ images: [[Float]], _ rows: [Int], _ columns: Int, _ origins: [[Float]]
  ) -> [Moments] {
    inParallel(origins.count) { place in
      var table = FeatureTable(columns: columns)
      table.reserve(rows: rows.count)
      for row in rows { table.append(images[row][place * columns..<(place + 1) * columns]) }
      var own = Moments(origin: origins[place])
      own.add(table, Array(0..<table.rows))
      return own
    }
  }

  /// Natural logarithm of each place's squared Mahalanobis distance a feature.
  /// - Parameter features: `[places, columns]`.
  package func logDistances(_ features: [Float]) -> [Double] {
    precondition(features.count == mean.count)
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { rest in
      factors.withUnsafeBufferPointer { factors in
        (0..<places).map { place in
          for k in 0..<columns { rest[k] = features[place * columns + k] - mean[place * columns + k] }
          // In bounds: each place has a factor of so many values.
          let square = PackedCholesky.squareLength(
            rest.baseAddress!, factors.baseAddress! + place * length, columns)
          return log(Double(square) / Double(columns) + 1e-12)
        }
      }
    }
  }

  /// Places that count, out of all: 2 of 16x16 (settled on defects of tiles, docs/detection.md).
  private static let (fewest, share) = (2, 128)

  /// Mean of the largest logarithms of distances; not a number where one is none.
  @Sendable static func oddest(_ logDistances: [Double]) -> Double {
    guard !logDistances.contains(where: \.isNaN) else { return .nan }
    let most = max(logDistances.count / share, min(fewest, logDistances.count))
    return logDistances.sorted(by: >).prefix(most).reduce(0, +) / Double(most)
  }

  /// Whether they can judge: tensors of a file may hold anything.
  package var isRegular: Bool {
    guard columns > 0, !mean.isEmpty, mean.count % columns == 0, factors.count == places * length else {
      return false
    }
    var pivot = 0
    for _ in 0..<places {
      for column in 0..<columns {
        guard factors[pivot] > 0 else { return false }
        pivot += columns - column
      }
    }
    return true
  }

  // MARK: Cross-fitting

  /// Fits to all usable images, and gives each image's distances by the Gaussians of the other parts' usable ones.
  ///
  /// - Parameters:
  ///   - images: features of each, `[places, columns]`.
  ///   - kept: whether each may be fitted on; its features are finite, and one is at least.
  ///   - score: of an image's logarithms of distances.
  static func crossFitted(
    _ images: [[Float]], columns: Int, by split: CrossFit, fittingOn kept: [Bool],
    score: @Sendable ([Double]) -> Double
  ) -> (fitted: PlaceGaussians, scores: [Double]) {
    let rows = images.indices.filter { kept[$0] }
    let origins = origins(rows.map { images[$0] }, columns)
    func moments(_ rows: [Int]) -> [Moments] { Self.moments(images, rows, columns, origins) }
    let total = moments(rows)
    var scores = [Double](repeating: .nan, count: images.count)
    for part in split.parts {
      let left = moments(part.filter { kept[$0] })
      let others = PlaceGaussians(
        fitting: inParallel(origins.count) { place in
          var rest = total[place]
          rest -= left[place]
          return rest
        })
      let own = inParallel(part.count) { score(others.logDistances(images[part[$0]])) }
      for (row, value) in zip(part, own) { scores[row] = value }
    }
    return (PlaceGaussians(fitting: total), scores)
  }
}
