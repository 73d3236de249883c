import Foundation

/// What a population's features are, fitted on images of which up to a fifth may not belong.
///
/// Odd images that are alike, ten screenshots among holiday photographs, take a direction of the covariance and look more
/// ordinary by it than the rest do. Concentration steps, which leave out what the Gaussian itself finds far (Rousseeuw and
/// Van Driessen 1999), then keep them and lose others. The distance from the medians does not see such company, and misses
/// what is odd only in how features go together. So the first Gaussian is fitted on the three quarters that are nearest to
/// the medians, the second on all that neither finds far, and the score is the largest of the three numbers: each less
/// its median over the images and in units of its spread there, and less a handicap for all but the second Gaussian, which
/// knows most where nothing hides.
package struct RobustGaussian: RowScorer, Equatable {
  /// Fitted on all that is not far.
  package let gaussian: ShrunkGaussian
  /// Fitted on what is nearest to the medians.
  package let core: ShrunkGaussian
  package let distance: MedianDistance
  /// Median and spread of each of the three scores over images that it was not fitted on.
  package let centers: [Double]
  package let spreads: [Double]

  /// Share of the images, the farthest from the medians, that the core is fitted without: more than may not belong.
  private static let dropped = 0.25
  /// Spreads beyond the median from where on the core or the medians find an image far.
  private static let far = 1.5
  /// Spreads that each score counts less, in order: Gaussian, core, distance.
  private static let handicaps = [0, 0.5, 1.5]

  init(
    gaussian: ShrunkGaussian, core: ShrunkGaussian, distance: MedianDistance, centers: [Double],
    spreads: [Double]
  ) {
    self.gaussian = gaussian
    self.core = core
    self.distance = distance
    // As a file keeps them: a model scores the same before it is written and after it is read.
    self.centers = centers.map { Double(Float($0)) }
    self.spreads = spreads.map { Double(Float($0)) }
  }

  /// Spreads beyond the median.
  package func score(_ row: ArraySlice<Float>) -> Double {
    join([gaussian.score(row), core.score(row), distance.score(row)])
  }

  /// Not a number where one is none.
  private func join(_ scores: [Double]) -> Double {
    var most = -Double.infinity
    for k in scores.indices {
      let standard = (scores[k] - centers[k]) / spreads[k] - Self.handicaps[k]
      guard !standard.isNaN else { return .nan }
      most = max(most, standard)
    }
    return most
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
  ///   - trusted: whether all rows are known to belong; none is left out then.
  package static func fit(_ table: FeatureTable, by split: CrossFit, trusted: Bool = false) -> Fit {
    let usable = (0..<table.rows).map { table.isFinite($0) }
    let distances = MedianDistance.crossFitted(table, by: split, fittingOn: usable)
    let near = trusted ? usable : CrossFit.keeping(distances, dropping: dropped)
    let first = ShrunkGaussian.crossFitted(table, by: split, fittingOn: near)
    let kept = trusted ? usable : notFar(first, distances)
    let second = trusted ? first : ShrunkGaussian.crossFitted(table, by: split, fittingOn: kept)
    let middles = [second, first, distances].map(middle)
    // The models for other images are fitted on as many images as judged these: all parts but one.
    let others = (0..<table.rows).filter { split.folds == 1 || split.fold[$0] != 0 }
    func gaussian(_ kept: [Bool]) -> ShrunkGaussian {
      ShrunkGaussian(fitting: table, rows: others.filter { kept[$0] })
    }
    let core = gaussian(near)
    let model = RobustGaussian(
      gaussian: trusted ? core : gaussian(kept), core: core,
      distance: MedianDistance(fitting: table, rows: others.filter { usable[$0] }),
      centers: middles.map(\.center), spreads: middles.map(\.spread))
    let scores = usable.indices.map { model.join([second[$0], first[$0], distances[$0]]) }
    return Fit(model: model, scores: scores, kept: kept)
  }

  private static func notFar(_ lengths: [Double], _ distances: [Double]) -> [Bool] {
    let (a, b) = (middle(lengths), middle(distances))
    let larger = lengths.indices.map {
      max((lengths[$0] - a.center) / a.spread, (distances[$0] - b.center) / b.spread - handicaps[2])
    }
    let limit = middle(larger)
    // False for what is no number.
    return larger.map { ($0 - limit.center) / limit.spread < far }
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
    for (name, values) in core.tensors { all["core.\(name)"] = values }
    for (name, values) in distance.tensors { all["distance.\(name)"] = values }
    return all
  }

  /// - Parameter tensor: a tensor by name, of a certain count where one is given.
  package init(columns: Int, tensor: (String, Int?) throws -> [Double]) throws {
    self.init(
      gaussian: try ShrunkGaussian(columns: columns) { try tensor("gaussian.\($0)", $1) },
      core: try ShrunkGaussian(columns: columns) { try tensor("core.\($0)", $1) },
      distance: try MedianDistance(columns: columns) { try tensor("distance.\($0)", $1) },
      centers: try tensor("centers", 3), spreads: try tensor("spreads", 3))
  }

  /// Whether it can judge: tensors of a file may hold anything.
  package var isRegular: Bool {
    gaussian.isRegular && core.isRegular && distance.isRegular && spreads.allSatisfy { $0 > 0 }
  }
}
