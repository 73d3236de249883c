import Detection
import Diffusion
import Files
import Foundation
import Images
import ScoreModel
import Tensors

/// How eyes are taught: by which options, and for how many steps.
public struct EyeLesson: Sendable {
  /// Images a step.
  public static let batch = 64
  /// Of as many images as the denoiser is trained on, the eyes see so many.
  private static let share = 2.0 / 3
  /// Images that bring no more: some twenty minutes of a core at 28x28 pixels, preset small.
  private static let mostImages = 256_000

  /// Time that goes to eyes beside the denoiser's: an image on the way down costs 0.6 of one on the way down and up, by
  /// the multiply-adds that `Network` states.
  static func shareOfTime(_ budget: LessonBudget) -> Double { budget == .auto ? 0.6 * share : 0 }

  static let purpose = "learn eyes from"

  let options: TrainingOptions
  /// 0 where there are to be no eyes.
  let steps: Int

  /// - Parameter training: the denoiser's, whose seed, precision and mirroring these share.
  init(_ budget: LessonBudget, _ training: TrainingOptions) {
    var options = TrainingOptions()
    options.batch = Self.batch
    options.learningRate = 0.002
    options.warmup = 100
    (options.flips, options.seed, options.precision) = (training.flips, training.seed, training.precision)
    let seen = Self.share * Double(training.steps) * Double(training.batch)
    let planned = max(Int(min(seen, Double(Self.mostImages))) / Self.batch, 1)
    steps = budget.kept ?? planned
    options.steps = max(steps, 1)
    self.options = options
  }

  /// What eyes are to learn from that are taught by themselves, without a denoiser.
  public struct Images {
    public let paths: [FilePath]
    /// Steps of `batch` images.
    public var steps = EyeLesson.mostImages / EyeLesson.batch
    public var report: (Training.Event) -> Void = { _ in }

    public init(_ paths: [FilePath]) { self.paths = paths }
  }
}

extension Model {
  /// Learns eyes from images, but for those that show what one of `others` shows, on which they are tried.
  mutating func learnEyes(
    _ lesson: EyeLesson.Images, from images: ImageBatch, besides others: ImageBatch,
    _ budget: EvaluationBudget,
    _ compute: Compute
  ) throws {
    let (own, distinct) = try images.apart(from: others, to: EyeLesson.purpose)
    var options = facts.options
    options.precision = compute.precision
    // Where one look is fitted, they are tried beside as many evaluations as images get by default.
    let count = budget.count ?? 0
    _ = try learnEyes(
      EyeLesson(.steps(lesson.steps), options), from: own, heldOut: distinct,
      evaluations: count > 0 ? count : EvaluationBudget.standardCount, compute: compute,
      shouldStop: { false }, report: lesson.report)
    learned.add(own, as: .trained)
  }
}

extension ImageBatch {
  /// Those that show what none of `others` shows, and of the others one of each that show the same.
  /// - Parameter purpose: what for, where there are none.
  func apart(from others: ImageBatch, to purpose: String) throws -> (own: ImageBatch, others: ImageBatch) {
    let places = try places(apartFrom: others, to: purpose)
    return (self[places.own], others[places.others])
  }

  /// Places of those that show nothing that one of `others` shows, and of one of each of the others that show the same.
  /// - Throws: `SurprisalError.noReadableImages` where none is left.
  func places(
    apartFrom others: ImageBatch, to purpose: String
  ) throws -> (own: [Int], others: [Int]) {
    var all = others
    all.append(contentsOf: self)
    let copies = CopyGroups(of: all)
    let own = indices.filter { copies.first[others.count + $0] >= others.count }
    guard !own.isEmpty else { throw SurprisalError.noReadableImages(purpose: purpose) }
    return (own, copies.representatives.filter { $0 < others.count })
  }
}

extension Model {
  /// Learns to tell the images from altered ones, and keeps what was learned where it helps on images held out, altered in ways that it
  /// did not learn by (`Alteration.unknown`). With fewer than `Examination.fewest` to try it on, nothing is learned.
  ///
  /// The weights are those that told held-out images' alterations best, tried ten times on the way; three trials in a row that are
  /// no better end the lesson.
  ///
  /// - Parameters:
  ///   - images: to learn from; none of `heldOut` among them.
  ///   - evaluations: at which the statistics are that eyes have to add to.
  /// - Returns: false where `shouldStop` said so; the model is then as it was.
  /// - Throws: `EngineError`, `CalibrationError`.
  mutating func learnEyes(
    _ lesson: EyeLesson, from images: ImageBatch, heldOut: ImageBatch, evaluations: Int, compute: Compute,
    shouldStop: () -> Bool, report: (Training.Event) -> Void
  ) throws -> Bool {
    guard heldOut.count >= Examination.fewest else { return true }
    Engine.threads = compute.threadCount
    let trainer = try EyeTrainer(
      eyeNetwork, images: images, options: lesson.options, preconditioning: preconditioning,
      startingFrom: weights)
    let exam = EyeExam(heldOut, seed: lesson.options.seed)
    let every = max(lesson.steps / EyeExam.sittings, 1)
    var best: (loss: Double, weights: FrozenWeights)?
    var since = 0
    let began = Training.monotonicSeconds()
    while trainer.step < lesson.steps, since < EyeExam.patience {
      let loss = try trainer.advance()
      var heldOutLoss: Double?
      if trainer.step % every == 0 || trainer.step == lesson.steps {
        var candidate = self
        candidate.eyes = trainer.averaged
        let loss = try exam.loss(of: candidate, compute: compute)
        heldOutLoss = loss
        since += 1
        if loss < best?.loss ?? .infinity {
          best = (loss, trainer.averaged)
          since = 0
        }
      }
      let pace = (Training.monotonicSeconds() - began) / Double(trainer.step)
      report(
        .learningEyes(
          step: trainer.step, of: lesson.steps, loss: loss, heldOut: heldOutLoss,
          secondsLeft: pace * Double(lesson.steps - trainer.step)))
      if shouldStop() { return false }
    }
    guard let best else { return true }
    var taught = self
    taught.eyes = best.weights
    let (with, without) = try exam.worth(of: taught, evaluations: evaluations, compute: compute)
    let isKept = with > without
    report(.triedEyes(with: with, without: without, isKept: isKept))
    if isKept { self = taught }
    return true
  }
}

/// Held-out images that eyes are tried on.
struct EyeExam {
  /// Times that eyes in learning are tried.
  static let sittings = 10
  /// Trials that may bring nothing.
  static let patience = 3
  private static let most = 512

  private let images: ImageBatch
  private let seed: UInt64

  init(_ heldOut: ImageBatch, seed: UInt64) {
    images = heldOut.spread(Self.most)
    self.seed = seed
  }

  /// Mean of minus the natural logarithm of the probability of the way in which each image is altered.
  func loss(of model: Model, compute: Compute) throws -> Double {
    let kinds = model.eyeNetwork.alterations
    let seen = try Scorer(model, evaluations: 0, compute: compute).estimate(
      images.altered(seed: seed) { kinds[$0 % kinds.count] })
    let losses = seen.enumerated().map { index, estimate in
      -Double(estimate.appearance?.eyes?.logProbabilities[index % kinds.count] ?? -.infinity)
    }
    return losses.reduce(0, +) / Double(max(losses.count, 1))
  }

  /// AUROC of `combined` for images altered in ways unknown to the eyes, over all ways, with the eyes and without.
  func worth(
    of model: Model, evaluations: Int, compute: Compute
  ) throws -> (with: Double, without: Double) {
    guard let examination = Examination(images, by: Alteration.unknown, seed: seed) else { return (0, 0) }
    let scorer = try Scorer(model, evaluations: evaluations, compute: compute)
    let sitting = try examination.sitting(by: scorer)
    return (try sitting.combinedArea(), try sitting.combinedArea(\.withoutEyes))
  }
}

extension SurprisalEstimate {
  fileprivate var withoutEyes: SurprisalEstimate {
    var estimate = self
    estimate.appearance = appearance.map {
      Appearance(image: $0.image, activations: $0.activations, damage: $0.damage, measures: $0.measures)
    }
    return estimate
  }
}
