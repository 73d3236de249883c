import Diffusion

/// Statistics fitted to tiles of images, all tiles of an image on one side of every split.
///
/// Images are dealt to parts. What judges those of a part is fitted to the tiles of the other parts: the statistics, and the law of
/// their tiles' scores, each scored by what its own part had no share in. A new image is judged by what judges the first part, so that its
/// score is one more of those that the images got, and its p-value counts images (CV+ of Barber et al. 2021, over images).
package struct TileFit: Sendable {
  /// What judges the images of each part; it has no references yet.
  private let parts: [Calibration]
  private let part: [Int: Int]

  /// Of an encoder's view, those that are not fitted: nearest neighbours among patches cost as much as all others, for one scan of an image
  /// hundreds of times, and say less (docs/detection.md, "An encoder's eyes").
  private static let omitted: Set<StatisticName> = [.patches]

  /// - Parameters:
  ///   - kind: what is judged by; nil for that of the evaluations.
  ///   - tiles: of all images, some of each.
  ///   - images: for each tile the number of its image; images that show the same have one.
  ///   - wholes: of the images shrunk to a tile, and their numbers.
  ///   - sensitivity: what statistics see of altered tiles, where that is known.
  /// - Throws: `CalibrationError` with too few images, or tiles that cannot determine a statistic.
  package init(
    evaluations: Int, kind: StatisticKind? = nil, tiles: [SurprisalEstimate], of images: [Int],
    wholes: [(image: Int, estimate: SurprisalEstimate)], knowing sensitivity: Sensitivity? = nil
  ) throws(CalibrationError) {
    let distinct = Set(images)
    guard distinct.count >= Calibration.fewest else {
      throw .tooFewToFit(found: distinct.count, needed: Calibration.fewest)
    }
    let split = CrossFit(groups: images, folds: Calibration.folds)
    let part = Dictionary(zip(images, split.fold)) { first, _ in first }
    self.part = part
    let whole = try Self.judging(
      GroupedEstimates(wholes.map(\.estimate), groups: wholes.map(\.image)), evaluations, kind, sensitivity,
      folds: split.folds, fold: wholes.map { part[$0.image] ?? 0 })
    let fitted = try Self.judging(
      GroupedEstimates(tiles, groups: images), evaluations, kind, sensitivity, folds: split.folds,
      fold: split.fold)
    parts = zip(fitted, whole).map { fitted, whole in
      fitted.with(tiles: TileLaws(fitted.references.mapValues { TileLaw($0) }, whole: whole))
    }
  }

  /// What judges the rows of each fold: fitted to the others', with their scores as references, each by what its own fold had no share
  /// in.
  private static func judging(
    _ rows: GroupedEstimates, _ evaluations: Int, _ kind: StatisticKind?, _ sensitivity: Sensitivity?,
    folds: Int, fold: [Int]
  ) throws(CalibrationError) -> [Calibration] {
    let all = try Calibration(
      evaluations: evaluations, kind: kind, fitting: rows, knowing: sensitivity, omitting: omitted)
    let names = all.candidates
    let fitted = try inParallel(folds) { part throws(CalibrationError) in
      try all.refitted(on: rows.rows(rows.indices.filter { fold[$0] != part }))
    }
    let scores = try inParallel(rows.count) { row throws(CalibrationError) in
      names.map { fitted[fold[row]].score(rows[row], by: $0) }
    }
    var judging: [Calibration] = []
    for part in fitted.indices {
      let others = rows.indices.filter { fold[$0] != part }
      var references: [StatisticName: ReferenceScores] = [:]
      for (k, name) in names.enumerated() {
        references[name] = try ReferenceScores(others.map { scores[$0][k] })
      }
      judging.append(fitted[part].with(references: references, tiles: nil))
    }
    return judging
  }

  /// What judges an image that the tiles were of.
  package func judging(_ image: Int) -> Calibration { parts[part[image] ?? 0] }

  /// The statistics that were fitted.
  package var names: [StatisticName] { parts[0].candidates }

  /// What judges new images.
  /// - Parameters:
  ///   - scores: of whole images, each by what judges it.
  ///   - bits: of the same images.
  /// - Throws: `CalibrationError.notFinite`.
  package func calibration(
    references scores: [StatisticName: [Double]], bits: [Double]
  ) throws(CalibrationError) -> Calibration {
    var references: [StatisticName: ReferenceScores] = [:]
    for (name, scores) in scores { references[name] = try ReferenceScores(scores) }
    guard let tiles = parts[0].tiles else { return parts[0] }
    // As a file keeps them.
    return parts[0].with(
      references: references,
      tiles: TileLaws(tiles.laws, whole: tiles.whole, bits: bits.map { Double(Float($0)) }.sorted()))
  }
}
