import Detection
import Diffusion
import Images
import Tensors

/// Images of a population, and altered copies of some of them: what statistics are compared on.
///
/// Half of the images, or of many all but some, fit the statistics; the others and their altered copies are told apart.
package struct Examination {
  /// Images that can be halved so that each half tells something.
  package static let fewest = 2 * Calibration.fewest
  /// Images that are halved: more to tell apart bring little.
  private static let most = 240
  /// Images that fit statistics where their estimates are known anyhow. Some statistics want many: of fewer they would get less say than
  /// they are worth where many are fitted to.
  static let mostFitting = 1200
  /// Images that are altered in each way.
  private static let mostAltered = 40

  private let images: ImageBatch
  /// Of those that fit, and those that do not.
  let fitting: [Int]
  let fresh: [Int]
  /// Of the latter some, in each way.
  private let altered: ImageBatch

  /// - Parameters:
  ///   - images: of which no two show the same.
  ///   - mostFitting: images that fit statistics at most, where there are more than can be halved.
  ///   - kinds: ways of altering; nil for all `Alteration`s. Those that eyes learned by are among them: they do tell them of images
  ///     that they did not learn from.
  /// - Returns: nil of fewer than `fewest`.
  package init?(
    _ images: ImageBatch, by kinds: [any ImageChange]? = nil, mostFitting: Int = 0, seed: UInt64
  ) {
    guard images.count >= Self.fewest else { return nil }
    let places = images.places(spread: Self.most)
    self.images = images
    let fresh = places.indices.filter { $0 % 2 == 1 }.map { places[$0] }
    let isFresh = Set(fresh)
    let half = places.filter { !isFresh.contains($0) }
    let others = images.indices.filter { !isFresh.contains($0) }
    let step = max(Double(others.count) / Double(max(mostFitting, 1)), 1)
    let many = stride(from: 0, to: Double(others.count), by: step).map { others[Int($0)] }
    fitting = mostFitting > half.count ? many : half
    self.fresh = fresh
    let some = images[fresh].spread(Self.mostAltered)
    var altered = ImageBatch(shape: images.shape)
    for kind in kinds ?? Alteration.learned(images.shape).filter({ $0 != .none }) + Alteration.unknown {
      altered.append(contentsOf: some.altered(seed: seed) { _ in kind })
    }
    self.altered = altered
  }

  /// What a model's estimates of the images are.
  package struct Sitting {
    private let evaluations: Int
    private let known: [SurprisalEstimate]
    private let inliers: [SurprisalEstimate]
    private let outliers: [SurprisalEstimate]

    /// - Parameter estimates: of all images; nil where they are not known yet.
    fileprivate init(
      _ examination: Examination, _ scorer: Scorer, _ estimates: [SurprisalEstimate]?,
      fittedOn others: [SurprisalEstimate]?
    ) throws {
      func found(_ places: [Int]) throws -> [SurprisalEstimate] {
        try estimates.map { estimates in places.map { estimates[$0] } }
          ?? scorer.estimate(examination.images[places])
      }
      evaluations = scorer.evaluations
      known = try others ?? found(examination.fitting)
      inliers = try found(examination.fresh)
      outliers = try scorer.estimate(examination.altered)
    }

    /// Of every statistic, for each altered image the share of those as they are that it scores lower.
    func placementsOfAll() throws(CalibrationError) -> [StatisticName: [Double]] {
      let calibration = try Calibration(evaluations: evaluations, fitting: known, references: inliers)
      var all: [StatisticName: [Double]] = [:]
      for name in calibration.names { all[name] = placements { calibration.score($0, by: name) } }
      return all
    }

    /// Of every statistic the AUROC of altered images, over all ways of altering: the mean of those.
    package func areas() throws(CalibrationError) -> [StatisticName: Double] {
      try placementsOfAll().mapValues { $0.reduce(0, +) / Double(max($0.count, 1)) }
    }

    /// The AUROC of `combined`, of which all parts have the same say.
    ///
    /// - Parameter form: of which part of each estimate it is to be.
    func combinedArea(
      _ form: (SurprisalEstimate) -> SurprisalEstimate = { $0 }
    ) throws(CalibrationError) -> Double {
      let combined = try CombinedStatistic.Parts(fitting: known.map(form)).joined(knowing: nil)
      return area { combined.score(form($0)) }
    }

    /// What statistics see of the altered images: what `combined` goes by. That a score is higher than those that go with it does not
    /// count where the altered images are told better without, by more than chance.
    package func sensitivity() throws(CalibrationError) -> Sensitivity { try examined().sensitivity }

    /// For each altered image the share of those as they are that `combined` scores lower.
    func placements() throws(CalibrationError) -> [Double] { try examined().placements }

    private func examined() throws(CalibrationError) -> (sensitivity: Sensitivity, placements: [Double]) {
      let parts = try CombinedStatistic.Parts(fitting: known)
      var areas: [StatisticName: Double] = [:]
      for part in parts.statistics { areas[type(of: part).name] = area { part.score($0) } }
      let (both, one) = (Sensitivity(areas: areas), Sensitivity(areas: areas, contrasts: false))
      let (byBoth, byOne) = (
        placements(parts.joined(knowing: both).score), placements(parts.joined(knowing: one).score)
      )
      return PairedDifference(byOne, byBoth).isPositive ? (one, byOne) : (both, byBoth)
    }

    private func placements(_ score: (SurprisalEstimate) -> Double) -> [Double] {
      let (known, found) = scores(score)
      return Separation.placements(of: found, among: known)
    }

    private func area(_ score: (SurprisalEstimate) -> Double) -> Double {
      let (known, found) = scores(score)
      return Separation(inliers: known, outliers: found).auroc
    }

    /// As a calibration has them.
    private func scores(_ score: (SurprisalEstimate) -> Double) -> (known: [Double], found: [Double]) {
      func rounded(_ estimates: [SurprisalEstimate]) -> [Double] {
        estimates.map { Double(Float(score($0))) }
      }
      return (rounded(inliers), rounded(outliers))
    }
  }

  /// - Parameter estimates: the scorer's of all images; nil where they are not known yet.
  package func sitting(by scorer: Scorer, _ estimates: [SurprisalEstimate]? = nil) throws -> Sitting {
    try Sitting(self, scorer, estimates, fittedOn: nil)
  }

  /// What statistics see of the altered images.
  /// - Parameter others: of other images, which fit the statistics in the place of some of these; nil for none.
  /// - Returns: nil of one look: what judges by it weighs nothing.
  package func sensitivity(
    by scorer: Scorer, _ estimates: [SurprisalEstimate], fittedOn others: [SurprisalEstimate]? = nil
  ) throws -> Sensitivity? {
    guard scorer.evaluations > 0 else { return nil }
    return try Sitting(self, scorer, estimates, fittedOn: others).sensitivity()
  }
}

extension ImageBatch {
  /// Each image altered in the way that its place says.
  func altered(seed: UInt64, by kind: (Int) -> any ImageChange) -> ImageBatch {
    var random = RandomSource(seed: seed, stream: 0x4558_414D)
    return ImageBatch(
      shape: shape,
      images: indices.map { index in
        let other = self[Int.random(in: indices, using: &random)]
        return kind(index).changed(self[index], other: other, random: &random)
      })
  }
}
