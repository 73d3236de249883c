import Foundation
import Tensors

/// How a network is trained. Everything that decides the weights, apart from the images and the machine.
public struct TrainingOptions: Codable, Sendable, Hashable {
  /// Images a step, 1 to 4096.
  public var batch = 32
  /// 1 to a thousand million.
  public var steps = 2000
  /// Peak learning rate, above 0 and at most 0.1: reached linearly over the warm-up, then a half cosine to zero.
  public var learningRate: Float = 0.0015
  /// Steps, from 0 on.
  public var warmup = 200
  /// Share of a weight that a step at learning rate 1 would take off, 0 to 1.
  public var weightDecay: Float = 0.01
  /// Share of the averaged weights that a step leaves, 0 to 1.
  public var averaging: Float = 0.999
  /// Gradients of larger norm are scaled down to it; above 0.
  public var clip: Float = 1
  /// Whether images are mirrored left to right at random.
  public var flips = false
  public var seed: UInt64 = 1
  public var precision = Precision.fastest

  public init() {}

  /// Why nothing can be learned so, or nil when it can.
  public var refusal: String? {
    func whole(_ name: String, _ value: Int, _ range: ClosedRange<Int>) -> String? {
      range.contains(value)
        ? nil : "\(name) \(value): must be from \(range.lowerBound) to \(range.upperBound)"
    }
    func share(_ name: String, _ value: Float) -> String? {
      (0...1).contains(value) ? nil : "\(name) \(value): must be from 0 to 1"
    }
    // A step changes each weight by about the learning rate, and weights start at some 0.1.
    let rate = learningRate > 0 && learningRate <= Self.highestRate
    return whole("batch", batch, 1...4096) ?? whole("steps", steps, 1...Self.mostSteps)
      ?? (rate ? nil : "learning rate \(learningRate): must be above 0 and at most \(Self.highestRate)")
      ?? whole("warm-up", warmup, 0...Self.mostSteps) ?? share("weight decay", weightDecay)
      ?? share("averaging", averaging)
      ?? (clip > 0 && clip.isFinite ? nil : "clip \(clip): must be a finite number above 0")
  }

  /// Step and batch then count images without overflow, and seeds of steps are their own.
  public static let mostSteps = 1_000_000_000
  static let highestRate: Float = 0.1

  /// Learning rate of a step counted from 0.
  func rate(at step: Int) -> Float {
    let warm = min(warmup, max(steps / 10, 1))
    if step < warm { return learningRate * Float(step + 1) / Float(warm) }
    let progress = Float(step - warm) / Float(max(steps - warm, 1))
    return learningRate * 0.5 * (1 + cos(Float.pi * min(progress, 1)))
  }
}

extension TrainingOptions {
  private enum CodingKeys: String, CodingKey {
    case batch, steps, learningRate, warmup, weightDecay, averaging, clip, flips, seed, precision
  }

  /// - Throws: `DecodingError`, where `refusal` says why among others.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    batch = try values.decode(Int.self, forKey: .batch)
    steps = try values.decode(Int.self, forKey: .steps)
    learningRate = try values.decode(Float.self, forKey: .learningRate)
    warmup = try values.decode(Int.self, forKey: .warmup)
    weightDecay = try values.decode(Float.self, forKey: .weightDecay)
    averaging = try values.decode(Float.self, forKey: .averaging)
    clip = try values.decode(Float.self, forKey: .clip)
    flips = try values.decode(Bool.self, forKey: .flips)
    seed = try values.decode(UInt64.self, forKey: .seed)
    let name = try values.decode(String.self, forKey: .precision)
    let known = Precision(rawValue: name)
    let all = Precision.allCases.map(\.rawValue).joined(separator: ", ")
    try decoder.refuse(known == nil ? "precision \(quoted(name)): must be one of \(all)" : nil)
    precision = known ?? .float32
    try decoder.refuse(refusal)
  }
}
