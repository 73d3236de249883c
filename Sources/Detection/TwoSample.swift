import Foundation

/// Whether two samples of scores come from one distribution: Kolmogorov and Smirnov's test.
public struct TwoSample: Sendable {
  /// Largest distance of the two empirical distribution functions.
  public let distance: Double
  /// By permutation where a sample has 200 values or fewer; asymptotic with Stephens' correction (1970) otherwise.
  public let pValue: Double

  /// - Parameters: two samples, neither empty. What is no number counts as larger than every number.
  public init(_ a: [Double], _ b: [Double]) {
    let few = min(a.count, b.count)
    let pooled = Pooled(a, b)
    distance = pooled.distance
    if few <= Permutation.fewest {
      pValue = Permutation.pValue(
        drawing: few, of: a.count + b.count, observed: distance, rounding: 1e-12
      ) { places in
        places.sort()
        return pooled.distance(of: UnsafeBufferPointer(places))
      }
    } else {
      pValue = Self.asymptotic(distance, a.count, b.count)
    }
  }

  /// Kolmogorov's limit distribution.
  private static func asymptotic(_ distance: Double, _ a: Int, _ b: Int) -> Double {
    let n = (Double(a) * Double(b) / Double(a + b)).squareRoot()
    let lambda = (n + 0.12 + 0.11 / n) * distance
    // The series loses its digits where the distance is next to nothing.
    if lambda < 0.2 { return 1 }
    var sum = 0.0
    for k in 1...100 {
      let term = exp(-2 * Double(k * k) * lambda * lambda)
      sum += k % 2 == 1 ? term : -term
      if term < 1e-12 { break }
    }
    return min(max(2 * sum, 0), 1)
  }

  /// Both samples in ascending order, equal values together.
  private struct Pooled {
    /// For each place: the first place of its value, and the first after it.
    private let first: [Int32]
    private let after: [Int32]
    /// Places of the smaller sample, ascending.
    private let own: [Int32]

    init(_ a: [Double], _ b: [Double]) {
      let (few, many) = a.count <= b.count ? (a, b) : (b, a)
      let values = (few + many).map { $0.isNaN ? .infinity : $0 }
      let order = values.indices.sorted { values[$0] < values[$1] }
      own = order.indices.filter { order[$0] < few.count }.map { Int32($0) }
      var first = [Int32](repeating: 0, count: order.count)
      var after = first
      var start = 0
      while start < order.count {
        var end = start + 1
        while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
        for place in start..<end { (first[place], after[place]) = (Int32(start), Int32(end)) }
        start = end
      }
      (self.first, self.after) = (first, after)
    }

    var distance: Double { own.withUnsafeBufferPointer(distance(of:)) }

    /// Distance of the values at some places, ascending, from those at the others: it is largest at one of the former,
    /// just before or just after it.
    func distance(of places: UnsafeBufferPointer<Int32>) -> Double {
      let (few, many) = (Double(places.count), Double(first.count - places.count))
      var most = 0.0
      var start = 0
      while start < places.count {
        var end = start + 1
        while end < places.count, first[Int(places[end])] == first[Int(places[start])] { end += 1 }
        for (bound, below) in [(first, start), (after, end)] {
          let others = Double(Int(bound[Int(places[start])]) - below)
          most = max(most, abs(Double(below) / few - others / many))
        }
        start = end
      }
      return most
    }
  }
}
