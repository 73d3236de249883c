import Foundation

/// What a population's features are, fitted on images of which up to a fifth may not belong: a Gaussian without those far
/// from the medians, and the distance from the medians beside it. The score is the larger of the two, each less its median
/// over the images and in units of its spread there, the distance less a handicap.
///
/// Odd images that are alike, ten screenshots among holiday photographs, take a direction of the covariance and look more
/// ordinary by it than the rest do. Concentration steps, which leave out what the Gaussian itself finds far (Rousseeuw and
/// Van Driessen 1999), then keep them and lose others; the medians do not see such company. What the medians overlook,
/// what is odd only in how features go together, the Gaussian finds.
package struct RobustGaussian: RowScorer, Equatable {
  package let gaussian: ShrunkGaussian
  package let distance: MedianDistance
  /// Median and spread of each of the two scores over images that it was not fitted on.
  package let centers: [Double]
  package let spreads: [Double]

  /// Share of the images that may not belong, for which the Gaussian does not see the farthest.
  package static let dropped = 0.25
  /// The distance from the medians counts less so many spreads: it decides only where it is large.
  package static let handicap = 1.5

  init(gaussian: ShrunkGaussian, distance: MedianDistance, centers: [Double], spreads: [Double]) {
    self.gaussian = gaussian
    self.distance = distance
    self.centers = centers
    self.spreads = spreads
  }

  package func score(_ row: ArraySlice<Float>) -> Double {
    Self.join([gaussian.score(row), distance.score(row)], centers, spreads)
  }

  /// Not a number where one is none.
  private static func join(_ scores: [Double], _ centers: [Double], _ spreads: [Double]) -> Double {
    let standard = scores.indices.map { (scores[$0] - centers[$0]) / spreads[$0] }
    return standard.contains(where: \.isNaN) ? .nan : max(standard[0], standard[1] - handicap)
  }

  /// What a fit yields: the model for other images, and the scores of its own.
  package struct Fit: Sendable {
    package let model: RobustGaussian
    /// Each row's, by what was fitted on other parts of the rows; not a number where a feature is none.
    package let scores: [Double]
    /// Whether the Gaussian was fitted on the row.
    package let kept: [Bool]
  }

  /// - Parameters:
  ///   - table: at least two rows of finite values.
  ///   - split: which rows never judge each other.
  ///   - dropping: share of the rows that does not fit the Gaussian; 0 where all are known to belong.
  package static func fit(_ table: FeatureTable, by split: CrossFit, dropping: Double = dropped) -> Fit {
    let usable = (0..<table.rows).map { table.isFinite($0) }
    let distances = MedianDistance.crossFitted(table, by: split, fittingOn: usable)
    let kept = CrossFit.keeping(distances, dropping: dropping)
    let lengths = ShrunkGaussian.crossFitted(table, by: split, fittingOn: kept)
    let middles = [lengths, distances].map(middle)
    let centers = middles.map(\.center)
    let spreads = middles.map(\.spread)
    // The models for other images are fitted on as many images as judged these: all parts but one.
    let others = (0..<table.rows).filter { split.folds == 1 || split.fold[$0] != 0 }
    let model = RobustGaussian(
      gaussian: ShrunkGaussian(fitting: table, rows: others.filter { kept[$0] }),
      distance: MedianDistance(fitting: table, rows: others.filter { usable[$0] }), centers: centers,
      spreads: spreads)
    let scores = lengths.indices.map { join([lengths[$0], distances[$0]], centers, spreads) }
    return Fit(model: model, scores: scores, kept: kept)
  }

  /// Median, and the distance of the quartiles in units of a normal law's standard deviation.
  private static func middle(_ scores: [Double]) -> (center: Double, spread: Double) {
    let sorted = scores.filter { !$0.isNaN }.sorted()
    guard !sorted.isEmpty else { return (0, 1) }
    let spread = (Quantile.of(sorted, 0.75) - Quantile.of(sorted, 0.25)) / Quantile.normalQuartiles
    return (Quantile.of(sorted, 0.5), spread > 0 ? spread : 1)
  }

  package var tensors: [String: [Double]] {
    var all = ["centers": centers, "spreads": spreads]
    for (name, values) in gaussian.tensors { all["gaussian.\(name)"] = values }
    for (name, values) in distance.tensors { all["distance.\(name)"] = values }
    return all
  }

  /// - Parameter tensor: a tensor by name, of a certain count where one is given.
  package init(columns: Int, tensor: (String, Int?) throws -> [Double]) throws {
    self.init(
      gaussian: try ShrunkGaussian(columns: columns) { try tensor("gaussian.\($0)", $1) },
      distance: try MedianDistance(columns: columns) { try tensor("distance.\($0)", $1) },
      centers: try tensor("centers", 2), spreads: try tensor("spreads", 2))
  }

  /// Whether it can judge: tensors of a file may hold anything.
  package var isRegular: Bool { gaussian.isRegular && distance.isRegular && spreads.allSatisfy { $0 > 0 } }
}

/// Quantiles of ascending values, between neighbours by proportion.
enum Quantile {
  /// Distance of the quartiles of a standard normal law.
  static let normalQuartiles = 1.3489795003921634

  static func of(_ sorted: [Double], _ share: Double) -> Double {
    let place = share * Double(sorted.count - 1)
    let low = Int(place)
    guard low + 1 < sorted.count else { return sorted[low] }
    return sorted[low] + (place - Double(low)) * (sorted[low + 1] - sorted[low])
  }
}
