import Diffusion
import Foundation

/// Fitted statistics with their reference scores, for one number of evaluations.
///
/// **Many images** (2000 and more): every fourth fits the statistics, the others are the references. No image is both, so
/// p-values are exact.
///
/// **Fewer**: none is spared. All are references, cross-fitted: the score of each is by statistics fitted on the nine tenths
/// of the images that it is not in, and new images are judged by those fitted on one such nine tenths. P-values are then
/// exact but for what the tenths differ in (CV+ of Barber et al. 2021; rates over 200 splits in docs/detection.md).
///
/// **By tiles** (`TileFit`): statistics judge tiles, and what they say of all tiles of an image (`TileLaw`) is the image's score.
/// References, p-values and rates are of images.
public struct Calibration: Sendable {
  /// Evaluations an image; scores of another number are not comparable.
  public let evaluations: Int
  /// What its statistics judge by.
  package let kind: StatisticKind
  /// What an image's errors at each node are shown against.
  package let profile: ErrorProfile
  package let references: [StatisticName: ReferenceScores]
  /// Where images are judged by their tiles: the laws of these.
  package let tiles: TileLaws?
  /// The statistics, parts of others among them.
  private let statistics: [StatisticName: any Statistic]

  /// Of many images, one in so many fits the statistics; the others set the reference scores.
  static let fittingEvery = 4
  /// Images that are many enough to spare some for fitting alone.
  package static let many = 2000
  /// Parts of few images that take turns at being scored by what the others fit.
  static let folds = 10
  /// Images that it takes at least.
  public static let fewest = 9

  /// Whether the image at this place among many fits the statistics.
  package static func fits(_ index: Int) -> Bool { index % fittingEvery == 0 }

  /// - Parameter kind: nil for that of the evaluations.
  init(
    evaluations: Int, kind: StatisticKind? = nil, profile: ErrorProfile, whole: [any Statistic],
    references: [StatisticName: ReferenceScores], tiles: TileLaws? = nil
  ) {
    self.evaluations = evaluations
    self.kind = kind ?? StatisticKind(evaluations: evaluations)
    self.profile = profile
    self.references = references
    self.tiles = tiles
    statistics = Dictionary(
      uniqueKeysWithValues: whole.flatMap { [$0] + $0.fittedParts }.map { (type(of: $0).name, $0) })
  }

  /// Fits and sets references.
  /// - Parameters:
  ///   - estimates: of distinct images (`CopyGroups`): a copy among them would be judged by its own original.
  ///   - sensitivity: what statistics see of altered images, where that is known.
  /// - Throws: `CalibrationError`.
  package init(
    evaluations: Int, estimates: [SurprisalEstimate], knowing sensitivity: Sensitivity? = nil
  ) throws(CalibrationError) {
    guard estimates.count >= Self.fewest else {
      throw .tooFewToFit(found: estimates.count, needed: Self.fewest)
    }
    guard estimates.count < Self.many else {
      try self.init(
        evaluations: evaluations,
        fitting: GroupedEstimates(estimates.indices.filter(Self.fits).map { estimates[$0] }),
        references: estimates.indices.filter { !Self.fits($0) }.map { estimates[$0] },
        knowing: sensitivity)
      return
    }
    self = try Self.crossFitting(
      evaluations: evaluations, GroupedEstimates(estimates), knowing: sensitivity
    ).calibration
  }

  /// Few images, of which no two are the same. What judges new ones is fitted on as many as judged each of these.
  /// Near copies fit too (`CopyGroups.fitting`), none judged by what its like fitted.
  ///
  /// - Parameters:
  ///   - estimates: of images whose groups show the same each.
  ///   - references: places of those that are references, of each group one at most; nil for the first of each.
  /// - Returns: what judges, and the score of each image by what it had no part in.
  package static func crossFitting(
    evaluations: Int, _ estimates: GroupedEstimates, references: [Int]? = nil,
    knowing sensitivity: Sensitivity? = nil
  ) throws(CalibrationError) -> (calibration: Calibration, scores: [StatisticName: [Double]]) {
    let (fitted, scores) =
      StatisticKind(evaluations: evaluations) == .errors
      ? try refitting(evaluations: evaluations, estimates, knowing: sensitivity) : try looking(estimates)
    let places = references ?? estimates.representatives
    return (try fitted.with(references: scores.mapValues { scores in places.map { scores[$0] } }), scores)
  }

  private static func refitting(
    evaluations: Int, _ estimates: GroupedEstimates, knowing sensitivity: Sensitivity?
  ) throws(CalibrationError) -> (Calibration, [StatisticName: [Double]]) {
    var whole: [any Statistic] = []
    for type in StatisticRegistry.whole(.errors) where estimates.allSatisfy(type.canJudge) {
      whole.append(try type.begun(on: estimates, knowing: sensitivity))
    }
    let begun = Calibration(
      evaluations: evaluations, profile: ErrorProfile(fitting: Array(estimates)), whole: whole,
      references: [:])
    return try begun.refitted(estimates, by: CrossFit(inTurn: estimates.groups, folds: folds))
  }

  /// At one look: these statistics fit and score the parts in one go.
  private static func looking(
    _ estimates: GroupedEstimates
  ) throws(CalibrationError) -> (Calibration, [StatisticName: [Double]]) {
    let split = CrossFit(groups: estimates.groups, folds: folds)
    var whole: [any Statistic] = []
    var scores: [StatisticName: [Double]] = [:]
    for type in StatisticRegistry.whole(.appearance) where estimates.allSatisfy(type.canJudge) {
      let (statistic, own) = try StatisticRegistry.crossFitted(type, estimates, by: split)
      whole.append(statistic)
      scores[type.name] = own
      for part in type.parts {
        guard let part = StatisticRegistry.type(of: part) else { continue }
        scores[part.name] = try StatisticRegistry.crossFitted(part, estimates, by: split).1
      }
    }
    return (
      Calibration(
        evaluations: 0, profile: ErrorProfile(fitting: Array(estimates)), whole: whole, references: [:]),
      scores
    )
  }

  /// Fits on some images and takes others as references. P-values are exact whatever images fit, as long as none is a
  /// reference too.
  /// - Throws: `CalibrationError`.
  package init(
    evaluations: Int, fitting: GroupedEstimates, references held: [SurprisalEstimate],
    knowing sensitivity: Sensitivity? = nil
  ) throws(CalibrationError) {
    let fitted = try Calibration(evaluations: evaluations, fitting: fitting, knowing: sensitivity)
    self = try fitted.with(references: fitted.scores(held))
  }

  /// Scores of images by every statistic that was fitted, in their order.
  package func scores(_ estimates: [SurprisalEstimate]) -> [StatisticName: [Double]] {
    Dictionary(
      uniqueKeysWithValues: candidates.map { name in (name, estimates.map { score($0, by: name) }) })
  }

  /// The same statistics with these scores of images that they were not fitted on as references.
  /// - Throws: `CalibrationError` with none.
  package func with(references scores: [StatisticName: [Double]]) throws(CalibrationError) -> Calibration {
    var references: [StatisticName: ReferenceScores] = [:]
    for (name, scores) in scores { references[name] = try ReferenceScores(scores) }
    return with(references: references, tiles: nil)
  }

  /// The same statistics with other references.
  func with(
    references: [StatisticName: ReferenceScores] = [:], tiles: TileLaws?
  ) -> Calibration {
    Calibration(
      evaluations: evaluations, kind: kind, profile: profile, whole: whole, references: references,
      tiles: tiles)
  }

  /// Fitted statistics without references.
  /// - Parameters:
  ///   - kind: nil for that of the evaluations.
  ///   - omitted: statistics that are not fitted.
  package init(
    evaluations: Int, kind: StatisticKind? = nil, fitting: GroupedEstimates,
    knowing sensitivity: Sensitivity? = nil,
    omitting omitted: Set<StatisticName> = []
  ) throws(CalibrationError) {
    let kind = kind ?? StatisticKind(evaluations: evaluations)
    var whole: [any Statistic] = []
    for type in StatisticRegistry.whole(kind)
    where !omitted.contains(type.name) && fitting.allSatisfy(type.canJudge) {
      whole.append(try type.fitted(on: fitting, knowing: sensitivity))
    }
    self.init(
      evaluations: evaluations, kind: kind, profile: ErrorProfile(fitting: Array(fitting)), whole: whole,
      references: [:])
  }

  /// Scores of the images that the calibration was made of, each by statistics that it had no part in: what fresh images
  /// would score, where the fitted statistics themselves flatter the images they know.
  package func crossFitted(
    _ estimates: [SurprisalEstimate]
  ) throws(CalibrationError) -> [StatisticName: [Double]] {
    func by(_ folds: Int, _ some: [SurprisalEstimate]) throws(CalibrationError) -> [StatisticName: [Double]] {
      let rows = GroupedEstimates(some)
      return try refitted(rows, by: CrossFit(inTurn: rows.groups, folds: folds)).1
    }
    if estimates.count < Self.many { return try by(Self.folds, estimates) }
    let known = try by(2, estimates.indices.filter(Self.fits).map { estimates[$0] })
    var scores: [StatisticName: [Double]] = [:]
    for name in candidates {
      scores[name] = estimates.indices.map { index in
        Self.fits(index)
          ? known[name]?[index / Self.fittingEvery] ?? .nan : score(estimates[index], by: name)
      }
    }
    return scores
  }

  /// The same statistics fitted on all but the first part of some images, without references; and scores of all of them, each by what was
  /// fitted on the parts that it is not in.
  private func refitted(
    _ estimates: GroupedEstimates, by split: CrossFit
  ) throws(CalibrationError) -> (Calibration, [StatisticName: [Double]]) {
    var judging: [any Statistic] = []
    var all: [StatisticName: [Double]] = [:]
    for statistic in whole {
      let (own, scores) = try statistic.refitted(estimates, by: split)
      judging.append(own)
      // As a file keeps them.
      for (name, scores) in scores { all[name] = scores.map { Double(Float($0)) } }
    }
    return (
      Calibration(evaluations: evaluations, kind: kind, profile: profile, whole: judging, references: [:]),
      all
    )
  }

  /// The same statistics fitted on other images, without references.
  func refitted(on estimates: GroupedEstimates) throws(CalibrationError) -> Calibration {
    var refitted: [any Statistic] = []
    for statistic in whole { refitted.append(try statistic.refitted(on: estimates)) }
    return Calibration(
      evaluations: evaluations, kind: kind, profile: profile, whole: refitted, references: [:])
  }

  /// Statistics that were fitted.
  var candidates: [StatisticName] {
    StatisticRegistry.names(kind).filter { statistics[$0] != nil }
  }

  /// The statistics that there are references of, in the order in which they are listed.
  public var names: [StatisticName] { candidates.filter { references[$0] != nil } }

  /// What images are judged by unless asked otherwise. One look by what was taught to mark damage is a look for damage.
  public var standard: StatisticName {
    kind == .appearance && references[.damage] != nil ? .damage : StatisticRegistry.names(kind)[0]
  }

  /// The same, what images are judged by unless asked otherwise first.
  package var ranked: [StatisticName] { [standard] + names.filter { $0 != standard } }

  /// Images that set the reference scores.
  public var referenceCount: Int { references.values.map(\.count).max() ?? 0 }

  /// The statistics that are fitted and kept by themselves.
  package var whole: [any Statistic] { StatisticRegistry.whole(kind).compactMap { statistics[$0.name] } }

  /// The statistic of a name, as fitted; nil where the model was calibrated before it was thought of.
  package func statistic(_ name: StatisticName) -> (any Statistic)? { statistics[name] }

  /// What has to be observed of an image to judge it by a statistic.
  package static func observations(for name: StatisticName) -> [Observation] {
    StatisticRegistry.type(of: name)?.observations ?? []
  }

  /// What has to be observed of an image to judge it by every statistic.
  package static let allObservations = Array(Set(StatisticRegistry.all.flatMap { $0.observations }))

  /// Rounded to what a file keeps of reference scores, so that equal images tie.
  package func score(_ estimate: SurprisalEstimate, by name: StatisticName) -> Double {
    Double(Float(statistics[name]?.score(estimate) ?? .nan))
  }

  /// Of an image, by the scores of all its tiles and of the whole shrunk to one; rounded likewise.
  package func score(ofTiles scores: [Double], whole: Double, by name: StatisticName) -> Double {
    Double(Float(tiles?.score(of: scores, whole: whole, by: name) ?? .nan))
  }

  /// Of an image that was looked at whole: where images are judged by tiles, it is its only one.
  package func imageScore(_ estimate: SurprisalEstimate, by name: StatisticName) -> Double {
    let score = score(estimate, by: name)
    guard let tiles else { return score }
    return self.score(ofTiles: [score], whole: tiles.whole.score(estimate, by: name), by: name)
  }

  /// Bits per dimension of the references, where their bits are known.
  var referenceBits: [Double] { tiles?.bits ?? references[.surprisal]?.sorted ?? [] }

  package func pValue(_ score: Double, by statistic: StatisticName) -> Double {
    references[statistic]?.pValue(score) ?? 1
  }

  /// `ReferenceScores.tailPValue`; nil within the references' range.
  package func tailPValue(_ score: Double, by statistic: StatisticName) -> Double? {
    references[statistic]?.tailPValue(score)
  }

  /// What stands out in an image, in words: what the statistic has to say, or at which noise levels.
  package func words(
    _ estimate: SurprisalEstimate, by statistic: StatisticName, _ form: EstimateForm
  ) -> String {
    statistics[statistic]?.words(estimate, form)
      ?? Wording.levels(sigmas: form.sigmas, z: profile.standardised(estimate))
  }

  /// Whether there are references enough for a rate: n >= 1/fpr - 1, below which no score could be flagged.
  /// - Throws: `CalibrationError.invalidRate`, `.notCalibrated`, `.tooFewReferences`.
  package func require(rate: Double, for statistic: StatisticName) throws(CalibrationError) {
    guard rate > 0, rate < 1 else { throw .invalidRate(rate) }
    guard let found = references[statistic]?.count else { throw .notCalibrated(statistic) }
    // The least n with 1/(n+1) <= rate; the slack forgives 1/0.01 being a hair above 100.
    let needed = Int((1 / rate - 1 - 1e-9).rounded(.up))
    guard found >= needed else { throw .tooFewReferences(found: found, needed: needed, rate: rate) }
  }
}
