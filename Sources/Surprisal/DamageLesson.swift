import Detection
import Diffusion
import Files
import Images
import ScoreModel
import Tensors

/// What a network is to learn from that marks damage: images known to belong, which are damaged for it.
public struct DamageLesson {
  /// Images a step.
  public static let batch = DamageTrainer.batch
  static let purpose = "learn damage from"
  /// Side from which on `train` teaches it unless told otherwise: smaller images have too few places.
  public static let leastSide = 64
  /// Of each image that a denoiser of preset small is trained on, so many are seen; of others as many as cost the same share of the time.
  private static let share = 10.0
  /// What that costs beside the denoiser, by the clock at 64 pixels.
  private static let costOfShare = 0.5

  static let sizes =
    "damage is looked for in images of sides from 16 to 256 that are multiples of \(Damage.side): give --size"

  public let paths: [FilePath]
  /// Steps of `batch` images; nil for `steps(for:)`.
  public var steps: Int?
  /// Whether it goes where other statistics tell flaws of held-out images better (`Flaw`).
  public var isTried = true
  public var report: (Training.Event) -> Void = { _ in }

  public init(_ paths: [FilePath]) { self.paths = paths }

  /// Steps that bring what there is to be had (docs/detection.md, "Damage marked by place"): some five minutes of a core at 64 pixels a
  /// side, ten at 128.
  public static func steps(for shape: ImageShape) -> Int {
    shape.height * shape.width < 96 * 96 ? 16000 : 8000
  }

  /// As a part of the training of a network of some width: of no steps where there are to be none.
  init(_ budget: LessonBudget, _ training: TrainingOptions, _ architecture: Architecture) {
    self.init([])
    let shape = architecture.shape
    // A denoiser costs as the square of its width.
    let width = Double(architecture.width) / Double(Architecture.Preset.small.width)
    let seen = Self.share * width * width * Double(training.steps) * Double(training.batch)
    let planned = min(seen / Double(Self.batch), Double(Self.steps(for: shape)))
    steps = budget.kept ?? (Self.isTaught(shape) ? max(Int(planned), 1) : 0)
  }

  /// Whether a training teaches it unless told otherwise.
  static func isTaught(_ shape: ImageShape) -> Bool {
    Damage.takes(shape) && min(shape.height, shape.width) >= leastSide
  }

  /// Time that goes to it beside the denoiser's.
  static func shareOfTime(_ budget: LessonBudget, _ shape: ImageShape) -> Double {
    budget == .auto && isTaught(shape) ? costOfShare : 0
  }
}

extension Model {
  /// Learns to mark damage on images, but for those that show what one of `others` shows, which are to be references.
  /// - Throws: `SurprisalError.unsuitableSize` where the images are of no size that `Damage.takes`, `EngineError`.
  mutating func learnDamage(
    _ lesson: DamageLesson, from images: ImageBatch, besides others: ImageBatch, _ compute: Compute
  ) throws {
    guard Damage.takes(shape) else { throw SurprisalError.unsuitableSize(reason: DamageLesson.sizes) }
    let (own, distinct) = try images.apart(from: others, to: DamageLesson.purpose)
    _ = try learnDamage(
      lesson, from: own, heldOut: distinct, compute, shouldStop: { false }, report: lesson.report)
    learned.add(own, as: .trained)
  }

  /// Learns to mark damage, and keeps what was learned unless held-out images with flaws that it did not learn by are told better by another
  /// statistic of one look, by more than chance. With fewer than `Examination.fewest` to try it on it is kept untried.
  ///
  /// - Parameters:
  ///   - images: to learn from; none of `heldOut` among them.
  /// - Returns: false where `shouldStop` said so; the model is then as it was.
  mutating func learnDamage(
    _ lesson: DamageLesson, from images: ImageBatch, heldOut: ImageBatch, _ compute: Compute,
    shouldStop: () -> Bool, report: (Training.Event) -> Void
  ) throws -> Bool {
    Engine.threads = compute.threadCount
    let steps = lesson.steps ?? DamageLesson.steps(for: shape)
    var options = DamageTrainer.options(steps: steps)
    (options.seed, options.precision) = (facts.options.seed, compute.precision)
    let trainer = try DamageTrainer(
      damageNetwork, images: images, options: options, preconditioning: preconditioning)
    let began = Training.monotonicSeconds()
    while trainer.step < steps {
      _ = try trainer.advance()
      let pace = (Training.monotonicSeconds() - began) / Double(trainer.step)
      report(
        .learningDamage(
          step: trainer.step, of: steps, loss: trainer.smoothedLoss ?? .nan,
          secondsLeft: pace * Double(steps - trainer.step)))
      if shouldStop() { return false }
    }
    var taught = self
    taught.damageEyes = trainer.averaged
    if lesson.isTried, let trial = try taught.triedDamage(on: heldOut, compute) {
      report(
        .triedDamage(with: trial.with, without: trial.without, best: trial.best, isKept: trial.isKept))
      guard trial.isKept else { return true }
    }
    self = taught
    return true
  }

  /// AUROC of `damage` for flaws that nothing learned by, and of the best statistic of one look beside it; nil of too few images.
  private func triedDamage(
    on images: ImageBatch, _ compute: Compute
  ) throws -> (with: Double, without: Double, best: StatisticName, isKept: Bool)? {
    guard let examination = Examination(images, by: Flaw.allCases, seed: facts.options.seed) else {
      return nil
    }
    var others = try examination.sitting(by: Scorer(self, evaluations: 0, compute: compute)).placementsOfAll()
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }
    guard let own = others.removeValue(forKey: .damage),
      let best = others.max(by: { mean($0.value) < mean($1.value) })
    else { return nil }
    return (mean(own), mean(best.value), best.key, !PairedDifference(best.value, own).isPositive)
  }
}

extension DamageForm {
  init(of network: DamageNetwork) {
    self.init(
      rows: network.places.rows, columns: network.places.columns, features: DamageNetwork.features,
      middle: DamageNetwork.middleChannels)
  }
}
