import Foundation

/// The law of a number over the ordinary images of a folder, estimated from all of its images of which some may not
/// belong: p-values that go on where ranks end, so that a folder can judge itself.
///
/// The rank of an image among n never says less than 1/n, and no rank passes Benjamini and Hochberg's step in its own
/// folder unless as many images do as the level times their number. Here the ordinary images' law is fitted
/// (`TailLaw`), from the middle outwards, and a p-value is the mean probability over the laws that so few scores leave
/// possible: fewer images, larger p-values far out.
package struct EmpiricalNull: Sendable, Equatable {
  /// Which numbers are odd.
  package enum Side: Double, Sendable {
    case high = 0
    case low = 1
    case both = 2
  }

  package let side: Side
  /// Of the numbers as they are, where high ones are odd.
  let upper: TailLaw?
  /// Of the numbers with their sign turned, where low ones are odd.
  let lower: TailLaw?

  /// Numbers it takes at least.
  package static let fewest = 8
  /// The p-value of what is no number.
  package static let smallest = Double.leastNormalMagnitude

  /// - Parameters:
  ///   - numbers: an image each; those that are not finite take no part.
  ///   - side: which numbers are odd.
  ///   - leastScale: the ordinary ones' standard deviation is at least this: what nobody would call a difference, in units
  ///     of the number. Where most images are the same to the digit, it is all that a difference is measured by.
  package init(fitting numbers: [Double], side: Side = .high, leastScale: Double = 1e-9) {
    self.side = side
    let sorted = numbers.filter(\.isFinite).sorted()
    guard sorted.count >= Self.fewest else {
      upper = nil
      lower = nil
      return
    }
    let least = max(leastScale, 1e-30)
    upper = side == .low ? nil : TailLaw(fitting: sorted, least: least)
    lower = side == .high ? nil : TailLaw(fitting: sorted.reversed().map { -$0 }, least: least)
  }

  /// Probability that an ordinary image's number is as odd. 1 where there were too few to fit.
  package func pValue(_ number: Double) -> Double {
    guard !number.isNaN else { return Self.smallest }
    switch side {
    case .high: return upper.map { Self.above($0, number) } ?? 1
    case .low: return lower.map { Self.above($0, -number) } ?? 1
    case .both:
      guard let upper, let lower else { return 1 }
      return min(1, 2 * min(Self.above(upper, number), Self.above(lower, -number)))
    }
  }

  package func pValues(_ numbers: [Double]) -> [Double] { numbers.map(pValue) }

  private static func above(_ law: TailLaw, _ number: Double) -> Double {
    max(smallest, law.probability(above: number))
  }

  /// Estimated share of the images that are ordinary.
  package var ordinaryShare: Double { max(0, 1 - (upper?.foreign ?? 0) - (lower?.foreign ?? 0)) }

  package var tensors: [String: [Double]] {
    var all = ["side": [side.rawValue]]
    if let upper { all["upper"] = upper.values }
    if let lower { all["lower"] = lower.values }
    return all
  }

  /// - Parameter tensor: a tensor by name, of a certain count where one is given.
  package init(tensor: (String, Int?) throws -> [Double]) throws {
    let side = Side(rawValue: try tensor("side", 1)[0]) ?? .both
    self.side = side
    upper = side == .low ? nil : TailLaw(values: try tensor("upper", TailLaw.count))
    lower = side == .high ? nil : TailLaw(values: try tensor("lower", TailLaw.count))
  }

  /// Whether it can judge: tensors of a file may hold anything.
  package var isRegular: Bool { upper?.isRegular != false && lower?.isRegular != false }
}
