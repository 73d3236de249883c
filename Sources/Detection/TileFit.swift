import Diffusion
import Dispatch
import Synchronization

/// Statistics fitted to tiles of images, all tiles of an image on one side of every split.
///
/// Images are dealt to parts. What judges those of a part is fitted to the tiles of the other parts: the statistics, and the law of
/// their tiles' scores, each scored by what its own part had no share in. A new image is judged by what judges the first part, so that its
/// score is one more of those that the images got, and its p-value counts images (CV+ of Barber et al. 2021, over images).
package struct TileFit: Sendable {
  /// What judges the images of each part; it has no references yet.
  private let parts: [Calibration]
  private let part: [Int: Int]

  /// - Parameters:
  ///   - tiles: of all images, some of each.
  ///   - images: for each tile the number of its image; images that show the same have one.
  /// - Throws: `CalibrationError` with too few images, or tiles that cannot determine a statistic.
  package init(
    evaluations: Int, tiles: [SurprisalEstimate], of images: [Int]
  ) throws(CalibrationError) {
    let distinct = Set(images)
    guard distinct.count >= Calibration.fewest else {
      throw .tooFewToFit(found: distinct.count, needed: Calibration.fewest)
    }
    let split = CrossFit(groups: images, folds: Calibration.folds)
    part = Dictionary(zip(images, split.fold)) { first, _ in first }
    let all = try Calibration(evaluations: evaluations, fitting: tiles)
    let fitted = try Self.inParallel(split.folds) { fold throws(CalibrationError) in
      try all.refitted(on: tiles.indices.filter { split.fold[$0] != fold }.map { tiles[$0] })
    }
    let names = all.candidates
    let scores = try Self.inParallel(split.folds) { fold throws(CalibrationError) in
      split.parts[fold].map { tile in names.map { fitted[fold].score(tiles[tile], by: $0) } }
    }
    var found = [[Double]](repeating: [], count: tiles.count)
    for (rows, own) in zip(split.parts, scores) {
      for (tile, scores) in zip(rows, own) { found[tile] = scores }
    }
    var parts: [Calibration] = []
    for fold in fitted.indices {
      let others = tiles.indices.filter { split.fold[$0] != fold }
      var laws: [StatisticName: TileLaw] = [:]
      for (k, name) in names.enumerated() {
        laws[name] = TileLaw(try ReferenceScores(others.map { found[$0][k] }))
      }
      parts.append(fitted[fold].with(tiles: TileLaws(laws)))
    }
    self.parts = parts
  }

  private static func inParallel<Element: Sendable>(
    _ count: Int, _ body: @Sendable (Int) throws(CalibrationError) -> Element
  ) throws(CalibrationError) -> [Element] {
    let found = Mutex([Result<Element, CalibrationError>?](repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: count) { index in
      let one = Result { () throws(CalibrationError) in try body(index) }
      found.withLock { $0[index] = one }
    }
    var all: [Element] = []
    for result in found.withLock({ $0 }) { if let result { all.append(try result.get()) } }
    return all
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
    let laws = parts[0].tiles?.laws ?? [:]
    // As a file keeps them.
    return parts[0].with(
      references: references, tiles: TileLaws(laws, bits: bits.map { Double(Float($0)) }.sorted()))
  }
}
