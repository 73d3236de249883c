import Foundation
import Tensors

/// How a network is trained. Everything that decides the weights, apart from the images and the machine.
public struct TrainingOptions: Codable, Sendable, Hashable {
  public var batch = 32
  public var steps = 2000
  /// Peak learning rate: reached linearly over the warm-up, then a half cosine to zero.
  public var learningRate: Float = 0.0015
  public var warmup = 200
  public var weightDecay: Float = 0.01
  public var averaging: Float = 0.999
  public var clip: Float = 1
  /// Whether images are mirrored left to right at random.
  public var flips = false
  public var seed: UInt64 = 1
  public var precision = Precision.fastest.rawValue

  public init() {}

  /// Learning rate of a step counted from 0.
  func rate(at step: Int) -> Float {
    let warm = min(warmup, max(steps / 10, 1))
    if step < warm { return learningRate * Float(step + 1) / Float(warm) }
    let progress = Float(step - warm) / Float(max(steps - warm, 1))
    return learningRate * 0.5 * (1 + cos(Float.pi * min(progress, 1)))
  }
}
