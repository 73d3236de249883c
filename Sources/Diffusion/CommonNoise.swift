import Tensors

/// The Gaussian noise of an estimate: one draw for each node and replicate, the same for every image.
///
/// Common noise makes scores of different images, batches and runs comparable; draws of different nodes and
/// replicates are independent.
public struct CommonNoise: Codable, Sendable, Hashable {
  public let seed: UInt64

  public init(seed: UInt64 = 0) { self.seed = seed }

  /// eps of one node and replicate, `[count]`.
  func draw(node: Int, replicate: Int, count: Int) -> [Float] {
    var random = RandomSource(
      seed: seed, stream: 0x4E4F_4445 &+ UInt64(node) << 32 &+ UInt64(replicate) << 48)
    return random.normal(count)
  }
}
