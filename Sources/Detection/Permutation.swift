import Tensors

/// P-values of two samples' difference without a law of it: how often as many values, drawn from both samples together,
/// differ from the rest as much. Exact at every sample size where the samples are of one distribution (Fisher 1935).
enum Permutation {
  /// A smaller sample than this is too small for limit theorems in the tails that thresholds lie in.
  static let fewest = 200
  /// Draws at most.
  static let draws = 99_999
  /// Draws as extreme that suffice: the p-value is theirs over all so far, which is exact too (Besag and Clifford 1991).
  static let enough = 100

  /// - Parameters:
  ///   - few: values a draw takes.
  ///   - count: values there are.
  ///   - observed: the samples' own statistic.
  ///   - rounding: by which equal statistics may differ.
  ///   - statistic: of the values at these places; it may sort them.
  static func pValue(
    drawing few: Int, of count: Int, observed: Double, rounding: Double,
    _ statistic: (inout UnsafeMutableBufferPointer<Int32>) -> Double
  ) -> Double {
    var random = RandomSource(seed: 0x5045_524D)
    var order = (0..<Int32(count)).map { $0 }
    var drawn = [Int32](repeating: 0, count: few)
    let least = observed - rounding
    var extreme = 0
    for draw in 1...draws {
      for k in 0..<few {
        order.swapAt(k, Int.random(in: k..<count, using: &random))
        drawn[k] = order[k]
      }
      if drawn.withUnsafeMutableBufferPointer(statistic) >= least { extreme += 1 }
      if extreme == enough { return Double(enough) / Double(draw) }
    }
    return Double(1 + extreme) / Double(1 + draws)
  }
}
