import Tensors

/// Adam (Kingma and Ba 2015) with decoupled weight decay (Loshchilov and Hutter 2019), gradient clipping by global
/// norm, and an exponential moving average of the weights.
struct Adam {
  static let beta1: Float = 0.9
  static let beta2: Float = 0.99
  static let epsilon: Float = 1e-8

  var first: [Float]
  var second: [Float]
  var average: [Float]

  init(start values: [Float]) {
    first = Array(repeating: 0, count: values.count)
    second = first
    average = values
  }

  /// One update.
  ///
  /// - Parameters:
  ///   - step: counted from 1.
  ///   - clip: gradients of larger norm are scaled down to it.
  ///   - averaging: share of the old average that stays.
  /// - Returns: the gradient's norm before clipping; nothing is changed when it is not finite.
  mutating func update(
    _ parameters: Parameters, step: Int, rate: Float, decay: Float, clip: Float, averaging: Float
  ) -> Float {
    parameters.withGradients { gradients in
      let norm = Float(Self.squareLength(gradients).squareRoot())
      guard norm.isFinite else { return norm }
      let scale = min(1, clip / max(norm, 1e-12))
      var power1: Float = 1
      var power2: Float = 1
      // Beyond some thousand steps both powers are zero in float32.
      for _ in 0..<min(step, 20_000) {
        power1 *= Self.beta1
        power2 *= Self.beta2
      }
      let rate1 = rate / (1 - power1)
      let correction2 = 1 / (1 - power2)
      parameters.withValues { values in
        first.withUnsafeMutableBufferPointer { first in
          second.withUnsafeMutableBufferPointer { second in
            average.withUnsafeMutableBufferPointer { average in
              ThreadTeam.run(values.count) { range in
                for i in range {
                  let g = gradients[i] * scale
                  first[i] = Self.beta1 * first[i] + (1 - Self.beta1) * g
                  second[i] = Self.beta2 * second[i] + (1 - Self.beta2) * g * g
                  let change = first[i] / ((second[i] * correction2).squareRoot() + Self.epsilon)
                  values[i] -= rate1 * change + rate * decay * values[i]
                  average[i] = averaging * average[i] + (1 - averaging) * values[i]
                }
              }
            }
          }
        }
      }
      return norm
    }
  }

  /// Sum of squares, in blocks of a fixed length: the same to the last bit on any number of threads.
  private static func squareLength(_ values: UnsafeMutableBufferPointer<Float>) -> Double {
    let block = 4096
    let sums = [Double](unsafeUninitializedCapacity: (values.count + block - 1) / block) { sums, filled in
      filled = sums.count
      ThreadTeam.run(sums.count) { range in
        for index in range {
          var square = SIMD8<Double>.zero
          // In bounds: tensors are padded to 16 values, and so is their buffer.
          for i in stride(from: index * block, to: min((index + 1) * block, values.count), by: 8) {
            let v = SIMD8<Double>(
              UnsafeRawPointer(values.baseAddress! + i).loadUnaligned(as: SIMD8<Float>.self))
            square += v * v
          }
          sums[index] = square.sum()
        }
      }
    }
    return sums.reduce(0, +)
  }
}
