import Foundation
import Tensors

/// How one feature is distributed among ordinary images, and between which values most of them lie.
struct MeasureNull: Sendable, Equatable {
  let law: EmpiricalNull
  /// Values that 20, 21, ... 50 % of the images are at or beyond, on the low side and on the high side.
  private let low: [Double]
  private let high: [Double]
  /// Median, and standard deviations below and above it by the inner quartiles: for words.
  private let middle: [Double]

  /// Share of the images that may be in trouble.
  static let foreign = 0.2
  private static let shares = (20...50).map { Double($0) / 100 }

  /// - Parameters:
  ///   - values: one an image, finite.
  ///   - blur: standard deviation of what nobody minds.
  init(fitting values: [Double], side: EmpiricalNull.Side, blur: Double) {
    let sorted = values.sorted()
    // Values that are the same to the digit, or a few different ones, have no law until they are told apart this far only.
    var random = RandomSource(seed: 0)
    law = EmpiricalNull(
      fitting: zip(values, random.normal(values.count)).map { $0 + blur * Double($1) }, side: side,
      leastScale: blur / 2)
    low = Self.shares.map { sorted[Self.place($0, sorted.count)] }
    high = Self.shares.map { sorted[sorted.count - 1 - Self.place($0, sorted.count)] }
    let median = Quantile.of(sorted, 0.5)
    let half = Quantile.normalQuartiles / 2
    middle = [
      median, (median - Quantile.of(sorted, 0.25)) / half, (Quantile.of(sorted, 0.75) - median) / half,
    ]
  }

  /// Where, from one end, the value stands that such a share is at or beyond.
  private static func place(_ share: Double, _ count: Int) -> Int {
    max(Int((share * Double(count)).rounded(.up)) - 1, 0)
  }

  /// Probability of a value as odd among ordinary images. Where more are beyond it than may be in trouble, the rest of these are
  /// ordinary, whatever law is fitted: images that come in two kinds are both.
  func pValue(_ value: Double) -> Double {
    let shares =
      switch law.side {
      case .low: beyond(low) { $0 <= value }
      case .high: beyond(high) { $0 >= value }
      case .both: 2 * min(beyond(low) { $0 <= value }, beyond(high) { $0 >= value })
      }
    return min(max(law.pValue(value), shares), 1)
  }

  /// Share of the ordinary images at least that are as far out.
  private func beyond(_ quantiles: [Double], _ isBeyond: (Double) -> Bool) -> Double {
    guard let last = quantiles.lastIndex(where: isBeyond) else { return 0 }
    return (Self.shares[last] - Self.foreign) / (1 - Self.foreign)
  }

  /// Between which nine of ten ordinary values lie.
  var ordinary: (low: Double, high: Double) {
    (middle[0] - 1.645 * middle[1], middle[0] + 1.645 * middle[2])
  }

  var tensors: [String: [Double]] {
    law.tensors.merging(["beyond.low": low, "beyond.high": high, "middle": middle]) { $1 }
  }

  /// - Parameter tensor: a tensor by name, of a certain count where one is given.
  init(tensor: (String, Int?) throws -> [Double]) throws {
    law = try EmpiricalNull(tensor: tensor)
    low = try tensor("beyond.low", Self.shares.count)
    high = try tensor("beyond.high", Self.shares.count)
    middle = try tensor("middle", 3)
  }

  /// Whether it can judge: tensors of a file may hold anything.
  var isRegular: Bool { law.isRegular && (low + high + middle).allSatisfy(\.isFinite) }
}
