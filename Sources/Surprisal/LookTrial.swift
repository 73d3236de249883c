import Detection
import Images
import ScoreModel
import Tensors

extension Model {
  /// Looks at images as the network did that training began from, kept beside, unless the trained one tells held-out images from altered ones
  /// better, by more than chance: training on few images makes a network forget what else it saw, which no alteration of theirs shows
  /// (docs/folders.md, "Whether training is worth it"). With fewer than `Examination.fewest` to try it on the trained one looks.
  ///
  /// - Parameters:
  ///   - start: of this model's architecture.
  ///   - told: AUROC of `activations` by the trained network and by the other, and whether that is kept.
  /// - Throws: `EngineError`, `CalibrationError`.
  mutating func chooseLook(
    beside start: FrozenWeights, _ images: TrainingImages, _ compute: Compute,
    told: (_ trained: Double, _ begun: Double, _ isKept: Bool) -> Void
  ) throws {
    let isLarge = DamageLesson.isTaught(shape)
    guard
      let examination = Examination(
        images.validation, by: isLarge ? Flaw.allCases : nil, seed: facts.options.seed)
    else { return }
    let fits = images.training.spread(Training.mostFitted)
    func placements(_ model: Model) throws -> [Double] {
      let scorer = try Scorer(
        model, evaluations: 0, observing: Calibration.observations(for: .activations), compute: compute)
      let sitting = try examination.sitting(by: scorer, fittedOn: scorer.estimate(fits))
      return try sitting.placementsOfAll()[.activations] ?? []
    }
    var other = self
    other.looking = try FrozenWeights(Network(architecture).downSpecs) { start.read($0) }
    let (trained, begun) = (try placements(self), try placements(other))
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }
    let isKept = !PairedDifference(trained, begun).isPositive
    told(mean(trained), mean(begun), isKept)
    if isKept { self = other }
  }
}
