import Detection
import Diffusion
import Images
import Tensors

/// Images of a population, and altered copies of some of them: what statistics are compared on.
///
/// Half of the images, or of many all but some, fit the statistics; the others and their altered copies are told apart. Where images are
/// large enough to have parts, some are also spoiled in part (`Flaw`).
package struct Examination {
  /// Images that can be halved so that each half tells something.
  package static let fewest = 2 * Calibration.fewest
  /// Images that are halved: more to tell apart bring little.
  private static let most = 240
  /// Images that fit statistics where their estimates are known anyhow. Some statistics want many: of fewer they would get less say than
  /// they are worth where many are fitted to.
  static let mostFitting = 1200
  /// Images that are altered in each way.
  package static let mostAltered = 40

  let images: ImageBatch
  /// Of those that fit, and those that do not.
  let fitting: [Int]
  let fresh: [Int]
  /// Of the latter some, in each way.
  private let altered: ImageBatch
  /// Likewise; none where images are small, or changes were named.
  private let flawed: ImageBatch

  /// - Parameters:
  ///   - images: of which no two show the same.
  ///   - mostFitting: images that fit statistics at most, where there are more than can be halved.
  ///   - mostAltered: images that are altered in each way.
  ///   - kinds: ways of altering; nil for all `Alteration`s. Those that eyes learned by are among them: they do tell them of images
  ///     that they did not learn from.
  ///   - alignment: by which images are aligned: what it undoes is no way then.
  /// - Returns: nil of fewer than `fewest`.
  package init?(
    _ images: ImageBatch, by kinds: [any ImageChange]? = nil, aligned alignment: Alignment? = nil,
    mostFitting: Int = 0, mostAltered: Int = Self.mostAltered, seed: UInt64
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
    let some = images[fresh].spread(mostAltered)
    func changed(_ kinds: [any ImageChange]) -> ImageBatch {
      kinds.reduce(into: ImageBatch(shape: images.shape)) { all, kind in
        all.append(contentsOf: some.altered(seed: seed) { _ in kind })
      }
    }
    altered = changed(
      kinds
        ?? (Alteration.learned(images.shape) + Alteration.unknown).filter {
          $0 != .none && !Alteration.undone(by: alignment).contains($0)
        })
    flawed = changed(kinds == nil && DamageLesson.isTaught(images.shape) ? Flaw.allCases : [])
  }

  /// - Parameter altered: copies of some of the fresh ones.
  init(
    _ images: ImageBatch, fitting: [Int], fresh: [Int], altered: ImageBatch, flawed: ImageBatch? = nil
  ) {
    let flawed = flawed ?? ImageBatch(shape: images.shape)
    (self.images, self.fitting, self.fresh) = (images, fitting, fresh)
    (self.altered, self.flawed) = (altered, flawed)
  }

  /// The same at another size: what was altered as it is, then shrunk.
  func resampled(to shape: ImageShape) -> Examination {
    Examination(
      images.resampled(to: shape), fitting: fitting, fresh: fresh, altered: altered.resampled(to: shape),
      flawed: flawed.resampled(to: shape))
  }

  /// Of each altered image the share of those as they are that it is odder than, by one look at squares of a side.
  /// - Throws: `EngineError`, `CalibrationError`, `SurprisalError.unsuitableSize`.
  func placements(at side: Int, by network: Model, compute: Compute) throws -> [Double] {
    let small = resampled(to: ImageShape(height: side, width: side, channels: images.shape.channels))
    let scorer = try Scorer(
      try network.emptied(for: ImageBatch(shape: small.images.shape)), evaluations: 0,
      observing: Calibration.observations(for: .appearance), compute: compute)
    return try small.sitting(by: scorer).placementsOfAll()[.appearance] ?? []
  }

  /// What a model's estimates of the images are.
  package struct Sitting {
    private let evaluations: Int
    private let known: [SurprisalEstimate]
    private let inliers: [SurprisalEstimate]
    private let outliers: [SurprisalEstimate]
    /// Spoiled in part; none where images are small.
    private let flawed: [SurprisalEstimate]

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
      flawed = try examination.flawed.isEmpty ? [] : scorer.estimate(examination.flawed)
    }

    /// Of every statistic, for each altered image the share of those as they are that it scores lower.
    func placementsOfAll() throws(CalibrationError) -> [StatisticName: [Double]] {
      let calibration = try Calibration(
        evaluations: evaluations, fitting: GroupedEstimates(known), references: inliers)
      var all: [StatisticName: [Double]] = [:]
      for name in calibration.names { all[name] = placements(outliers) { calibration.score($0, by: name) } }
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
      let combined = try CombinedStatistic.Parts(fitting: GroupedEstimates(known.map(form))).joined(
        knowing: nil)
      return area(outliers) { combined.score(form($0)) }
    }

    /// What statistics see of the altered images and of those spoiled in part: what `combined` goes by. That a score is higher than those that
    /// go with it does not count where altered images are told better without, by more than chance; where some are spoiled in part, it counts
    /// only where these are told better with it.
    package func sensitivity() throws(CalibrationError) -> Sensitivity { try examined().sensitivity }

    /// How well images that are not as they were are told: for each the share of those as they are that score lower.
    struct Told {
      /// Altered ones, by `combined`.
      let altered: [Double]
      /// Those spoiled in part, by `combined` and by `damage`; nil where there are none, or nothing learned to mark damage.
      let flawed: (combined: [Double], damage: [Double])?
    }

    func told() throws -> Told {
      let found = try examined()
      guard !flawed.isEmpty, let damage = found.parts.first(where: { $0 is DamageStatistic }) else {
        return Told(altered: found.altered, flawed: nil)
      }
      return Told(altered: found.altered, flawed: (found.flawed, placements(flawed, damage.score)))
    }

    /// The parts of `combined`, what they see, and how it tells the images by that.
    private func examined() throws(CalibrationError) -> (
      parts: [any Statistic], sensitivity: Sensitivity, altered: [Double], flawed: [Double]
    ) {
      let parts = try CombinedStatistic.Parts(fitting: GroupedEstimates(known))
      func areas(_ changed: [SurprisalEstimate]) -> [StatisticName: Double] {
        Dictionary(
          uniqueKeysWithValues: parts.statistics.map { (type(of: $0).name, area(changed, $0.score)) })
      }
      let seen = (areas(outliers), flawed.isEmpty ? nil : areas(flawed))
      func judged(contrasts: Bool) -> (Sensitivity, altered: [Double], flawed: [Double]) {
        let sensitivity = Sensitivity(areas: seen.0, flaws: seen.1, contrasts: contrasts)
        let score = parts.joined(knowing: sensitivity).score
        return (sensitivity, placements(outliers, score), placements(flawed, score))
      }
      let (both, one) = (judged(contrasts: true), judged(contrasts: false))
      let isOne =
        PairedDifference(one.altered, both.altered).isPositive
        || (!flawed.isEmpty && !PairedDifference(both.flawed, one.flawed).isPositive)
      let chosen = isOne ? one : both
      return (parts.statistics, chosen.0, chosen.altered, chosen.flawed)
    }

    private func placements(
      _ changed: [SurprisalEstimate], _ score: (SurprisalEstimate) -> Double
    ) -> [Double] {
      Separation.placements(of: scores(changed, score), among: scores(inliers, score))
    }

    private func area(_ changed: [SurprisalEstimate], _ score: (SurprisalEstimate) -> Double) -> Double {
      Separation(inliers: scores(inliers, score), outliers: scores(changed, score)).auroc
    }

    /// As a calibration has them.
    private func scores(
      _ estimates: [SurprisalEstimate], _ score: (SurprisalEstimate) -> Double
    ) -> [Double] {
      estimates.map { Double(Float(score($0))) }
    }
  }

  /// - Parameter estimates: the scorer's of all images; nil where they are not known yet.
  /// - Parameter others: of other images, which fit the statistics in the place of some of these; nil for none.
  package func sitting(
    by scorer: Scorer, _ estimates: [SurprisalEstimate]? = nil, fittedOn others: [SurprisalEstimate]? = nil
  ) throws -> Sitting {
    try Sitting(self, scorer, estimates, fittedOn: others)
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
  /// - Parameter shape: of as many channels.
  func resampled(to shape: ImageShape) -> ImageBatch {
    var result = ImageBatch(shape: shape)
    for index in indices {
      result.append(
        self[index].resampled(width: shape.width, height: shape.height), measures: measures(of: index))
    }
    return result
  }

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
