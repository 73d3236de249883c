import Foundation

/// How one feature is distributed among ordinary images: normal on either side of the median, as wide as the inner
/// quartiles say, which few images in trouble do not move.
struct MeasureNull: Sendable, Equatable {
  private let center: Double
  /// Standard deviation below and above the center.
  private let below: Double
  private let above: Double

  /// - Parameter leastScale: of the standard deviations.
  init(fitting values: [Double], leastScale: Double) {
    let sorted = values.sorted()
    func quantile(_ share: Double) -> Double {
      let place = share * Double(sorted.count - 1)
      let low = Int(place)
      let high = min(low + 1, sorted.count - 1)
      return sorted[low] + (place - Double(low)) * (sorted[high] - sorted[low])
    }
    center = quantile(0.5)
    below = max((center - quantile(0.25)) / Self.quartile, leastScale)
    above = max((quantile(0.75) - center) / Self.quartile, leastScale)
  }

  /// Of the standard normal distribution.
  private static let quartile = 0.674489750196082

  func probability(below value: Double) -> Double { 0.5 * erfc(-z(value) / 2.0.squareRoot()) }
  func probability(above value: Double) -> Double { 0.5 * erfc(z(value) / 2.0.squareRoot()) }

  private func z(_ value: Double) -> Double { (value - center) / (value < center ? below : above) }

  /// Between which nine of ten ordinary values lie.
  var low: Double { center - 1.645 * below }
  var high: Double { center + 1.645 * above }

  static let count = 3
  var values: [Double] { [center, below, above] }

  /// - Returns: nil for values of no distribution.
  init?(_ values: [Double]) {
    guard values.count == Self.count, values.allSatisfy(\.isFinite), values[1] > 0, values[2] > 0 else {
      return nil
    }
    (center, below, above) = (values[0], values[1], values[2])
  }
}
