import Diffusion
import Images

/// When held-out images are scored on the way, and how many: what a tenth of training's arithmetic pays for, by counts and
/// never by the clock, so that a run repeats.
///
/// The last step is always validated, on 32 images or all, however short the training.
struct ValidationPlan: Equatable {
  /// Evenly spread over those held out, and each time the same.
  let images: Int
  /// Steps between one checkpoint and the next.
  let every: Int
  /// Of these places one in so many is validated.
  private let stride: Int
  private let steps: Int

  /// Share of training's arithmetic.
  static let share = 0.1
  /// Nodes of the integral, one draw of noise each: the rule of 16 evaluations, at half the cost. Its chance is common to all
  /// validations.
  static let evaluations = 8
  /// Evaluations that one image of a training step stands for: forward and twice as much backward.
  private static let costOfStep = 3
  private static let fewest = 32
  private static let most = 256
  /// However many are asked for.
  private static let mostValidations = 1000

  /// - Parameters:
  ///   - batch: images a step.
  ///   - validations: asked for.
  ///   - heldOut: images there are.
  ///   - scoresStart: whether there is a validation before the first step too.
  init(steps: Int, batch: Int, validations: Int, heldOut: Int, scoresStart: Bool) {
    self.steps = steps
    every = max(steps / validations, 1)
    let places = (steps + every - 1) / every
    // Images scored in all validations together.
    let affordable = Int(
      Self.share * Double(Self.costOfStep) * Double(batch) * Double(steps) / Double(Self.evaluations))
    let fewest = max(min(heldOut, Self.fewest), 1)
    let extra = scoresStart ? 1 : 0
    let wanted = max(min(places, affordable / fewest - extra, Self.mostValidations), 1)
    stride = (places + wanted - 1) / wanted
    let count = (places + stride - 1) / stride + extra
    images = min(max(affordable / count, fewest), max(min(heldOut, Self.most), 1))
  }

  /// Whether a checkpoint is kept after a step.
  func isPlace(_ step: Int) -> Bool { step == steps || step % every == 0 }

  func isValidated(_ step: Int) -> Bool { step == steps || step % (every * stride) == 0 }
}

/// Scores the same held-out images, on the same noise, under network after network.
struct Validator {
  private let images: ImageBatch
  private let compute: Compute

  init(_ heldOut: ImageBatch, plan: ValidationPlan, compute: Compute) {
    images = heldOut.spread(plan.images)
    self.compute = compute
  }

  var count: Int { images.count }

  /// Bits/dim of each image, by the formula as it stands: a network on its way has no survey.
  func bits(under model: Model) throws -> [Double] {
    let formula = LogProbability(
      range: model.range, quadrature: model.quadrature(nodes: ValidationPlan.evaluations), replicates: 1,
      noise: model.noise, moments: model.moments)
    let pool = NetworkPool(model, precision: compute.precision, engine: try compute.engine())
    return try pool.map(images.count) { try formula.estimate(images[$0], under: $1.denoiser()) }
      .map(\.bitsPerDim)
  }
}
