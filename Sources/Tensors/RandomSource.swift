import Foundation

/// A seeded stream of random numbers: xoshiro256** started by SplitMix64 (Blackman and Vigna 2018).
///
/// The same seed and stream give the same numbers on every machine; streams of one seed are independent, so
/// each purpose (weights, batches, noise of one node) takes its own and none shifts another.
package struct RandomSource: RandomNumberGenerator, Sendable {
  private(set) var state: (UInt64, UInt64, UInt64, UInt64)

  init(state: (UInt64, UInt64, UInt64, UInt64)) { self.state = state }

  package init(seed: UInt64, stream: UInt64 = 0) {
    var mixer = seed &+ stream &* 0xD1B5_4A32_D192_ED03
    func next() -> UInt64 {
      mixer &+= 0x9E37_79B9_7F4A_7C15
      var z = mixer
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    state = (next(), next(), next(), next())
  }

  package mutating func next() -> UInt64 {
    let result = Self.rotate(state.1 &* 5, 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = Self.rotate(state.3, 45)
    return result
  }

  private static func rotate(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }

  /// Uniform in [0, 1) with 53 random bits.
  package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Fills `target` with independent standard normal values (Box and Muller 1958).
  package mutating func fillNormal(_ target: UnsafeMutableBufferPointer<Float>) {
    var i = 0
    while i < target.count {
      let radius = (-2 * log(1 - uniform())).squareRoot()
      let angle = 2 * Double.pi * uniform()
      target[i] = Float(radius * cos(angle))
      if i + 1 < target.count { target[i + 1] = Float(radius * sin(angle)) }
      i += 2
    }
  }

  /// `count` independent standard normal values.
  package mutating func normal(_ count: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      let target = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
      fillNormal(target)
      filled = count
    }
  }
}
