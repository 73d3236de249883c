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

  public let paths: [FilePath]
  /// Steps of `batch` images.
  public var steps = 4000
  public var report: (Training.Event) -> Void = { _ in }

  public init(_ paths: [FilePath]) { self.paths = paths }
}

extension Model {
  /// Learns to mark damage on images, but for those that show what one of `others` shows, which are to be references.
  /// - Throws: `SurprisalError.unsuitableSize` where the images are of no size that `Damage.takes`, `EngineError`.
  mutating func learnDamage(
    _ lesson: DamageLesson, from images: ImageBatch, besides others: ImageBatch, _ compute: Compute
  ) throws {
    guard Damage.takes(shape) else {
      throw SurprisalError.unsuitableSize(
        reason:
          "damage is looked for in images of sides from 16 to 256 that are multiples of \(Damage.side): give --size"
      )
    }
    let own = try images.apart(from: others, to: DamageLesson.purpose).own
    Engine.threads = compute.threadCount
    var options = DamageTrainer.options(steps: lesson.steps)
    (options.seed, options.precision) = (facts.options.seed, compute.precision)
    let trainer = try DamageTrainer(
      damageNetwork, images: own, options: options, preconditioning: preconditioning)
    let began = Training.monotonicSeconds()
    while trainer.step < lesson.steps {
      _ = try trainer.advance()
      let pace = (Training.monotonicSeconds() - began) / Double(trainer.step)
      lesson.report(
        .learningDamage(
          step: trainer.step, of: lesson.steps, loss: trainer.smoothedLoss ?? .nan,
          secondsLeft: pace * Double(lesson.steps - trainer.step)))
    }
    damageEyes = trainer.averaged
    learned.add(own, as: .trained)
  }
}

extension DamageForm {
  init(of network: DamageNetwork) {
    self.init(
      rows: network.places.rows, columns: network.places.columns, features: DamageNetwork.features,
      middle: DamageNetwork.middleChannels)
  }
}
